"""Root mean squared error, in the target's unit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import mean_by_row


def weigh(target_N: NDArray[Any], value_N1: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """sqrt(mean of (y_n - f_n)^2): large errors weigh most.

    >>> weigh(np.array([0.0, 0.0]), np.array([[3.0], [3.0]], np.float32), np.ones((1, 2)))
    array([3.])
    """
    result: NDArray[np.float64] = np.sqrt(mean_by_row((target_N - value_N1[:, 0].astype(np.float64)) ** 2, weight_BN))
    return result


rmse = register(Metric("rmse", "root mean squared error", "lower", (0.0, float("inf")), (Task.REGRESSION,), weigh))
