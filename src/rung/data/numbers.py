"""Strings that are numbers: when a column may become one, and what a number column makes of a value."""

import polars as pl

MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "?")
INTEGER = r"^(?:0|-?[1-9][0-9]{0,17})$"
# "1.10" is left alone: as a number it would come back as "1.1". "1.0" is how pandas writes whole numbers.
EXACT = r"^-?(?:0|[1-9][0-9]{0,17})(?:\.(?:0|[0-9]{0,19}[1-9]))?(?:[eE][+-][0-9]{1,3})?$"
PLAIN = r"^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"


def without_loss(series: pl.Series) -> pl.Series:
    """A string column as Int64 or Float64 where every value survives, else as it came.

    Leading zeros ("007"), trailing zeros ("1.10"), long digit strings and words ("NA") keep the whole column text.

    >>> without_loss(pl.Series(["1", None, "25"])).dtype, without_loss(pl.Series(["007", "25"])).dtype
    (Int64, String)
    """
    values = series.drop_nulls()
    for pattern, kind in ((INTEGER, pl.Int64), (EXACT, pl.Float64)):
        # The head decides quickly for text columns; the whole column decides.
        if len(values) and values.head(100).str.contains(pattern).all() and values.str.contains(pattern).all():
            return series.cast(kind)
    return series


def plain_numbers(series: pl.Series) -> pl.Series | None:
    """A string column as Float64 if all its values are plain numbers or words for "missing", else None.

    >>> plain_numbers(pl.Series(["0.50", "NA", "2"])).to_list()
    [0.5, None, 2.0]
    >>> plain_numbers(pl.Series(["007", "2"])) is None
    True
    """
    values = _known(series)
    kept = values.drop_nulls()
    if not len(kept) or not kept.head(100).str.contains(PLAIN).all() or not kept.str.contains(PLAIN).all():
        return None
    return values.cast(pl.Float64, strict=False)


def to_numbers(series: pl.Series) -> pl.Series:
    """Any column as finite Float64; null for what is no number.

    Booleans are 0 and 1, durations seconds, dates seconds since 1970.
    """
    kind = series.dtype
    if kind == pl.String:
        series = _known(series)
    elif kind == pl.Duration:
        series = series.dt.total_microseconds() / 1e6
    elif kind in (pl.Date, pl.Datetime):
        series = series.cast(pl.Datetime("us")).dt.epoch("us") / 1e6
    elif kind.is_nested() or kind in (pl.Binary, pl.Time, pl.Object):
        return pl.Series(series.name, [None] * len(series), dtype=pl.Float64)
    values = series.cast(pl.Float64, strict=False)
    return values.set(~values.is_finite(), None)


def _known(series: pl.Series) -> pl.Series:
    stripped = series.str.strip_chars()
    return stripped.set(stripped.str.to_lowercase().is_in(MISSING), None)
