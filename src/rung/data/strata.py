"""Units of rows sorted into strata, so that each side of a split looks like the whole."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rung.core.rng import digest
from rung.core.types import Ints, Target, Task
from rung.data.units import smallest_keys

MEASURABLE = 3  # a class with fewer rows trains, and is not measured


@dataclass(frozen=True)
class Units:
    """U units of N rows.

    unit: (N,) unit of each row. size, stratum: (U,). rare: (U,) True where the stratum is too small to measure.
    key: the smallest content hash in each unit.
    """

    unit: Ints
    size: Ints
    stratum: Ints
    rare: NDArray[np.bool_]
    key: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.size)

    def order(self, seed: int, *words: str) -> Ints:
        """(U,) units in an order that content and seed alone decide."""
        drawn = [digest(str(seed), *words, key) for key in self.key]
        return np.array(sorted(range(len(drawn)), key=drawn.__getitem__), dtype=np.int64)


def row_strata(target: Target) -> Ints:
    """(N,) stratum of each row: its class; its quantile bin (at most ten) for regression; its rarest label.

    >>> row_strata(Target(Task.REGRESSION, np.arange(20.0))).tolist()[::10]
    [0, 1]
    """
    if target.task is Task.REGRESSION:
        bins = min(10, max(1, len(target) // 10))
        edges = np.quantile(target.value, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf")
        return np.searchsorted(edges, target.value, side="left").astype(np.int64)
    if target.task is Task.MULTILABEL:
        count = target.value.sum(axis=0, dtype=np.int64)
        # Rows without a label are a stratum of their own, behind the labels.
        cost = np.where(target.value > 0, count, np.iinfo(np.int64).max)
        return np.where(target.value.any(axis=1), cost.argmin(axis=1), len(count)).astype(np.int64)
    return np.asarray(target.value, dtype=np.int64)


def sort_units(target: Target, keys: Sequence[bytes], cluster: Ints) -> Units:
    """Units with the stratum that most of their rows have (the more measurable, then the lower one, on a tie)."""
    _, unit = np.unique(cluster, return_inverse=True)
    unit = unit.astype(np.int64)
    strata = row_strata(target)
    strata = strata - strata.min(initial=0)
    rows = np.bincount(strata)
    pairs, count = np.unique(np.stack([unit, strata]), axis=1, return_counts=True)
    order = np.lexsort((pairs[1], rows[pairs[1]] < MEASURABLE, -count, pairs[0]))
    first = np.unique(pairs[0][order], return_index=True)[1]
    stratum = pairs[1][order][first]
    units = np.bincount(stratum, minlength=len(rows))
    # A class that lives in one unit can't be both learnt and judged: it is learnt.
    rare = (rows[stratum] < MEASURABLE) | (units[stratum] < 2)
    if (~rare).sum() < 2:
        rare = np.zeros(len(stratum), dtype=np.bool_)
    names = smallest_keys(unit, keys)
    return Units(unit, np.bincount(unit), stratum, rare, tuple(names[place] for place in range(len(names))))
