"""Content hashes of whole tables and splits: the same rows in any order, from any file format, hash alike."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import polars as pl

from rung.core.rng import digest
from rung.core.types import Plan

NOTHING = "\x00"


def cells(series: pl.Series) -> list[str]:
    """Each value as one unambiguous string, the same on any machine and polars; null is distinct from "".

    >>> cells(pl.Series([1.0, None])) == cells(pl.Series([1, None]))
    True
    """
    kind = series.dtype
    if kind == pl.String:
        words = series
    elif kind.is_float() or kind.is_decimal():
        numbers = series.cast(pl.Float64)
        words = pl.Series([None if value is None else _number(value) for value in numbers.to_list()], dtype=pl.String)
    elif kind.is_integer() or kind == pl.Boolean:
        words = series.cast(pl.String)
    elif kind in (pl.Date, pl.Datetime):
        words = series.cast(pl.Datetime("us")).dt.epoch("us").cast(pl.String)
    else:
        words = pl.Series([None if value is None else repr(value) for value in series.to_list()], dtype=pl.String)
    filled: list[str] = words.fill_null(NOTHING).to_list()
    return filled


def row_hashes(columns: Sequence[Sequence[str]]) -> list[bytes]:
    """One 128-bit hash a row, over the cells of all columns."""
    if len(columns) == 1:
        return [digest(cell) for cell in columns[0]]
    return [digest(*row) for row in zip(*columns, strict=True)]


def fingerprint(frame: pl.DataFrame) -> str:
    """SHA-256 over column names and rows; the order of rows and of columns does not matter, repetition does.

    >>> table = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    >>> fingerprint(table) == fingerprint(table.reverse().select("b", "a"))
    True
    """
    names = sorted(frame.columns)
    state = sha256(digest(*names))
    for row in sorted(row_hashes([cells(frame[name]) for name in names])):
        state.update(row)
    return state.hexdigest()


def split_hash(pool: Sequence[bytes], test: Sequence[bytes], plan: Plan) -> str:
    """SHA-256 over which content is pool, which test, and which pool rows judge in which fold; order-free.

    pool, test: content keys of the rows. plan: indices into `pool`.
    """
    places: list[list[str]] = [[] for _ in pool]
    for number, fold in enumerate(plan.folds):
        for row in np.asarray(fold.validation).tolist():
            places[row].append(str(number))
    lines = [digest("pool", key, ",".join(place)) for key, place in zip(pool, places, strict=True)]
    state = sha256()
    for line in sorted(lines + [digest("test", key) for key in test]):
        state.update(line)
    return state.hexdigest()


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
