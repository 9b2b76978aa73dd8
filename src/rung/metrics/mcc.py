"""Matthews' correlation coefficient: agreement of prediction and truth beyond chance."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import by_group, ratio


def weigh(target_N: NDArray[Any], probability_NC: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """(c s - sum_k t_k p_k) / sqrt((s^2 - sum_k p_k^2) (s^2 - sum_k t_k^2)), 0 where the root is 0.

    s: rows, c: rows right, t_k and p_k: rows that truly are, or are said to be, of class k. Unknown labels (-1)
    are one more true class that is never predicted.
    Source: Gorodkin 2004, Computational Biology and Chemistry 28(5), eq. 8 (two classes: Matthews 1975).

    >>> p = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    >>> weigh(np.array([0, 1]), p, np.ones((1, 2)))
    array([1.])
    """
    groups = probability_NC.shape[1] + 1
    said_N = probability_NC.argmax(axis=1)
    rows_B = weight_BN.sum(axis=1)
    right_B = weight_BN @ (said_N == target_N).astype(np.float64)
    true_BC = by_group(weight_BN, target_N + 1, groups)
    said_BC = by_group(weight_BN, said_N + 1, groups)
    spread_B = (rows_B**2 - (said_BC**2).sum(axis=1)) * (rows_B**2 - (true_BC**2).sum(axis=1))
    return ratio(right_B * rows_B - (true_BC * said_BC).sum(axis=1), np.sqrt(spread_B), otherwise=0.0)


mcc = register(Metric("mcc", "Matthews correlation", "higher", (-1.0, 1.0), (Task.BINARY,), weigh))
