"""Accuracy: the share of rows whose most probable class is the true one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import mean_by_row


def weigh(target_N: NDArray[Any], probability_NC: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """sum_n w_n [y_n = argmax_c p_nc] / sum_n w_n, for each resample. An unknown label (-1) is never right.

    >>> weigh(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]], np.float32), np.array([[1.0, 1.0], [2.0, 0.0]]))
    array([0.5, 1. ])
    """
    return mean_by_row(probability_NC.argmax(axis=1) == target_N, weight_BN)


accuracy = register(
    Metric("accuracy", "accuracy", "higher", (0.0, 1.0), (Task.BINARY, Task.MULTICLASS), weigh, proportion=True)
)
