"""Which rows are nearly the same: texts by their words, images and sounds by what is seen and heard."""

import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl

from rung.core.audited import Near
from rung.core.errors import UnreadableMedia
from rung.core.types import FEATURES, Column, Ints, Role
from rung.data.album import files_of
from rung.data.bonds import Bonds
from rung.data.fingerprint import cells
from rung.data.inputs import cast
from rung.data.media import File
from rung.data.near_images import SIDE, near_images
from rung.data.near_sounds import fingerprint, near_sounds
from rung.data.near_texts import near_texts
from rung.data.words import as_texts

MOST_KEPT = 50_000  # marks kept from one question to the next: a split, an audit and a score ask of the same files
MARKS: dict[tuple[Role, bytes], Any] = {}
MOST_OFTEN = 2  # times that a column's cells may stand in it on average, for those that come back to be copies
LONG = 25  # characters from which equal texts are copies
LONGEST, SHARE, OF_FEW = 50, 0.05, 0.2
LOOKED_AT = (Role.TEXT, Role.IMAGE, Role.AUDIO)


def near_rows(frame: pl.DataFrame, columns: Sequence[Column]) -> Near:
    """Which rows light edits tell apart: all that is in them, or a long text, an image or a sound beside other values.

    A column is not looked at alone where its cells come back often: it is a category then, or what rows are about.
    Where there is nothing to look at, or an input is a series, nobody is like another. The order of the rows does not
    matter.

    >>> texts = ["Please send me the invoice soon", "please send me the invoice, soon!", "No", "Yes", "I do not know"]
    >>> table, columns = pl.DataFrame({"t": texts, "n": range(5)}), [Column("t", Role.TEXT), Column("n", Role.NUMBER)]
    >>> near_rows(table, columns[:1]).whole.tolist(), near_rows(table, columns).whole.tolist()
    ([0, 0, 1, 2, 3], [0, 1, 2, 3, 4])
    >>> near_rows(table, columns).label.tolist()
    [0, 0, 1, 2, 3]
    """
    own = [column for column in columns if column.role in FEATURES]
    looked = [column for column in own if column.role in LOOKED_AT]
    if not looked or any(column.role is Role.SERIES for column in own):
        return Near(np.arange(len(frame)), np.arange(len(frame)))
    found = [_near(frame[column.name], column.role) for column in looked]
    rest = [column for column in own if column not in looked]
    if len(found) == 1 and not rest:
        return Near(found[0].label, found[0].label)
    codes = [bonds.label for bonds in found]
    codes += [_codes(cells(cast(frame[column.name], column))) for column in rest]
    whole = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)[1].ravel()
    bonds = Bonds(len(frame))
    _tie_equal(bonds, whole, np.arange(len(frame)))
    for column, each in zip(looked, found, strict=True):
        _tie_equal(bonds, each.label, _copies(each.label, _telling(frame[column.name], column.role)))
    return Near(bonds.label, bonds.label if (bonds.label == whole).all() else whole)


def thumbnails(series: pl.Series) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(N, 32, 32) grey thumbnails of images, blank where there is none that can be read; kept from earlier looks."""
    files = files_of(series)
    marks = _marks([file for file in files if file is not None], Role.IMAGE)
    found = [None if file is None else marks[file.key] for file in files]
    blank = np.zeros((SIDE, SIDE), np.uint8)
    return np.stack([blank if each is None else each[0] for each in found]) if found else blank[None][:0]


def longest(rows: int) -> int:
    """How many rows may be held together as near copies of one another.

    Of chains of more, or of a greater share, a split could choose nothing; of few rows a fifth is bearable.

    >>> longest(100), longest(500), longest(10_000)
    (20, 50, 500)
    """
    return int(max(2, min(LONGEST, OF_FEW * rows), SHARE * rows))


def _telling(series: pl.Series, role: Role) -> Ints:
    """Places of cells that are not equal by chance: of files all, of texts the long ones."""
    if role is Role.TEXT:
        return np.flatnonzero([len(text.strip()) >= LONG for text in as_texts(series)])
    return np.flatnonzero(series.is_not_null().to_numpy())


def _copies(label: Ints, telling: Ints) -> Ints:
    """Places of those that come back, where few come back often."""
    count = np.bincount(label[telling], minlength=1)
    if len(telling) > MOST_OFTEN * np.count_nonzero(count):
        return telling[:0]
    size = count[label[telling]]
    return telling[(size > 1) & (size <= longest(len(label)))]


def _tie_equal(bonds: Bonds, label: Ints, places: Ints) -> None:
    _, first, inverse = np.unique(label[places], return_index=True, return_inverse=True)
    other = np.flatnonzero(first[inverse] != np.arange(len(places)))
    bonds.tie(places[other], places[first[inverse[other]]])


def _near(series: pl.Series, role: Role) -> Bonds:
    if role is Role.TEXT:
        texts = as_texts(series)
        bonds = near_texts(texts)
        _tie_all(bonds, [[place for place, text in enumerate(texts) if not text.strip()]])
        return bonds
    files = files_of(series)
    bonds, places = Bonds(len(files)), defaultdict(list)
    for place, file in enumerate(files):
        places[b"" if file is None else file.key].append(place)
    _tie_all(bonds, list(places.values()))
    first = [files[own[0]] for _, own in sorted(places.items())]
    marks = _marks([file for file in first if file is not None], role)
    told = sorted(key for key in places if marks.get(key) is not None)
    found = near_images(np.stack([marks[key] for key in told])) if role is Role.IMAGE and told else Bonds(0)
    if role is Role.AUDIO:
        found = near_sounds([marks[key] for key in told])
    at = np.array([places[key][0] for key in told], np.int64)
    bonds.tie(at[found.first], at[found.second])
    return bonds


def _tie_all(bonds: Bonds, groups: Sequence[Sequence[int]]) -> None:
    pairs = [(later, own[0]) for own in groups for later in own[1:]]
    if pairs:
        first, second = np.array(pairs, np.int64).T
        bonds.tie(first, second)


def _marks(files: Sequence[File], role: Role) -> dict[bytes, Any]:
    """Thumbnails or prints by content, by all cores; None for a file that cannot be read."""

    def mark(file: File) -> Any:
        try:
            return file.squashed(SIDE) if role is Role.IMAGE else fingerprint(file.clip())
        except UnreadableMedia:
            return None

    if len(MARKS) + len(files) > MOST_KEPT:
        MARKS.clear()
    new = [file for file in files if (role, file.key) not in MARKS]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "rung-marks") as pool:
        made = list(pool.map(mark, new, chunksize=16))
    MARKS.update({(role, file.key): each for file, each in zip(new, made, strict=True)})
    return {file.key: MARKS[role, file.key] for file in files}


def _codes(values: Sequence[str]) -> Ints:
    return np.unique(np.array(values, object), return_inverse=True)[1]
