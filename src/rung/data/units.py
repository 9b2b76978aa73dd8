"""Which rows belong together: equal content, equal group, nearly equal content, and whatever these connect."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rung.core.errors import NoSuchColumn
from rung.core.rng import digest
from rung.core.types import EMBEDDED, FEATURES, MEDIA, Column, Ints, Role
from rung.data.album import contents
from rung.data.chance import pairs_by_chance
from rung.data.fingerprint import cells, row_hashes
from rung.data.inputs import cast
from rung.data.words import as_texts, as_words

AROUND = " .,;:!\"'"
JOINED = re.compile(r"(?<=[^\W\d_])[_-]+(?=[^\W\d_])")  # between letters
BY_CHANCE = 0.1  # of the rows that repeat another, how many may do so by chance, for equal rows to be copies
DISTINCT = 0.9  # share of a table's rows that differ, from which equal rows are copies


def unit_keys(
    frame: pl.DataFrame, columns: Sequence[Column], group: str | None = None, near: Ints | None = None
) -> tuple[list[bytes], Ints]:
    """Content hash of each row, and the unit (cluster) that it belongs to.

    The hash covers the feature columns by name; texts count without case, Unicode form and spacing, so that
    trivially equal rows stay together. Rows are in one unit when content or group connects them, also through
    others; equal rows of a table alone do so only where few are equal. Units are numbered by their smallest hash: row
    order does not matter.
    near: (N,) rows with the same number are nearly the same and stay together, too; see rung.data.near.
    group: a column; None takes the column with the role group, where there is one. Rows without a group stand alone.
    Raises NoSuchColumn.

    >>> table = pl.DataFrame({"t": ["Hi  there", "hi there", "bye"]})
    >>> unit_keys(table, [Column("t", Role.TEXT)])[1].tolist() in ([0, 0, 1], [1, 1, 0])
    True
    """
    features = sorted((column for column in columns if column.role in FEATURES), key=lambda column: column.name)
    grouped = [column.name for column in columns if column.role is Role.GROUP and column.name in frame.columns]
    for name in (*(column.name for column in features), *([group] if group else [])):
        if name not in frame.columns:
            raise NoSuchColumn(name, among=frame.columns)
    keys = contents_of(frame, columns)
    keys = keys if content_tells(frame, keys, columns) else _each_its_own(keys)
    group = group or (grouped[0] if grouped else None)
    bonds: list[Sequence[Any]] = [] if near is None else [near.tolist()]
    bonds += [] if group is None else [as_words(frame[group]).to_list()]
    return keys, _clusters(keys, bonds)


def contents_of(frame: pl.DataFrame, columns: Sequence[Column]) -> list[bytes]:
    """Content hash of each row: of its feature columns by name, of all columns where there are none."""
    features = sorted((column for column in columns if column.role in FEATURES), key=lambda column: column.name)
    keys = row_hashes([_content(frame[column.name], column) for column in features]) if features else []
    return keys or row_hashes([cells(frame[name]) for name in frame.columns])


def content_codes(frame: pl.DataFrame, keys: Sequence[bytes], columns: Sequence[Column]) -> NDArray[np.uint64]:
    """64 bits of each row's content hash, (N,); 0 where no text, image, sound or series tells it from others.

    Equal numbers and categories may be chance. keys: what unit_keys gave, so that no image is opened again.

    >>> table = pl.DataFrame({"t": ["Hi  there", "hi there", "bye"]})
    >>> text = [Column("t", Role.TEXT)]
    >>> len(set(content_codes(table, unit_keys(table, text)[0], text).tolist()))
    2
    """
    told_N = np.zeros(len(frame), bool)
    for column in columns:
        if column.role in EMBEDDED:
            series = frame[column.name]
            told = map(bool, map(normal, as_texts(series))) if column.role is Role.TEXT else series.is_not_null()
            told_N |= np.fromiter(told, bool, len(frame))
    return np.where(told_N, np.frombuffer(b"".join(key[:8] for key in keys), "<u8"), np.uint64(0))


def content_tells(frame: pl.DataFrame, keys: Sequence[bytes], columns: Sequence[Column]) -> bool:
    """Whether equal content means that rows are copies: not in a table of few values, where other rows share them too.

    keys: content hashes of the rows. A table alone has to hold few rows that are like another, or values so many that
    chance makes hardly any.
    """
    distinct = len(set(keys))
    if any(column.role in EMBEDDED for column in columns) or distinct >= DISTINCT * len(keys):
        return True
    first = sorted({key: place for place, key in reversed(list(enumerate(keys)))}.values())
    return pairs_by_chance(frame[first], columns, len(keys)) <= BY_CHANCE * (len(keys) - distinct)


def _each_its_own(keys: Sequence[bytes]) -> list[bytes]:
    """The hashes, each with how often it came before."""
    before: Counter[bytes] = Counter()
    found = []
    for key in keys:
        found.append(digest(key, str(before[key])))
        before[key] += 1
    return found


def normal(text: str) -> str:
    r"""The text without case, Unicode form and spacing.

    >>> normal("  Hello\n WORLD ")
    'hello world'
    """
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).casefold().split())


def spelling(label: str) -> str:
    """A label without what writers differ in: case, spacing, accents, underscores, and a full stop or quotes around.

    What is a sign alone, or a number, stays as it is written.

    >>> {spelling(label) for label in ("not spam", "Not_Spam ", "not-spam.", '"not spam"')}
    {'not spam'}
    >>> spelling("Café") == spelling("cafe"), spelling("-1") == spelling("1"), spelling("C++") == spelling("C")
    (True, False, False)
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFD", label) if not unicodedata.combining(sign))
    bare = JOINED.sub(" ", normal(bare))
    return bare.strip(AROUND).strip() or bare


def smallest_keys(unit_N: Ints, keys: Sequence[bytes]) -> dict[int, bytes]:
    """The smallest content hash in each unit: its name, whatever the order of the rows."""
    smallest: dict[int, bytes] = {}
    for unit, key in zip(unit_N.tolist(), keys, strict=True):
        if unit not in smallest or key < smallest[unit]:
            smallest[unit] = key
    return smallest


def _content(series: pl.Series, column: Column) -> list[str]:
    if column.role is Role.TEXT:
        return [normal(text) for text in as_texts(series)]
    if column.role in MEDIA:
        return contents(series, column.role)
    return cells(cast(series, column))


def _clusters(keys: Sequence[bytes], bonds: Sequence[Sequence[Any]]) -> Ints:
    code = _codes(keys)
    for groups in bonds:
        code = _connected(code, groups)
    smallest = smallest_keys(code, keys)
    place = {unit: number for number, unit in enumerate(sorted(smallest, key=smallest.__getitem__))}
    return np.array([place[unit] for unit in code.tolist()], dtype=np.int64)


def _codes(values: Sequence[Any]) -> Ints:
    seen: dict[Any, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values], dtype=np.int64)


def _connected(code: Ints, groups: Sequence[Any]) -> Ints:
    """Components of the graph whose edges join each row's content to its group."""
    rows = np.array([row for row, group in enumerate(groups) if group is not None], dtype=np.int64)
    group = _codes([group for group in groups if group is not None])
    contents = int(code.max(initial=-1)) + 1
    size = contents + int(group.max(initial=-1)) + 1
    edges = coo_array((np.ones(len(rows), np.int8), (code[rows], contents + group)), shape=(size, size))
    component = connected_components(edges, directed=False)[1]
    return np.asarray(component[code], dtype=np.int64)
