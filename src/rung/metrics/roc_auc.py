"""Area under the ROC curve: the chance that a positive row is ranked above a negative one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import blocks, ratio
from rung.metrics.ranking import by_score, positives


def weigh(target_N: NDArray[Any], probability_NC: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(score of a positive > score of a negative) + half of P(equal). NaN where a resample holds one class only.

    Unknown labels (-1) count as negatives ranked above every positive.
    Source: Hanley and McNeil 1982, Radiology 143(1).

    >>> p = np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]], np.float32)
    >>> weigh(np.array([0, 0, 1, 1]), p, np.ones((1, 4)))
    array([0.75])
    """
    positive_N, score_N = positives(target_N, probability_NC)
    ranks = by_score(score_N)
    positive_N = positive_N[ranks.order]
    area_B = np.empty(len(weight_BN))
    for rows in blocks(weight_BN):
        weight_bN = weight_BN[rows].take(ranks.order, axis=1)
        hit_bG = ranks.totals(weight_bN * positive_N)
        miss_bG = ranks.totals(weight_bN) - hit_bG
        below_bG = np.cumsum(miss_bG, axis=1)
        negative_b = below_bG[:, -1].copy()
        miss_bG /= 2
        below_bG -= miss_bG
        pairs_b = hit_bG.sum(axis=1) * negative_b
        area_B[rows] = ratio(np.einsum("bg,bg->b", hit_bG, below_bG), pairs_b)
    return area_B


roc_auc = register(Metric("roc_auc", "area under the ROC curve", "higher", (0.0, 1.0), (Task.BINARY,), weigh))
