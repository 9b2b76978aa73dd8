"""Balanced accuracy: accuracy within each true class, averaged over the classes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import by_group, mean_of_defined, ratio


def weigh(target_N: NDArray[Any], probability_NC: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean recall over the classes that a resample holds.

    Unknown labels (-1) are one more true class, with recall 0: nothing can predict it.
    Source: Brodersen et al. 2010, ICPR, eq. 1, for any number of classes.

    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]], np.float32)
    >>> weigh(np.array([0, 0, 1]), p, np.ones((1, 3)))
    array([0.5])
    """
    groups = probability_NC.shape[1] + 1
    right_N = probability_NC.argmax(axis=1) == target_N
    total_BC = by_group(weight_BN, target_N + 1, groups)
    right_BC = by_group(weight_BN[:, right_N], target_N[right_N] + 1, groups)
    return mean_of_defined(ratio(right_BC, total_BC))


balanced_accuracy = register(
    Metric("balanced_accuracy", "balanced accuracy", "higher", (0.0, 1.0), (Task.BINARY, Task.MULTICLASS), weigh)
)
