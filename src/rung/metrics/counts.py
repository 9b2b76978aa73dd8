"""Sums of resample counts by group, for many resamples at once: what confusion-based metrics are made of."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Ints

CELLS = 2_000_000  # 16 MB of float64: a few temporaries of a block stay in tens of megabytes


def by_group(weight_BN: NDArray[np.float64], group_N: Ints, groups: int) -> NDArray[np.float64]:
    """Total weight of each group in each resample.

    group_N: 0..groups-1; groups without rows get 0. Returns (B, groups).

    >>> by_group(np.array([[1.0, 2.0, 4.0]]), np.array([1, 0, 1]), 3)
    array([[2., 5., 0.]])
    """
    total_BG = np.zeros((len(weight_BN), groups))
    if len(group_N):
        order = np.argsort(group_N, kind="stable")
        present, start = np.unique(group_N[order], return_index=True)
        for rows in blocks(weight_BN):
            total_BG[rows, present] = np.add.reduceat(weight_BN[rows].take(order, axis=1), start, axis=1)
    return total_BG


def blocks(weight_BN: NDArray[np.float64]) -> Iterator[slice]:
    """Slices over the resamples, each of at most CELLS counts, so that temporaries stay small.

    >>> [(part.start, part.stop) for part in blocks(np.ones((3, CELLS)))]
    [(0, 1), (1, 2), (2, 3)]
    """
    step = max(1, CELLS // max(1, weight_BN.shape[1]))
    for start in range(0, len(weight_BN), step):
        yield slice(start, min(start + step, len(weight_BN)))


def mean_by_row(value_N: NDArray[np.float64], weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean of one value a row, in each resample.

    >>> mean_by_row(np.array([0.0, 1.0]), np.array([[1.0, 1.0], [2.0, 0.0]]))
    array([0.5, 0. ])
    """
    result: NDArray[np.float64] = (weight_BN @ value_N.astype(np.float64)) / weight_BN.sum(axis=1)
    return result


def ratio(above: NDArray[np.float64], below: NDArray[np.float64], *, otherwise: float = np.nan) -> NDArray[np.float64]:
    """Elementwise above / below, `otherwise` where below is 0.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0]), otherwise=0.0)
    array([0.5, 0. ])
    """
    result: NDArray[np.float64] = np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below > 0)
    return result


def mean_of_defined(value_BC: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over each row's values that are not NaN; NaN where none is.

    >>> mean_of_defined(np.array([[1.0, np.nan, 0.0]]))
    array([0.5])
    """
    known_BC = ~np.isnan(value_BC)
    return ratio(np.where(known_BC, value_BC, 0.0).sum(axis=1), known_BC.sum(axis=1).astype(np.float64))
