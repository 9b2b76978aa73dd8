"""Micro F1: the harmonic mean of precision and recall over all row-label pairs together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import ratio


def weigh(target_NL: NDArray[Any], probability_NL: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """2 TP / (2 TP + FP + FN), counted over rows and labels; a label is predicted at probability 0.5 or more.

    0 where nothing is true and nothing predicted.
    Source: Sokolova and Lapalme 2009, Information Processing and Management 45(4), table 3.

    >>> p = np.array([[0.9, 0.6], [0.1, 0.2]], np.float32)
    >>> weigh(np.array([[1, 0], [0, 1]], np.uint8), p, np.ones((1, 2)))
    array([0.5])
    """
    said_NL = probability_NL >= 0.5
    hit_N = (said_NL & (target_NL > 0)).sum(axis=1).astype(np.float64)
    sum_N = said_NL.sum(axis=1) + target_NL.sum(axis=1, dtype=np.float64)
    return ratio(2 * (weight_BN @ hit_N), weight_BN @ sum_N, otherwise=0.0)


micro_f1 = register(Metric("micro_f1", "micro F1", "higher", (0.0, 1.0), (Task.MULTILABEL,), weigh))
