"""Table columns as trees like them: numbers as they are, categories by number, nothing filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.bundle.table import DAY
from rung.core.types import Floats

MOST_CODES = 1000  # values of a category that have a number of their own; the rarest share what unknown ones get


@dataclass(frozen=True)
class Codes:
    """Numbers and days as they are, NaN where missing; a category's number, NaN where it is missing or unknown.

    A datetime becomes days since 1970, month, day of the month, weekday and hour. categories: column -> known values.
    """

    numbers: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    datetimes: tuple[str, ...]

    def apply(self, table: pl.DataFrame) -> Floats:
        """(N, F) float32: the categories first, then numbers, then five columns a datetime."""
        parts = [_codes(table[name], known) for name, known in self.categories.items()]
        parts += [table[name].cast(pl.Float64).to_numpy() for name in self.numbers]
        parts += [part for name in self.datetimes for part in _calendar(table[name])]
        found = np.stack(parts, axis=1) if parts else np.zeros((len(table), 0))
        return np.where(np.isfinite(found), found, np.nan).astype(np.float32)

    @property
    def categorical(self) -> tuple[int, ...]:
        """Which features are numbers of categories, not quantities."""
        return tuple(range(len(self.categories)))

    def meta(self) -> dict[str, Any]:
        """What JSON keeps."""
        return {"numbers": self.numbers, "categories": self.categories, "datetimes": self.datetimes}

    @staticmethod
    def from_meta(meta: Mapping[str, Any]) -> "Codes":
        """What `meta` was taken from."""
        categories = {name: tuple(known) for name, known in meta["categories"].items()}
        return Codes(tuple(meta["numbers"]), categories, tuple(meta["datetimes"]))


def fit_codes(table: pl.DataFrame) -> Codes:
    """The values of categories that these training rows know, the most frequent first.

    >>> codes = fit_codes(pl.DataFrame({"colour": ["red", "blue", "red"], "size": [1.0, None, 3.0]}))
    >>> codes.apply(pl.DataFrame({"colour": ["blue", "green"], "size": [None, 2.0]})).tolist()
    [[1.0, nan], [nan, 2.0]]
    """
    numbers, datetimes, categories = [], [], {}
    for name, kind in table.schema.items():
        if kind.is_numeric():
            numbers.append(name)
        elif kind.is_temporal():
            datetimes.append(name)
        else:
            counts = table[name].drop_nulls().cast(pl.String).value_counts(name="times")
            counts = counts.sort(["times", name], descending=[True, False])
            categories[name] = tuple(counts[name][:MOST_CODES].to_list())
    return Codes(tuple(numbers), categories, tuple(datetimes))


def _codes(values: pl.Series, known: tuple[str, ...]) -> NDArray[np.float64]:
    place = {value: float(i) for i, value in enumerate(known)}
    return np.array([place.get(value, np.nan) for value in values.cast(pl.String).to_list()], np.float64)


def _calendar(values: pl.Series) -> list[NDArray[np.float64]]:
    when = values.cast(pl.Datetime("us"))
    days = when.dt.timestamp("us").cast(pl.Float64) / DAY
    turns = (when.dt.month(), when.dt.day(), when.dt.weekday(), when.dt.hour())
    return [part.cast(pl.Float64).to_numpy() for part in (days, *turns)]
