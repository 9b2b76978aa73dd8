"""Label-ranking average precision: how far a row's true labels stand above its false ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.extras import need
from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import mean_by_row


def weigh(target_NL: NDArray[Any], probability_NL: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over rows of the mean, over a row's true labels, of true labels at or above / all labels at or above.

    Rows where no label or every label is true score 1: any ranking is right.
    Source: Tsoumakas, Katakis and Vlahavas 2010, Data Mining and Knowledge Discovery Handbook, ch. 34.3.

    >>> p = np.array([[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]], np.float32)
    >>> weigh(np.array([[1, 0, 0], [0, 0, 1]], np.uint8), p, np.ones((1, 2))).round(3)
    array([0.417])
    """
    true_NL = target_NL > 0
    count_N = true_NL.sum(axis=1)
    cost_NL = -probability_NL.astype(np.float64)
    rankdata = need("scipy.stats").rankdata  # half a second to import, for label sets alone
    rank_NL = rankdata(cost_NL, method="max", axis=1)
    among_true_NL = rankdata(np.where(true_NL, cost_NL, np.inf), method="max", axis=1)
    sum_N = np.where(true_NL, among_true_NL / rank_NL, 0.0).sum(axis=1)
    value_N = np.where((count_N == 0) | (count_N == true_NL.shape[1]), 1.0, sum_N / np.maximum(count_N, 1))
    return mean_by_row(value_N, weight_BN)


lrap = register(Metric("lrap", "label-ranking average precision", "higher", (0.0, 1.0), (Task.MULTILABEL,), weigh))
