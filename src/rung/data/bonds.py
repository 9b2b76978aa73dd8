"""Rows that agree in a key, tied to those they are truly like: near-linear, whatever the keys are."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rung.core.rng import generator
from rung.core.types import Floats, Ints

Hashes = NDArray[np.uint64]
Alike = Callable[[Ints, Ints], NDArray[np.bool_]]
TABLES = 48  # of signs
WINDOW = 3  # neighbours in a bucket that each member is compared with, beside the bucket's first
MOST_REFUSED = 2_000_000  # pairs remembered, so that the next key does not bring them up again
AT_ONCE = 500_000  # pairs compared in one go
MIX, ROUNDS = 0x9E3779B97F4A7C15, ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def mixed(values: NDArray[Any], seed: int = 0) -> Hashes:
    """Each value as 64 well-mixed bits. Source: Steele, Lea and Flood 2014, SplitMix, figure 16.

    >>> int(mixed(np.array([1]))[0]) != int(mixed(np.array([1]), 1)[0])
    True
    """
    x = np.asarray(values).astype(np.uint64) + np.uint64((seed + 1) * MIX & 0xFFFFFFFFFFFFFFFF)
    for shift, factor in ROUNDS:
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)


class Bonds:
    """Which of `count` things are tied, directly or through others; and the pairs (first, second) that tie them."""

    def __init__(self, count: int) -> None:
        """Tie nothing yet."""
        self.label = np.arange(count)
        self.first = self.second = np.zeros(0, np.int64)
        self._refused = np.zeros(0, np.int64)

    def tie(self, first: Ints, second: Ints) -> None:
        """Tie each of `first` to the one of `second` in its place."""
        if not len(first):
            return
        self.first, self.second = np.concatenate([self.first, first]), np.concatenate([self.second, second])
        count = len(self.label)
        joined = coo_array((np.ones(len(first), np.int8), (self.label[first], self.label[second])), shape=(count,) * 2)
        self.label = connected_components(joined, directed=False)[1][self.label].astype(np.int64)

    def within(self, key: Hashes, row: Ints, alike: Alike) -> None:
        """Compare rows that have a key in common and tie those that are alike.

        key, row: (K,) sorted by key; in what order a bucket's rows stand decides who is compared: each with the first
        and with the next three, so that the work grows with the rows and not with a bucket's square.
        """
        same = key[1:] == key[:-1]
        if not same.any():
            return
        start = np.concatenate([[0], np.flatnonzero(~same) + 1])
        size = np.diff(np.concatenate([start, [len(key)]]))
        first = np.repeat(start, size)
        inside = np.flatnonzero(np.repeat(size, size) > 1)
        for step in range(WINDOW + 1):
            other = inside - step if step else first[inside]
            kept = other >= first[inside] if step else inside - other > WINDOW
            self._compare(row[inside[kept]], row[other[kept]], alike)

    def by_signs(self, x_ND: Floats, alike: Alike) -> None:
        """Compare rows whose vectors lie on the same side of random planes: as many planes as make buckets of a few.

        Source: Charikar 2002, Similarity estimation techniques from rounding algorithms, section 3.
        """
        x_ND = x_ND - x_ND.mean(0)
        bits = max(2, int(np.log2(max(len(x_ND), 2))))
        for table in range(TABLES):
            plane_DB = generator(table, "planes").normal(size=(x_ND.shape[1], bits + 1)).astype(np.float32)
            side_NB = x_ND @ plane_DB
            key = ((side_NB[:, :-1] > 0) @ (np.uint64(1) << np.arange(bits, dtype=np.uint64))).astype(np.uint64)
            order = np.lexsort((side_NB[:, -1], key))
            self.within(key[order], order, alike)

    def _compare(self, first: Ints, second: Ints, alike: Alike) -> None:
        for begin in range(0, len(first), AT_ONCE):
            a, b = first[begin : begin + AT_ONCE], second[begin : begin + AT_ONCE]
            apart = self.label[a] != self.label[b]
            a, b = np.minimum(a, b)[apart], np.maximum(a, b)[apart]
            pair = np.sort(a.astype(np.int64) * len(self.label) + b)  # np.unique hashes since 2.3, many times slower
            pair = pair[np.diff(pair, prepend=-1) > 0]
            if len(self._refused):
                at = np.searchsorted(self._refused, pair).clip(max=len(self._refused) - 1)
                pair = pair[self._refused[at] != pair]
            a, b = pair // len(self.label), pair % len(self.label)
            if len(a):
                kept = alike(a, b)
                self.tie(a[kept], b[kept])
                if len(self._refused) < MOST_REFUSED:
                    self._refused = np.sort(np.concatenate([self._refused, pair[~kept]]), kind="stable")
