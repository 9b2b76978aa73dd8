"""Spearman's rank correlation: how well the prediction puts the rows in order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import blocks, ratio
from rung.metrics.ranking import Sorted, by_score


def centred_ranks(ranks: Sorted, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Midrank of each sorted row in each resample, less the mean rank. weight_BN is in sorted order."""
    total_BG = ranks.totals(weight_BN)
    rank_BG = np.cumsum(total_BG, axis=1)
    middle_B = rank_BG[:, -1:] / 2
    rank_BG -= middle_B
    rank_BG -= total_BG / 2
    return rank_BG.take(ranks.run, axis=1) if ranks.ties else rank_BG


def weigh(target_N: NDArray[Any], value_N1: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's correlation of midranks, ranked anew in each resample.

    0 where either side is constant: no order was shown.
    Source: Spearman 1904, American Journal of Psychology 15(1).

    >>> weigh(np.array([1.0, 2.0, 3.0]), np.array([[0.1], [0.9], [0.5]], np.float32), np.ones((1, 3)))
    array([0.5])
    """
    truth, said = by_score(target_N), by_score(value_N1[:, 0])
    position_N = np.empty_like(truth.order)
    position_N[truth.order] = np.arange(len(target_N))
    hop_N = position_N[said.order]
    correlation_B = np.empty(len(weight_BN))
    for rows in blocks(weight_BN):
        weight_bN = weight_BN[rows].take(truth.order, axis=1)
        truth_bN = centred_ranks(truth, weight_bN)
        said_bN = np.empty_like(truth_bN)
        said_bN[:, hop_N] = centred_ranks(said, weight_bN.take(hop_N, axis=1))
        share_bN = weight_bN * truth_bN
        both_b = np.einsum("bn,bn->b", share_bN, said_bN)
        truth_b = np.einsum("bn,bn->b", share_bN, truth_bN)
        said_b = np.einsum("bn,bn,bn->b", weight_bN, said_bN, said_bN)
        correlation_B[rows] = ratio(both_b, np.sqrt(truth_b * said_b), otherwise=0.0)
    return correlation_B


spearman = register(Metric("spearman", "Spearman rank correlation", "higher", (-1.0, 1.0), (Task.REGRESSION,), weigh))
