"""Whether rows that share a value are more alike than others: what makes a group leak."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rung.core.rng import generator
from rung.core.types import Floats, Ints

SAME = 1 - 1e-6  # cosine from which two rows are copies, which is another finding
SURE = 5.0  # deviations from chance
SHUFFLES = 200
LEAST = 50  # rows
MOST = 20_000  # rows whose labels are dealt anew: those of so many values, whole


@dataclass(frozen=True)
class Alike:
    """A share of rows, or of pairs, the share that chance would give, and how many deviations lie between."""

    share: float
    chance: float
    z: float

    def clear(self, more: float) -> bool:
        """Whether it is `more` of the way from chance to all, and no accident."""
        return self.z >= SURE and self.share - self.chance >= more * (1 - self.chance)


NOTHING = Alike(0.0, 0.0, 0.0)


def nearest(x_ND: Floats, value_N: Ints, label_N: Ints) -> Alike:
    """How often the nearest row of the same label has the same value, too. value_N: -1 where there is none.

    Where few rows have another of their label and value, the nearest row of any other label instead: either way the
    label is no reason to be alike. Chance: such a row drawn blindly. Copies, and rows of which no other has the value,
    are left out. N is a few thousand at most: all pairs are looked at.

    >>> x = np.array([[1, 0.1], [1, 0.2], [0.1, 1], [0.2, 1]] * 20, np.float32) + np.arange(80)[:, None] / 900
    >>> found = nearest(x.astype(np.float32), np.arange(80) % 4 // 2, np.zeros(80, np.int64))
    >>> found.share > 0.95, round(found.chance, 2)
    (True, 0.49)
    """
    x_ND = x_ND / np.maximum(np.linalg.norm(x_ND, axis=1, keepdims=True), 1e-12)
    within = _nearest(x_ND, value_N, label_N, same=True)
    return within if within is not NOTHING else _nearest(x_ND, value_N, label_N, same=False)


def _nearest(x_ND: Floats, value_N: Ints, label_N: Ints, *, same: bool) -> Alike:
    valued = value_N >= 0
    label_size, value_size, pair_size = (
        _size(keys_N, valued) for keys_N in (label_N, value_N, np.stack([label_N, value_N]))
    )
    mates_N = pair_size - 1 if same else value_size - pair_size
    others_N = label_size - 1 if same else valued.sum() - label_size
    looked = np.flatnonzero(valued & (mates_N >= 1) & (others_N > mates_N))
    if len(looked) < LEAST:
        return NOTHING
    near_NN = x_ND[looked] @ x_ND.T
    near_NN[((label_N[looked][:, None] == label_N[None]) != same) | (near_NN > SAME) | ~valued[None]] = -2
    best = near_NN.argmax(1)
    there = near_NN[np.arange(len(looked)), best] > -2
    looked, best = looked[there], best[there]
    if len(looked) < LEAST:
        return NOTHING
    chance_N = mates_N[looked] / others_N[looked]
    deviation = float(np.sqrt((chance_N * (1 - chance_N)).sum())) / len(looked)
    share, chance = float((value_N[best] == value_N[looked]).mean()), float(chance_N.mean())
    return Alike(share, chance, (share - chance) / max(deviation, 1e-12))


def _size(keys: Ints, valued: NDArray[np.bool_]) -> Ints:
    """(N,) how many rows with a value have the same key; keys: (N,) or (2, N)."""
    place = np.unique(keys, axis=-1, return_inverse=True)[1].ravel()
    return np.asarray(np.bincount(place, valued)[place], np.int64)


def agreeing(value_N: Ints, label_N: Ints) -> Alike:
    """How many pairs of rows with the same value have the same label, against labels dealt anew.

    >>> agreeing(np.arange(100) // 5, np.arange(100) // 5 % 2).share
    1.0
    """
    known = value_N >= 0
    value_N, label_N = (
        np.unique(value_N[known], return_inverse=True)[1],
        np.unique(label_N[known], return_inverse=True)[1],
    )
    pairs = _pairs(np.bincount(value_N)) if len(value_N) else 0.0
    if len(value_N) < LEAST or not pairs:
        return NOTHING
    draw, labels = generator(0, "agreeing"), int(label_N.max()) + 1

    def share(dealt_N: NDArray[np.int64]) -> float:
        return _pairs(np.unique(value_N * labels + dealt_N, return_counts=True)[1]) / pairs

    dealt = [share(draw.permutation(label_N)) for _ in range(SHUFFLES)]
    found, chance = share(label_N), float(np.mean(dealt))
    return Alike(found, chance, (found - chance) / max(float(np.std(dealt)), 1e-12))


def _whole(value_N: Ints) -> NDArray[np.bool_]:
    """(N,) rows with a value: of all values, or of some drawn by lot, each with all its rows."""
    if (value_N >= 0).sum() <= MOST:
        return value_N >= 0
    size_V = np.bincount(value_N[value_N >= 0])
    order = generator(0, "agreeing", "values").permutation(len(size_V))
    taken_V = np.zeros(len(size_V), np.bool_)
    taken_V[order[np.cumsum(size_V[order]) <= MOST]] = True
    return (value_N >= 0) & taken_V[np.maximum(value_N, 0)]


def _pairs(size: NDArray[np.int64]) -> float:
    return float((size * (size - 1.0)).sum())
