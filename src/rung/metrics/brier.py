"""Brier score: how far probabilities are from what happened."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import mean_by_row


def weigh(target: NDArray[Any], probability_NC: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean squared distance between each row's probabilities and its one-hot truth.

    b_n = sum_c (p_nc - [y_n = c])^2. target: (N,) classes, where an unknown label (-1) is one more class, that had
    probability 0; or (N, L) uint8 labels, where a row's distance is the mean of its labels' (each of two classes).
    Source: Brier 1950, Monthly Weather Review 78(1), eq. 2.

    >>> weigh(np.array([1, 0]), np.array([[0.0, 1.0], [0.5, 0.5]], np.float32), np.eye(2))
    array([0. , 0.5])
    """
    if target.ndim == 2:
        return mean_by_row(2 * np.square(probability_NC.astype(np.float64) - target).mean(axis=1), weight_BN)
    square_N = np.einsum("nc,nc->n", probability_NC, probability_NC, dtype=np.float64)
    truth_N = probability_NC[np.arange(len(target)), target].astype(np.float64)
    truth_N[target < 0] = 0.0
    return mean_by_row(square_N - 2 * truth_N + 1, weight_BN)


brier = register(
    Metric("brier", "Brier score", "lower", (0.0, 2.0), (Task.BINARY, Task.MULTICLASS, Task.MULTILABEL), weigh)
)
