"""Any column as words: one spelling a value, whatever file or library it came from."""

import polars as pl

NONE = frozenset(("n/a", "?", "none", "null", "unknown", "-", "todo"))


def as_words(series: pl.Series) -> pl.Series:
    """String column: 2 and 2.0 are "2", true is "True", empty or blank is null.

    So labels and categories meet again when the training table was Parquet and the next one is CSV.

    >>> as_words(pl.Series([1.0, None, 2.5])).to_list(), as_words(pl.Series([True])).to_list()
    (['1', None, '2.5'], ['True'])
    """
    kind = series.dtype
    if kind == pl.Boolean:
        return series.replace_strict({True: "True", False: "False"}, default=None, return_dtype=pl.String)
    if kind.is_float() or kind.is_decimal():
        floats = series.cast(pl.Float64)
        return pl.Series(series.name, [_number(value) for value in floats.to_list()], dtype=pl.String)
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        return pl.Series(series.name, [None if v is None else str(v) for v in series.to_list()], dtype=pl.String)
    words = series.cast(pl.String)
    return words.set(words.str.strip_chars() == "", None)


def as_texts(series: pl.Series) -> list[str]:
    """The column as Python strings, "" for null.

    >>> as_texts(pl.Series(["a", None])), as_texts(pl.Series([7]))
    (['a', ''], ['7'])
    """
    texts: list[str] = (series if series.dtype == pl.String else as_words(series)).fill_null("").to_list()
    return texts


def _number(value: float | None) -> str | None:
    if value is None or value != value:  # noqa: PLR0124  # not-a-number is the value that differs from itself
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 2**63 else repr(value)


def reads_as_none(label: str) -> bool:
    """Whether a label is a word for none.

    >>> reads_as_none(" N/A"), reads_as_none("nothing")
    (True, False)
    """
    return label.strip().lower() in NONE
