"""What a model sees of a table: each column cast to what its role promises."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from rung.core.blank import Blank
from rung.core.contracts import Embedder, Embedders
from rung.core.errors import LacksColumns, NoBackbone
from rung.core.types import (
    FEATURES,
    MEDIA,
    TABLE_FEATURES,
    Column,
    Delta,
    Floats,
    Inputs,
    Item,
    Media,
    Role,
    Tell,
    silent,
)
from rung.data.album import items_of, nothing_in, plain_features
from rung.data.dates import parse
from rung.data.numbers import to_numbers
from rung.data.words import as_texts, as_words

Embed = Callable[[Sequence[Item]], Floats]


@dataclass(frozen=True)
class Reader:
    """What a backbone makes of the columns of its kind.

    embed: texts, images, sounds or series -> (N, D) float32. rate: the same -> seconds that it will take. tune: as
    embed, by the backbone that a delta changed; None where it can't be changed.
    """

    embed: Embed
    rate: Callable[[Sequence[Item]], float] | None = None
    tune: Callable[..., Floats] | None = None


def readers_of(embedders: Embedders, tell: Tell = silent) -> dict[Role, Reader]:
    """What these backbones make of the columns of their kinds; tell hears how far they are."""
    return {role: _reader(embedder, tell) for role, embedder in embedders.items()}


def _reader(embedder: Embedder, tell: Tell) -> Reader:
    def embed(items: Sequence[Item]) -> Floats:
        return embedder(items, tell=tell)

    def tune(delta: Delta, items: Sequence[Item], kept: int = 1) -> Floats:
        return embedder.tuned(delta, kept=kept)(items, tell=tell)

    return Reader(embed, embedder.seconds_for, tune)


def lacking(frame: pl.DataFrame, columns: Sequence[Column]) -> list[str]:
    """Features that `frame` has no column for.

    >>> lacking(pl.DataFrame({"a": [1]}), [Column("a", Role.NUMBER), Column("b", Role.TEXT), Column("y", Role.TARGET)])
    ['b']
    """
    return [column.name for column in columns if column.role in FEATURES and column.name not in frame.columns]


def make_inputs(frame: pl.DataFrame, columns: Sequence[Column], readers: Mapping[Role, Reader] | None = None) -> Inputs:
    """The rows of `frame` for a model trained on `columns`; other columns are not looked at.

    Texts are strings, "" for null; numbers Float64, categories String, dates Datetime, null where a value is missing
    or can't be read as such. A missing image, sound or series is blank where the row has other columns to go by.
    readers: by role, each asked once a column; the first is the one whose backbone can be trained.
    Raises LacksColumns, a NoSuchColumn, for features without a column; Inputs.embed raises NoBackbone without a reader.

    >>> table = pl.DataFrame({"review": ["good", None], "stars": ["4", "five"]})
    >>> seen = make_inputs(table, [Column("review", Role.TEXT), Column("stars", Role.NUMBER)])
    >>> seen.texts["review"], seen.table["stars"].to_list()
    (['good', ''], [4.0, None])
    """
    if lost := lacking(frame, columns):
        raise LacksColumns("data", lost, among=frame.columns)
    known = readers or {}
    roles = {column.name: column.role for column in columns}
    texts = {column.name: as_texts(frame[column.name]) for column in columns if column.role is Role.TEXT}
    media = {
        column.name: _media(frame[column.name], column.role, columns) for column in columns if column.role in MEDIA
    }
    # Dropping keeps the number of rows where no column is left, so that taking rows of a text-only table works.
    table = frame.drop(frame.columns).with_columns(
        [cast(frame[column.name], column) for column in columns if column.role in TABLE_FEATURES]
    )
    memo: dict[str, Floats] = {}

    def embed_once(name: str) -> Floats:
        reader = known.get(roles[name])
        if reader is None:
            raise NoBackbone(f"embedding of column {name!r}", wanted="a backbone", got="none")
        if name not in memo:
            memo[name] = np.asarray(reader.embed(parts[name]), dtype=np.float32)
        return memo[name]

    def seconds(name: str) -> float:
        rate = known[roles[name]].rate
        return 0.0 if rate is None or name in memo else rate(parts[name])

    @cache
    def plain(name: str) -> Floats:
        return plain_features(media[name], roles[name])

    first = next(iter(known), None)
    tune = None if first is None else known[first].tune
    made = Inputs(
        texts, table, embed_once, frame.height,
        rate=seconds if any(reader.rate for reader in known.values()) else None,
        tune=tune, media=media, plain=plain,
        read=tuple(name for name in (*texts, *media) if roles[name] in known),
        lead=tuple(name for name in (*texts, *media) if roles[name] is first),
    )  # fmt: skip
    parts = made.parts
    return made


def alone(columns: Sequence[Column]) -> bool:
    """Whether one column is all that a row has to go by: then a row can't lack it."""
    return sum(column.role in FEATURES for column in columns) == 1


def _media(series: pl.Series, role: Role, columns: Sequence[Column]) -> list[Media]:
    """The column's images, sounds or series.

    One that is missing is blank, or refused when it is asked for where it is all that a row has.
    """
    only = alone(columns)
    return [
        item or (nothing_in(f"row {i}", role) if only else Blank()) for i, item in enumerate(items_of(series, role))
    ]


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
