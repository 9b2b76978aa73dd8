"""What the rows themselves say against a result: empty texts, shared rows, equal rows with different labels."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl

from rung.core.types import EMBEDDED, Column, Finding, Ints, Role, Target
from rung.data.words import as_texts, as_words

Part = Literal["data", "test"]
REPEATED = 2  # rows a value of an id, on average, from which it looks like a group


def empty_texts(
    frame: pl.DataFrame, columns: Sequence[str], rows: Ints | None = None, *, part: Part = "data"
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
    what = f"{_rows(len(found))} of {frame.height} hold no text"
    return Finding("empty_text", what, found, "warn", "Fill them, or delete them.", part)


def missing_parts(
    frame: pl.DataFrame, columns: Sequence[Column], rows: Ints | None = None, *, part: Part = "data"
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
            what = f"{_rows(len(which))} of {frame.height} {has} no {column.name!r}; {whose} other columns serve"
            found.append(Finding("missing_part", what, which, "note", "", part))
    return tuple(found)


def repeated_id(frame: pl.DataFrame, columns: Sequence[Column]) -> Finding | None:
    """A column taken for an id whose values come back in most rows: what they name may stand on both sides.

    >>> table = pl.DataFrame({"user": ["a", "a", "b", "b"]})
    >>> repeated_id(table, [Column("user", Role.ID)]).what
    "'user' has 2 values in 4 rows: rows of one may train and judge"
    """
    for column in columns:
        values = frame[column.name].drop_nulls()
        if column.role is Role.ID and len(values) and values.n_unique() * REPEATED <= len(values):
            count = f"{column.name!r} has {values.n_unique():,} values in {len(values):,} rows"
            fix = f"Keep the rows of one together: --group {column.name}. Where a row is a step: --column NAME=series."
            return Finding("repeated_id", f"{count}: rows of one may train and judge", (), "warn", fix)
    return None


def shared_rows(pool: Sequence[bytes], test: Sequence[bytes], rows: Ints | None = None) -> Finding | None:
    """Test rows whose content the pool holds too: they are remembered, not predicted.

    pool, test: content keys. rows: the numbers of the test rows in their file.

    >>> shared_rows([b"a"], [b"b", b"a"]).rows
    (1,)
    """
    known = set(pool)
    found = _numbers(np.array([place for place, key in enumerate(test) if key in known], dtype=np.int64), rows)
    if not found:
        return None
    what = f"{_rows(len(found))} of the test ({100 * len(found) / len(test):.1f} %) are also among the training rows"
    return Finding("shared_rows", what, found, "warn", "Take them out of one side: they flatter the score.", "test")


def shared_groups(pool: pl.DataFrame, test: pl.DataFrame, group: str, rows: Ints | None = None) -> Finding | None:
    """Test rows of a group that the pool holds too: a split of Rung's own would not let it straddle.

    >>> table = pl.DataFrame({"who": ["ann", "bob"]})
    >>> shared_groups(table, pl.DataFrame({"who": ["cid", "bob", None]}), "who").rows
    (1,)
    """
    if group not in test.columns:
        return None
    known = as_words(pool[group]).drop_nulls().unique().to_list()
    place = np.flatnonzero(as_words(test[group]).is_in(known).fill_null(value=False).to_numpy())
    found = _numbers(place.astype(np.int64), rows)
    if not found:
        return None
    what = f"{_rows(len(found))} of the test ({100 * len(found) / len(test):.1f} %) have a {group} that trains too"
    return Finding("shared_groups", what, found, "warn", "Keep each group on one side: they flatter the score.", "test")


def conflicting_labels(keys: Sequence[bytes], target: Target, rows: Ints | None = None) -> Finding | None:
    """Rows with equal content and different targets; None when there are none.

    >>> from rung.core.types import Task
    >>> conflicting_labels([b"a", b"a", b"b"], Target(Task.BINARY, np.array([0, 1, 1]), ("n", "y"))).rows
    (0, 1)
    """
    members: dict[bytes, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        members[key].append(place)
    clashing = [
        place
        for places in members.values()
        if len(places) > 1 and (target.value[places] != target.value[places[0]]).any()
        for place in places
    ]
    found = _numbers(np.array(sorted(clashing), dtype=np.int64), rows)
    if not found:
        return None
    what = f"{_rows(len(found))} have the same content as another row and a different target"
    return Finding("conflicting_labels", what, found, "warn", "Relabel them: no model can get both right.")


def _numbers(places: Ints, rows: Ints | None) -> tuple[int, ...]:
    return tuple((places if rows is None else np.asarray(rows)[places]).tolist())


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
