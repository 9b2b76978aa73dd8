"""Macro F1: the harmonic mean of precision and recall within each class or label, averaged over them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import by_group, mean_of_defined, ratio


def weigh(target: NDArray[Any], probability_NC: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over classes of 2 TP / (2 TP + FP + FN), over the classes that are true or predicted somewhere.

    target: (N,) classes, where unknown labels (-1) are one more true class with F1 0; or (N, L) uint8 labels,
    predicted where their probability is at least 0.5. Labels neither true nor predicted in a resample are left
    out of its mean (scikit-learn: zero_division=nan).
    Source: Sokolova and Lapalme 2009, Information Processing and Management 45(4), table 3.

    >>> p = np.array([[0.9, 0.1], [0.8, 0.2]], np.float32)
    >>> weigh(np.array([0, 1]), p, np.ones((1, 2))).round(3)
    array([0.333])
    """
    if target.ndim == 2:
        true_NC = target.astype(np.float64)
        said_NC = (probability_NC >= 0.5).astype(np.float64)
        hit_BC = weight_BN @ (true_NC * said_NC)
        sum_BC = weight_BN @ (true_NC + said_NC)
    else:
        groups = probability_NC.shape[1] + 1
        said_N = probability_NC.argmax(axis=1)
        right_N = said_N == target
        hit_BC = by_group(weight_BN[:, right_N], target[right_N] + 1, groups)
        sum_BC = by_group(weight_BN, target + 1, groups) + by_group(weight_BN, said_N + 1, groups)
    return mean_of_defined(ratio(2 * hit_BC, sum_BC))


macro_f1 = register(
    Metric("macro_f1", "macro F1", "higher", (0.0, 1.0), (Task.BINARY, Task.MULTICLASS, Task.MULTILABEL), weigh)
)
