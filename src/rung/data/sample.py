"""Some rows that stand for all of them."""

from collections.abc import Sequence

import numpy as np

from rung.core.types import Ints, Target
from rung.data.strata import sort_units

SURE = 5  # units of a stratum that come before any other's sixth: enough for one in each of five folds


def sample(target: Target, keys: Sequence[bytes], cluster: Ints, *, most: int, seed: int) -> Ints:
    """Sorted indices of at most `most` of N rows (all where they are no more), by content and seed alone.

    Stratified by class, label or target quantile, each with about its share, but small ones with five units where
    there is room. Units stay whole; where they are so large that fewer than five fit, all rows are the sample.
    keys, cluster: from unit_keys.

    >>> from rung.core.types import Task
    >>> target = Target(Task.BINARY, np.arange(100) % 10 // 9, ("most", "few"))
    >>> rows = sample(target, [bytes([i]) for i in range(100)], np.arange(100), most=50, seed=0)
    >>> len(rows), int(target.value[rows].sum())
    (50, 5)
    """
    if len(target) <= most:
        return np.arange(len(target), dtype=np.int64)
    units = sort_units(target, keys, cluster)
    order = units.order(seed, "sample")
    size_of = np.bincount(units.stratum)
    seen = np.zeros(len(size_of), dtype=np.int64)
    place_U = np.zeros(len(units), dtype=np.int64)
    for unit in order.tolist():
        place_U[unit] = seen[units.stratum[unit]]
        seen[units.stratum[unit]] += 1
    share_U = (place_U + 0.5) / size_of[units.stratum]
    chosen, taken = np.zeros(len(units), dtype=np.bool_), 0
    for unit in order[np.lexsort((share_U[order], place_U[order] >= SURE))].tolist():
        if taken + units.size[unit] <= most:
            chosen[unit], taken = True, taken + units.size[unit]
    if chosen.sum() < min(SURE, len(units)):
        return np.arange(len(target), dtype=np.int64)
    return np.flatnonzero(chosen[units.unit]).astype(np.int64)
