"""Which values stand apart from the others of their own set."""

import numpy as np
from numpy.typing import NDArray

APART = 4.0  # robust standard deviations
FEWEST = 20  # values that make a set
TO_SIGMA = 1.4826  # a normal's standard deviation over its median absolute deviation


def below(values: NDArray[np.float64], among: NDArray[np.bool_], drop: float) -> NDArray[np.bool_]:
    """(N,) which values lie `drop` under the median of those `among`, and four robust standard deviations as well.

    Source: Iglewicz and Hoaglin 1993, How to detect and handle outliers, for the median absolute deviation.

    >>> below(np.array([5.0] * 20 + [4.9, 1.0]), np.ones(22, bool), 0.5).nonzero()[0].tolist()
    [21]
    """
    usual = values[among]
    if len(usual) < FEWEST:
        return np.zeros(len(values), np.bool_)
    middle = np.median(usual)
    spread = TO_SIGMA * np.median(np.abs(usual - middle))
    return np.asarray(values < middle - max(drop, APART * spread))
