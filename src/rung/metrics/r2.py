"""R squared: the share of the target's variance that the prediction explains."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register


def weigh(target_N: NDArray[Any], value_N1: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - sum_n w_n (y_n - f_n)^2 / sum_n w_n (y_n - mean y)^2.

    Where a resample's target is constant: 1 if every row is exact, else 0 (as scikit-learn).
    Source: Wright 1921, Journal of Agricultural Research 20.

    >>> weigh(np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0], [2.0]], np.float32), np.ones((1, 3)))
    array([0.5])
    """
    error_N = (target_N - value_N1[:, 0].astype(np.float64)) ** 2
    centred_N = target_N - target_N.mean()
    moment_BK = weight_BN @ np.stack([error_N, centred_N, centred_N**2], axis=1)
    error_B, sum_B, square_B = moment_BK.T
    spread_B = square_B - sum_B**2 / weight_BN.sum(axis=1)
    constant_B = spread_B <= 1e-13 * square_B  # what cancellation leaves of a zero
    explained_B = 1 - error_B / np.where(constant_B, 1.0, spread_B)
    return np.where(constant_B, np.where(error_B == 0, 1.0, 0.0), explained_B)


r2 = register(Metric("r2", "R squared", "higher", (-float("inf"), 1.0), (Task.REGRESSION,), weigh))
