"""What a model sees of a table: each column cast to what its role promises."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import polars as pl

from rung.core.errors import NoBackbone, NoSuchColumn
from rung.core.types import FEATURES, MEDIA, TABLE_FEATURES, Column, Delta, Floats, Inputs, Item, Role
from rung.data.album import items_of, nothing_in, plain_features
from rung.data.dates import parse
from rung.data.numbers import to_numbers
from rung.data.words import as_texts, as_words

Embed = Callable[[Sequence[Item]], Floats]
Rate = Callable[[Sequence[Item]], float]
Tune = Callable[[Delta, Sequence[Item]], Floats]


def make_inputs(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    embed: Embed | None,
    rate: Rate | None = None,
    tune: Tune | None = None,
) -> Inputs:
    """The rows of `frame` for a model trained on `columns`; other columns are not looked at.

    Texts are strings, "" for null; numbers Float64, categories String, dates Datetime, null where a value is missing
    or can't be read as such.
    embed: texts, images, sounds or series -> (N, D) float32, asked once a column; None where no backbone is at hand. rate: the
    same -> seconds. tune: as embed, by the backbone that a delta changed.
    Raises NoSuchColumn for a feature column that is not there; Inputs.embed raises NoBackbone without `embed`.

    >>> table = pl.DataFrame({"review": ["good", None], "stars": ["4", "five"]})
    >>> seen = make_inputs(table, [Column("review", Role.TEXT), Column("stars", Role.NUMBER)], None)
    >>> seen.texts["review"], seen.table["stars"].to_list()
    (['good', ''], [4.0, None])
    """
    for column in columns:
        if column.role in FEATURES and column.name not in frame.columns:
            raise NoSuchColumn(column.name, among=frame.columns)
    roles = {column.name: column.role for column in columns}
    found = {column.name: items_of(frame[column.name], column.role) for column in columns if column.role in MEDIA}
    # What is missing is refused when it is asked for, as any that can't be read.
    media = {
        name: [each or nothing_in(f"row {i}", roles[name]) for i, each in enumerate(own)] for name, own in found.items()
    }
    texts = {column.name: as_texts(frame[column.name]) for column in columns if column.role is Role.TEXT}
    # Dropping keeps the number of rows where no column is left, so that taking rows of a text-only table works.
    table = frame.drop(frame.columns).with_columns(
        [cast(frame[column.name], column) for column in columns if column.role in TABLE_FEATURES]
    )
    memo: dict[str, Floats] = {}

    def embed_once(name: str) -> Floats:
        if embed is None:
            raise NoBackbone(f"embedding of column {name!r}", wanted="a backbone", got="none")
        if name not in memo:
            memo[name] = np.asarray(embed(parts[name]), dtype=np.float32)
        return memo[name]

    def seconds(name: str) -> float:
        return 0.0 if rate is None or name in memo else rate(parts[name])

    @cache
    def plain(name: str) -> Floats:
        return plain_features(media[name], roles[name])

    made = Inputs(texts, table, embed_once, frame.height, None if rate is None else seconds, tune, media, plain)
    parts = made.parts
    return made


def cast(series: pl.Series, column: Column) -> pl.Series:
    """The column as Float64, String or Datetime("us"), by its role."""
    if column.role is Role.NUMBER:
        return to_numbers(series).alias(column.name)
    if column.role is Role.CATEGORY:
        return as_words(series).alias(column.name)
    dates = parse(series, column.form)
    if dates is None:
        return pl.Series(column.name, [None] * len(series), dtype=pl.Datetime("us"))
    return dates.values.alias(column.name)
