"""The target as columns of numbers: what transferability scores look for in embeddings."""

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Target, Task


def answers(target: Target) -> NDArray[np.float64]:
    """(N, K) float64: one 0/1 column a class or label, or one standardised column of a regression target.

    Columns that never vary on these rows are left out, because nothing can be told of them: K may be 0.

    >>> answers(Target(Task.MULTICLASS, np.array([0, 2, 2]), ("a", "b", "c"))).tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    """
    if target.task is Task.REGRESSION:
        value_N = np.asarray(target.value, np.float64)
        y_NK = ((value_N - value_N.mean()) / (value_N.std() or 1.0))[:, None]
    elif target.task is Task.MULTILABEL:
        y_NK = target.value.astype(np.float64)
    else:
        y_NK = (target.value[:, None] == np.arange(len(target.labels))).astype(np.float64)
    varied_NK: NDArray[np.float64] = y_NK[:, np.ptp(y_NK, axis=0) > 0]
    return varied_NK
