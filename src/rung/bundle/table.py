"""Numbers, categories and datetimes of a table as dense features, fitted on training rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.types import Floats

MOST_VALUES = 100
DAY = 86_400_000_000.0  # microseconds


@dataclass(frozen=True)
class TableEncoder:
    """How each table column becomes features.

    numbers: column -> (median, mean, standard deviation) of training rows; gives the standardised value (median
    where missing) and a missing flag. categories: column -> known values; gives one-hot, "other" last (missing is
    other). datetimes: column -> (mean, standard deviation) in days; gives the standardised day, sine and cosine of
    month and weekday, and a missing flag.
    """

    numbers: Mapping[str, tuple[float, float, float]]
    categories: Mapping[str, tuple[str, ...]]
    datetimes: Mapping[str, tuple[float, float]]

    def apply(self, table: pl.DataFrame) -> Floats:
        """(N, F) float32, finite; columns in the order of the three mappings."""
        parts = [self._number(table[name], *how) for name, how in self.numbers.items()]
        parts += [_one_hot(table[name], known) for name, known in self.categories.items()]
        parts += [_calendar(table[name], *how) for name, how in self.datetimes.items()]
        return np.concatenate(parts, axis=1).astype(np.float32) if parts else np.zeros((len(table), 0), np.float32)

    @staticmethod
    def _number(values: pl.Series, median: float, mean: float, spread: float) -> NDArray[np.float64]:
        raw = values.cast(pl.Float64).to_numpy()
        missing = ~np.isfinite(raw)
        scaled = (np.where(missing, median, raw) - mean) / spread
        return np.stack([np.clip(scaled, -10, 10), missing], axis=1)

    def meta(self) -> dict[str, Any]:
        """What JSON keeps."""
        return {"numbers": self.numbers, "categories": self.categories, "datetimes": self.datetimes}


def fit_table(table: pl.DataFrame) -> TableEncoder:
    """Medians, means and known values of these training rows alone.

    >>> fit_table(pl.DataFrame({"stars": [1.0, None, 3.0]})).numbers["stars"][0]
    2.0
    """
    numbers, categories, datetimes = {}, {}, {}
    for name, kind in table.schema.items():
        values = table[name].drop_nulls()
        if kind.is_numeric():
            raw = values.cast(pl.Float64).to_numpy()
            raw = raw[np.isfinite(raw)]
            known = raw if len(raw) else np.zeros(1)
            numbers[name] = (float(np.median(known)), float(known.mean()), float(known.std()) or 1.0)
        elif kind.is_temporal():
            days = values.cast(pl.Datetime("us")).dt.timestamp("us").to_numpy() / DAY
            days = days if len(days) else np.zeros(1)
            datetimes[name] = (float(days.mean()), float(days.std()) or 1.0)
        else:
            counts = values.cast(pl.String).value_counts().sort(["count", name], descending=[True, False])
            categories[name] = tuple(sorted(counts[name][:MOST_VALUES].to_list()))
    return TableEncoder(numbers, categories, datetimes)


def _one_hot(values: pl.Series, known: tuple[str, ...]) -> NDArray[np.float64]:
    place = {value: i for i, value in enumerate(known)}
    index = np.array([place.get(value, len(known)) for value in values.cast(pl.String).to_list()], dtype=np.int64)
    return np.eye(len(known) + 1)[index]


def _calendar(values: pl.Series, mean: float, spread: float) -> NDArray[np.float64]:
    when = values.cast(pl.Datetime("us"))
    missing = when.is_null().to_numpy()
    days = when.dt.timestamp("us").cast(pl.Float64).fill_null(mean * DAY).to_numpy() / DAY
    turns = [
        when.dt.month().cast(pl.Float64).fill_null(0).to_numpy() / 12,
        when.dt.weekday().cast(pl.Float64).fill_null(0).to_numpy() / 7,
    ]
    waves = [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
    return np.stack([np.clip((days - mean) / spread, -10, 10), *waves, missing], axis=1)
