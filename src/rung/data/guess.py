"""What one column most likely is: a role and the reason for it, from its name, type and values."""

import re
from typing import Any

import polars as pl

from rung.core.types import Column, Role
from rung.data.album import files_of
from rung.data.dates import parse
from rung.data.media import IMAGES, SOUNDS
from rung.data.numbers import plain_numbers
from rung.data.series import holds_series

ID_NAME = re.compile(r"(^|[^a-zA-Z])(id|ids|uuid|guid|idx|index|row_?id)$|[a-z]I[dD]$|^unnamed", re.IGNORECASE)
TEXT_NAME = re.compile(
    r"(^|[^a-z])(text|review|comment|message|sentence|title|body|description|question|content|utterance|query|tweet"
    r"|abstract|summary|headline|phrase|note|feedback|subject)s?([^a-z]|$)",
    re.IGNORECASE,
)
CODE_NAME = re.compile(
    r"(^|[^a-z])(zip|zip_?code|post_?code|postal(_?code)?|code|neighbou?rhood|district|region|country|state|type"
    r"|class|category|kind)s?$",
    re.IGNORECASE,
)
IMAGE_FILE = rf"(?is)^.+(?:{'|'.join(map(re.escape, IMAGES))})$"
SOUND_FILE = rf"(?is)^.+(?:{'|'.join(map(re.escape, SOUNDS))})$"
LISTED = r"^\s*\[[-+0-9.eE,\s\[\]NanuliIf]*[0-9][-+0-9.eE,\s\[\]NanuliIf]*\]\s*$"
MEDIA_WRITTEN = (
    (IMAGE_FILE, Role.IMAGE, "names of image files"),
    (SOUND_FILE, Role.AUDIO, "names of sound files"),
    (LISTED, Role.SERIES, "lists of numbers, written out"),
)
ADDRESS = r"^https?://\S+$"
TOKEN = r"^[A-Za-z0-9_.:/#-]+$"  # noqa: S105  # a pattern for machine-made ids, not a secret
FEW = 20
FILES = 0.9  # share of names from which a column is one of files: the others are found wanting, row by row


def guess(series: pl.Series) -> Column:
    """The role that `series` most likely has, without knowing the task.

    >>> guess(pl.Series("stars", [4, 5, 3, 5]))
    Column(name='stars', role=<Role.NUMBER: 'number'>, why='whole numbers', form='', source=())
    """
    name, kind = series.name, series.dtype
    values = series.drop_nulls()
    if kind == pl.String:
        values = values.filter(values.str.strip_chars() != "")
    if not len(values):
        return Column(name, Role.IGNORE, "no value at all")
    if kind == pl.Binary or holds_files(kind):
        return _held(name, values)
    if holds_series(kind):
        flat = isinstance(kind, pl.List | pl.Array) and kind.inner.is_numeric()
        return Column(name, Role.SERIES, "lists of numbers" if flat else "lists of channels")
    if kind.is_nested() or kind in (pl.Object, pl.Time):
        return Column(name, Role.IGNORE, f"values of type {kind} are not understood")
    if values.n_unique() == 1:
        return Column(name, Role.IGNORE, "one value throughout")
    return _written(name, values) if kind == pl.String else _typed(name, values)


def _typed(name: str, values: pl.Series) -> Column:
    kind = values.dtype
    if kind == pl.Boolean:
        return Column(name, Role.CATEGORY, "true or false")
    if kind in (pl.Date, pl.Datetime):
        return Column(name, Role.DATETIME, "dates")
    if kind.is_integer():
        return _whole(name, values.cast(pl.Int64))
    return Column(name, Role.NUMBER, "numbers")


def holds_files(kind: pl.DataType) -> bool:
    """Whether a column's cells hold images or sounds as `datasets` keeps them: bytes and path."""
    return isinstance(kind, pl.Struct) and {"bytes", "path"} <= {field.name for field in kind.fields}


def _held(name: str, values: pl.Series) -> Column:
    """Bytes say themselves what they are."""
    some = [file for file in files_of(values.head(20)) if file is not None]
    if some and sum(file.sounds() for file in some) * 2 > len(some):
        return Column(name, Role.AUDIO, "sounds")
    if some and sum(file.pictures() for file in some) * 2 > len(some):
        return Column(name, Role.IMAGE, "images")
    return Column(name, Role.IGNORE, "bytes that are neither images nor sounds")


def _whole(name: str, values: pl.Series) -> Column:
    distinct, rows = values.n_unique(), len(values)
    low, high = _int(values.min()), _int(values.max())
    if distinct == rows and (ID_NAME.search(name) or (low in (0, 1) and high - low == rows - 1)):
        return Column(name, Role.ID, "a different whole number in each row")
    if ID_NAME.search(name):
        few = distinct <= 50 and distinct <= rows / 10
        why = f"{distinct} different codes" if few else "named like an id"
        return Column(name, Role.CATEGORY if few else Role.ID, why)
    few = distinct <= max(FEW, rows // 20)
    same_width = low >= 1000 and len(str(low)) == len(str(high)) and not (low >= 1500 and high <= 2200)
    if few and (CODE_NAME.search(name) or same_width):
        return Column(name, Role.CATEGORY, f"{distinct} different codes")
    return Column(name, Role.NUMBER, "whole numbers")


def _written(name: str, values: pl.Series) -> Column:
    numbers = plain_numbers(values)
    if numbers is not None:
        return _numeric(name, numbers)
    dates = parse(values)
    if dates is not None:
        return Column(name, Role.DATETIME, f"dates written {dates.form}", dates.form)
    return _machine_made(name, values) or _words(name, values)


def _numeric(name: str, numbers: pl.Series) -> Column:
    known = numbers.drop_nulls()
    if known.n_unique() == 1:
        return Column(name, Role.IGNORE, "one value throughout")
    if (known == known.round(0)).all() and _float(known.abs().max()) < 2**53:
        return _whole(name, known.cast(pl.Int64))
    return Column(name, Role.NUMBER, "numbers, with words for missing ones" if numbers.null_count() else "numbers")


def _machine_made(name: str, values: pl.Series) -> Column | None:
    for pattern, role, why in MEDIA_WRITTEN:
        if _share(values, pattern) >= FILES:
            return Column(name, role, why)
    if _share(values, ADDRESS) == 1:
        return Column(name, Role.ID, "web addresses")
    named = ID_NAME.search(name) is not None
    if _share(values, TOKEN) < 1 or not (named or _share(values, "[0-9]") >= 0.99):
        return None
    if _few(values):
        return None
    why = "a different code in each row" if values.n_unique() == len(values) else "too many codes to be a category"
    return Column(name, Role.ID, why)


def _words(name: str, values: pl.Series) -> Column:
    distinct, words = values.n_unique(), words_each(values)
    if TEXT_NAME.search(name) and (words > 1.2 or distinct > FEW):
        return Column(name, Role.TEXT, f"named like text, {words:.1f} words a row")
    if _few(values) and words <= 4 and _float(values.str.len_chars().mean()) <= 40:
        return Column(name, Role.CATEGORY, f"{distinct} different values")
    return Column(name, Role.TEXT, f"{words:.1f} words a row, {100 * distinct / len(values):.0f} % different")


def _few(values: pl.Series) -> bool:
    distinct, rows = values.n_unique(), len(values)
    return (distinct <= FEW and distinct <= rows / 2) or (distinct <= 1000 and distinct <= rows / 10)


def words_each(values: pl.Series) -> float:
    """Mean number of words in the strings that are there."""
    return _float(values.str.count_matches(r"\S+").mean())


def _share(values: pl.Series, pattern: str) -> float:
    # A text column says no within its first rows; only what survives them is counted whole.
    if not values.head(100).str.contains(pattern).any():
        return 0.0
    return _float(values.str.contains(pattern).mean())


def _int(value: Any) -> int:
    return int(value)


def _float(value: Any) -> float:
    return float(value or 0.0)
