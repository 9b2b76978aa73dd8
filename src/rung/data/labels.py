"""Which task a target column asks for, and the names of its classes."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from rung.core.errors import BadTarget
from rung.core.types import LabelKind, Task
from rung.data.numbers import plain_numbers
from rung.data.words import as_words

FEW = 20


def known(series: pl.Series, task: Task | None = None, labels: tuple[str, ...] | None = None) -> pl.Series:
    """The target with one null for everything that is no label: null, blank strings, not-a-number among numbers.

    task, labels: what training took them for, where that is known; else the other rows say whether they are numbers.
    Raises BadTarget for dates, structures and bytes.
    """
    kind = series.dtype
    if kind in (pl.Categorical, pl.Enum):
        series = series.cast(pl.String)
    elif kind.is_float() or kind.is_decimal():
        series = series.cast(pl.Float64).fill_nan(None)
    elif kind.is_temporal() or isinstance(kind, pl.Struct) or kind in (pl.Binary, pl.Object):
        fix = "Turn it into labels or numbers."
        raise BadTarget(f"target {series.name!r}", wanted="labels, numbers or lists of labels", got=f"{kind}", fix=fix)
    if series.dtype == pl.String:
        series = series.set(series.str.strip_chars() == "", None)
        nan = series.str.strip_chars().str.to_lowercase() == "nan"
        others = pl.Series(labels) if labels else series.filter(series.is_not_null() & ~nan)
        if nan.any() and (task is Task.REGRESSION or not len(others) or plain_numbers(others) is not None):
            series = series.set(nan, None)
    return series


def infer_task(series: pl.Series) -> Task:
    """The task that the labels (nulls aside) ask for.

    Lists are multilabel. Words and booleans are classes. Whole numbers are classes when few differ (at most 20, each
    twice or more on average) or when they are codes 0..K-1 or 1..K with five rows a class; other numbers are
    regression.

    >>> infer_task(pl.Series([0, 1] * 10)).value, infer_task(pl.Series([0.5, 1.25] * 10)).value
    ('binary', 'regression')
    """
    values = series.drop_nulls()
    if values.dtype.is_nested():
        return Task.MULTILABEL
    numbers = as_quantities(values)
    if numbers is not None and not _are_codes(numbers):
        return Task.REGRESSION
    if values.dtype == pl.String and numbers is None:
        _refuse_mixed(series)
    return Task.BINARY if as_words(values).n_unique() == 2 else Task.MULTICLASS


def label_kind(series: pl.Series) -> LabelKind:
    """What the labels are in the table; text files say string of everything.

    >>> label_kind(pl.Series([0, 1])), label_kind(pl.Series([True, None])), label_kind(pl.Series(["0", "1"]))
    ('integer', 'boolean', 'string')
    """
    if series.dtype == pl.Boolean:
        return "boolean"
    if series.dtype.is_integer():
        return "integer"
    return "number" if series.dtype.is_float() or series.dtype.is_decimal() else "string"


def as_quantities(values: pl.Series) -> pl.Series | None:
    """The values as Float64 when all of them are numbers, else None (booleans and "007" are words)."""
    if values.dtype == pl.Boolean or values.dtype.is_nested():
        return None
    if values.dtype == pl.String:
        numbers = plain_numbers(values)
        return numbers if numbers is not None and numbers.null_count() == values.null_count() else None
    return values.cast(pl.Float64)


def sort_labels(names: Iterable[str]) -> tuple[str, ...]:
    """Distinct names in numeric order when all are numbers, else by code point: the same on any machine.

    >>> sort_labels(["10", "9", "9"]), sort_labels(["b", "10", "a"])
    (('9', '10'), ('10', 'a', 'b'))
    """
    distinct = sorted(set(names))
    try:
        numbers = {name: float(name) for name in distinct}
    except ValueError:
        return tuple(distinct)
    if any(number != number for number in numbers.values()):  # noqa: PLR0124  # not-a-number has no place in an order
        return tuple(distinct)
    return tuple(sorted(distinct, key=lambda name: (numbers[name], name)))


def _are_codes(numbers: pl.Series) -> bool:
    values = np.asarray(numbers.to_numpy(), dtype=np.float64)
    if not np.isfinite(values).all() or (values != np.round(values)).any():
        return False
    distinct, rows = len(np.unique(values)), len(values)
    if distinct <= FEW:
        return distinct * 2 <= rows
    dense = values.min() in (0, 1) and values.max() - values.min() == distinct - 1
    return bool(dense and distinct <= 1000 and distinct * 5 <= rows)


def _refuse_mixed(series: pl.Series) -> None:
    """Numbers with a few words among them ("n/a") are neither classes nor quantities."""
    numbers = series.str.strip_chars().cast(pl.Float64, strict=False)
    words = series.is_not_null() & ~numbers.is_finite().fill_null(value=False)
    kept = numbers.filter(~words & numbers.is_not_null())
    if (
        words.any()
        and words.sum() * 10 <= len(series)
        and len(kept)
        and not _are_codes(kept.fill_nan(None).drop_nulls())
    ):
        rows = np.flatnonzero(words.to_numpy())[:3]
        got = f"numbers, but {', '.join(f'{series[int(row)]!r} in row {row}' for row in rows)}"
        fix = "Rows count from 0. Empty these cells, or say --task multiclass."
        raise BadTarget(f"target {series.name!r}", wanted="numbers or labels, not both", got=got, fix=fix)
