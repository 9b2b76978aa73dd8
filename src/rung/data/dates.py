"""Columns that are dates: which way they are written, and their order in time."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from rung.core.errors import BadOption
from rung.core.types import Ints
from rung.data.numbers import MISSING

DAY, CLOCK = r"[0-9]{1,2}", r"[0-9]{1,2}:[0-9]{2}"
ISO, LONG, SHORT = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", r"[0-9]{4}", r"[0-9]{2}"
DAYS = (
    (ISO, "%Y-%m-%d"),
    (rf"{LONG}/{DAY}/{DAY}", "%Y/%m/%d"),
    (rf"{DAY}/{DAY}/{LONG}", "%m/%d/%Y"),
    (rf"{DAY}/{DAY}/{LONG}", "%d/%m/%Y"),
    (rf"{DAY}/{DAY}/{SHORT}", "%m/%d/%y"),
    (rf"{DAY}/{DAY}/{SHORT}", "%d/%m/%y"),
    (rf"{DAY}-{DAY}-{LONG}", "%d-%m-%Y"),
    (rf"{DAY}\.{DAY}\.{LONG}", "%d.%m.%Y"),
    (rf"{DAY}\.{DAY}\.{SHORT}", "%d.%m.%y"),
    (rf"{DAY} [A-Za-z]{{3,9}} {LONG}", "%d %B %Y"),
    (rf"[A-Za-z]{{3,9}} {DAY}, {LONG}", "%B %d, %Y"),
)
CLOCKS = (("", ""), (rf" {CLOCK}", " %H:%M"), (rf" {CLOCK}:[0-9]{{2}}(?:\.[0-9]+)?", " %H:%M:%S%.f"))
ZONED = (rf"{ISO} {CLOCK}:[0-9]{{2}}(?:\.[0-9]+)?[+-][0-9]{{2}}:?[0-9]{{2}}", "%Y-%m-%d %H:%M:%S%.f%z")
FORMS = (
    *((f"^{day}{clock}$", form + time) for day, form in DAYS for clock, time in CLOCKS),
    (f"^{ZONED[0]}$", ZONED[1]),
)
YEARS = "years"
UNITS = {"seconds": 1e6, "milliseconds": 1e3}  # since 1970, in microseconds


@dataclass(frozen=True)
class Dates:
    """Naive UTC Datetime("us") values, null where missing, and the strptime form or the unit that they came in."""

    values: pl.Series
    form: str = ""


def parse(series: pl.Series, form: str = "") -> Dates | None:
    """The column as dates, or None when it is none.

    form: read strings in this form, or numbers in this unit, and no other, null where one does not fit: later tables
    are read as the training table was. Without it, the first form that fits every value is taken (month before day
    where both fit). Numbers are years (1000 to 2999), else seconds or milliseconds since 1970.

    >>> parse(pl.Series(["12/19/21", None])).form
    '%m/%d/%y'
    >>> parse(pl.Series(["hello"])) is None
    True
    """
    kind = series.dtype
    if kind in (pl.Date, pl.Datetime):
        return Dates(_naive(series))
    if kind.is_integer() or kind.is_float():
        return _counted(series, form)
    if kind != pl.String:
        return None
    values = _said(series)
    if form == YEARS or form in UNITS:
        return _counted(values.cast(pl.Float64, strict=False), form)
    values = _spaced(values)
    if form:
        return Dates(_read(values, form), form)
    return next((found for pattern, form in FORMS if (found := _fits(values, pattern, form))), None)


def instants(series: pl.Series, name: str) -> Ints:
    """(N,) int64 ranks in time: equal times share a rank, -1 where the time is missing.

    Raises BadOption when the column is neither dates nor numbers.

    >>> instants(pl.Series(["2024-01-02", "2023-05-01", None]), "day").tolist()
    [1, 0, -1]
    """
    if series.dtype.is_numeric():
        order = series.cast(pl.Float64).fill_nan(None)
    elif (dates := parse(series)) is not None:
        order = dates.values
    else:
        fix = "Write dates as 2024-12-31."
        raise BadOption(f"time column {name!r}", wanted="dates or numbers", got=stranger(series), fix=fix)
    ranks = order.rank("dense").cast(pl.Int64) - 1
    return np.asarray(ranks.fill_null(-1).to_numpy(), dtype=np.int64)


def stranger(series: pl.Series) -> str:
    """The value that keeps a column from being dates, to be named: the first that most of the others are unlike.

    >>> stranger(pl.Series(["2024-01-02", "soon", "2024-01-03"])), stranger(pl.Series([None]))
    ("'soon' in row 1", 'no value at all')
    """
    values = _said(series) if series.dtype == pl.String else series
    kept = values.drop_nulls()
    if not len(kept):
        return "no value at all"
    if series.dtype != pl.String:
        return f"{str(kept[0])[:40]!r}"
    spaced = _spaced(values)
    like_FN = [
        (spaced.str.contains(pattern) & _read(spaced, form).is_not_null()).fill_null(value=False).to_numpy()
        for pattern, form in FORMS
    ]
    row = int(np.argmin(max(like_FN, key=np.count_nonzero) | values.is_null().to_numpy()))
    return f"{str(series[row])[:40]!r} in row {row}"


def _said(series: pl.Series) -> pl.Series:
    """Strings without what stands around them, null where they say that there is no value."""
    values = series.str.strip_chars()
    return values.set(values.str.to_lowercase().is_in(MISSING), None)


def _spaced(values: pl.Series) -> pl.Series:
    """The T of ISO 8601 as a space, its Z as an offset."""
    if values.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T").any():
        values = values.str.replace("T", " ", literal=True)
    return values.str.replace(r"Z$", "+00:00")


def _fits(values: pl.Series, pattern: str, form: str) -> Dates | None:
    kept = values.drop_nulls()
    if not len(kept) or not kept.head(100).str.contains(pattern).all() or not kept.str.contains(pattern).all():
        return None
    dates = _read(values, form)
    return Dates(dates, form) if dates.null_count() == values.null_count() else None


def _read(values: pl.Series, form: str) -> pl.Series:
    if "%H" not in form:
        return values.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return _naive(values.str.to_datetime(form, time_unit="us", strict=False))


def _naive(series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return series.cast(pl.Datetime("us"))


def _counted(series: pl.Series, unit: str) -> Dates | None:
    numbers = series.cast(pl.Float64).fill_nan(None)
    kept = numbers.drop_nulls()
    if not len(kept):
        return None
    if unit != YEARS and unit not in UNITS:
        unit = _unit_of(float(kept.min()), float(kept.max()))  # type: ignore[arg-type]  # polars types for every dtype
    if unit == YEARS:
        years = numbers.round(0).cast(pl.Int64, strict=False).cast(pl.String)
        return Dates((years + "-01-01").str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")), unit)
    return Dates((numbers * UNITS[unit]).cast(pl.Int64, strict=False).cast(pl.Datetime("us")), unit)


def _unit_of(low: float, high: float) -> str:
    if low >= 1000 and high < 3000:
        return YEARS
    return "seconds" if abs(high) < 1e11 else "milliseconds"
