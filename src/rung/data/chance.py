"""Whether rows of a table that are equal may be so by chance."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from rung.core.types import TABLE_FEATURES, Column, Ints, Role
from rung.data.copies import codes
from rung.data.numbers import to_numbers

MOST = 3  # columns that are multiplied: of many that go together, chance would be taken for far too small
LEVELS = 8  # that a column is cut into to see whether another one goes with it


def pairs_by_chance(distinct: pl.DataFrame, columns: Sequence[Column], rows: int) -> float:
    """How many pairs of so many rows would be equal if they drew each cell from those that there are, at most.

    distinct: those of the rows that differ. Goes by the three columns that tell rows apart best and do not go with one
    another: P(equal) = product over columns of the sum over values of p squared (Simpson's index). A number that has
    another value in each row is taken to have no others, so the truth is mostly far below.
    Source: Simpson 1949, Measurement of diversity, Nature 163.

    >>> draw = np.random.default_rng(0)
    >>> numbers = pl.DataFrame({name: draw.normal(size=500) for name in "abc"})
    >>> few = pl.DataFrame({name: draw.integers(4, size=500) for name in "abc"}).unique()
    >>> pairs_by_chance(numbers, [Column(name, Role.NUMBER) for name in "abc"], 500) < 0.01
    True
    >>> pairs_by_chance(few, [Column(name, Role.NUMBER) for name in "abc"], 500) > 20
    True
    """
    looked = [_values(distinct[column.name], column.role) for column in columns if column.role in TABLE_FEATURES]
    shares = sorted(((_simpson(value_N), at) for at, value_N in enumerate(looked)), key=lambda each: each)
    chosen: list[Ints] = []
    expected = rows * (rows - 1) / 2
    for share, at in shares:
        level_N = _levels(looked[at])
        if len(chosen) < MOST and all(_apart(level_N, other_N) for other_N in chosen):
            chosen.append(level_N)
            expected *= share
    return expected


def _values(series: pl.Series, role: Role) -> Ints:
    """Numbers of the values, in their order where they have one."""
    if role is Role.NUMBER:
        series = to_numbers(series)
    if role is Role.CATEGORY:
        return codes(series)
    return (series.rank("dense").cast(pl.Int64) - 1).fill_null(-1).to_numpy()


def _simpson(value_N: Ints) -> float:
    return float(np.square(np.unique(value_N, return_counts=True)[1] / max(1, len(value_N))).sum())


def _levels(value_N: Ints) -> Ints:
    """Eighths of the values in their order, where there are more than eight."""
    number, place = np.unique(value_N, return_inverse=True)
    return np.asarray(place * LEVELS // max(LEVELS, len(number)), np.int64)


def _apart(one_N: Ints, other_N: Ints) -> bool:
    """Whether knowing one leaves the other open: twice as many pairs occur as each has levels."""
    many = max(len(np.unique(one_N)), len(np.unique(other_N)))
    return len(np.unique(one_N * LEVELS + other_N)) >= 2 * many
