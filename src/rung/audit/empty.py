"""Rows that lack what they are to be judged by: empty texts, missing images, sounds and series."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import polars as pl

from rung.audit.base import check, rows_of
from rung.core.audited import Audited
from rung.core.types import EMBEDDED, Column, Finding, Ints, Role
from rung.data.inputs import alone
from rung.data.words import as_texts

Side = Literal["data", "test"]


@check("empty", "Empty texts and missing parts", says=("empty_text", "missing_part"))
def empty(seen: Audited) -> Iterator[Finding]:
    """Rows without text where that is all they could have; else which parts of a row are missing."""
    for side, part in seen.sides():
        if not alone(seen.columns):
            yield from missing_parts(part.frame, seen.columns, part.row, part=side)
        elif found := empty_texts(part.frame, seen.names(Role.TEXT), part.row, part=side):
            yield found


def empty_texts(
    frame: pl.DataFrame, columns: Sequence[str], rows: Ints | None = None, *, part: Side = "data"
) -> Finding | None:
    """Rows whose text columns are all empty; None when there are none.

    rows: (N,) the numbers that the rows of `frame` have in their file; 0..N-1 when left out.

    >>> empty_texts(pl.DataFrame({"t": ["a", " ", None]}), ["t"]).rows
    (1, 2)
    """
    if not columns:
        return None
    filled = np.zeros(frame.height, dtype=np.bool_)
    for name in columns:
        filled |= np.array([bool(text.strip()) for text in as_texts(frame[name])], dtype=np.bool_)
    found = _numbers(np.flatnonzero(~filled), rows)
    if not found:
        return None
    what = f"{rows_of(len(found))} of {frame.height} hold no text"
    effect = "They can only be guessed."
    return Finding("empty_text", what, found, "warn", "Fill them, or delete them.", part, effect=effect)


def missing_parts(
    frame: pl.DataFrame, columns: Sequence[Column], rows: Ints | None = None, *, part: Side = "data"
) -> tuple[Finding, ...]:
    """Rows that lack a text, image, sound or series, where other columns are there to go by: one note a column.

    >>> table = pl.DataFrame({"t": ["a", " "], "n": [1, 2]})
    >>> missing_parts(table, [Column("t", Role.TEXT), Column("n", Role.NUMBER)])[0].what
    "1 row of 2 has no 't'; its other columns serve"
    """
    found = []
    for column in columns:
        if column.role not in EMBEDDED or column.name not in frame.columns:
            continue
        values = frame[column.name]
        lacking = values.is_null()
        if column.role is Role.TEXT:
            lacking = pl.Series([not text.strip() for text in as_texts(values)], dtype=pl.Boolean)
        elif values.dtype == pl.String:
            lacking = lacking | (values.str.strip_chars() == "").fill_null(value=True)
        which = _numbers(np.flatnonzero(lacking.to_numpy()), rows)
        if which:
            has, whose = ("has", "its") if len(which) == 1 else ("have", "their")
            what = f"{rows_of(len(which))} of {frame.height} {has} no {column.name!r}; {whose} other columns serve"
            found.append(Finding("missing_part", what, which, "note", "", part))
    return tuple(found)


def _numbers(places: Ints, rows: Ints | None) -> tuple[int, ...]:
    return tuple((places if rows is None else np.asarray(rows)[places]).tolist())
