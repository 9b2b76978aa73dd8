"""Mean absolute error, in the target's unit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import mean_by_row


def weigh(target_N: NDArray[Any], value_N1: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of |y_n - f_n|.

    >>> weigh(np.array([0.0, 0.0]), np.array([[1.0], [-3.0]], np.float32), np.ones((1, 2)))
    array([2.])
    """
    return mean_by_row(np.abs(target_N - value_N1[:, 0].astype(np.float64)), weight_BN)


mae = register(Metric("mae", "mean absolute error", "lower", (0.0, float("inf")), (Task.REGRESSION,), weigh))
