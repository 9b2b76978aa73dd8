"""Average precision: the area under the precision-recall curve, as a step function."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import blocks, ratio
from rung.metrics.ranking import by_score, positives

TINY = 1e-300  # 0 / TINY: nothing seen yet has precision 0


def weigh(target_N: NDArray[Any], probability_NC: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """sum_k (R_k - R_{k-1}) P_k over the distinct scores, highest first. NaN where a resample has no positive.

    Unknown labels (-1) count as negatives ranked above every positive.
    Source: Zhu 2004, Recall, Precision and Average Precision, Waterloo, eq. 2; scikit-learn's definition.

    >>> p = np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]], np.float32)
    >>> weigh(np.array([0, 0, 1, 1]), p, np.ones((1, 4))).round(3)
    array([0.833])
    """
    positive_N, score_N = positives(target_N, probability_NC)
    ranks = by_score(-score_N)
    positive_N = positive_N[ranks.order]
    area_B = np.empty(len(weight_BN))
    for rows in blocks(weight_BN):
        weight_bN = weight_BN[rows].take(ranks.order, axis=1)
        hit_bG = ranks.totals(weight_bN * positive_N)
        seen_bG = np.cumsum(ranks.totals(weight_bN), axis=1)
        precision_bG = np.cumsum(hit_bG, axis=1)
        precision_bG /= np.maximum(seen_bG, TINY, out=seen_bG)
        area_B[rows] = ratio(np.einsum("bg,bg->b", hit_bG, precision_bG), hit_bG.sum(axis=1))
    return area_B


average_precision = register(
    Metric("average_precision", "average precision", "higher", (0.0, 1.0), (Task.BINARY,), weigh)
)
