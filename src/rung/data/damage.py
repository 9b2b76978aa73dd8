"""What is wrong with the images, sounds and series of a table: which rows can't be used, and what else matters."""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.errors import UnreadableMedia
from rung.core.extras import need
from rung.core.types import MEDIA, Column, Finding, Ints, Media, Role
from rung.data.album import items_of
from rung.data.hush import hushed
from rung.data.inputs import alone
from rung.data.looks import listened, looked
from rung.data.media import QUIET, File
from rung.data.series import Series

KINDS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".png": "PNG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".webp": "WEBP",
}
CLIPPED = 0.01  # share of samples at full scale
Part = Literal["data", "test"]
FLAT = "flat"  # a series of one value
NAMED = 3  # rows that a finding names beside its numbers
FIXES = {
    "silent": ("silent_sound", "warn", "Record them again, or delete them."),
    FLAT: ("flat_series", "note", "Look whether they were recorded at all."),
    "clipped": ("clipped_sound", "note", "Record them at a lower level."),
}


@dataclass(frozen=True)
class Health:
    """What looking at one file showed. wrong: why it can't be used, "" where it can; odd: what else is worth saying."""

    wrong: str = ""
    odd: str = ""


def unreadable_files(frame: pl.DataFrame, columns: Sequence[Column]) -> list[str]:
    """Why each row's images, sounds and series can't be read, "" where they can or are missing beside others."""
    return _seen(frame, columns)[0]


def damage(
    frame: pl.DataFrame, columns: Sequence[Column], rows: Ints | None = None, *, part: Part = "data"
) -> tuple[NDArray[np.bool_], tuple[Finding, ...]]:
    """Which rows can be used (N,), and findings: unreadable, misnamed, silent and clipped files, by row and path.

    rows: (N,) the numbers that the rows of `frame` have in their file.
    """
    wrong, odd = _seen(frame, columns)
    number_N = np.arange(len(frame)) if rows is None else np.asarray(rows)
    usable_N = np.array([not reason for reason in wrong], np.bool_)
    found = []
    if not usable_N.all():
        bad = np.flatnonzero(~usable_N)
        said = "; ".join(f"row {number_N[i]}: {wrong[i]}" for i in bad[:NAMED]) + _rest(bad)
        noun = "a series" if {column.role for column in columns if column.role in MEDIA} == {Role.SERIES} else "a file"
        what = f"{len(bad)} of {len(frame)} rows have {noun} that can't be read and are left out. {said}"
        names = tuple(wrong[i] for i in bad)
        fix = "Mend or delete these files." if noun == "a file" else "Mend or delete these rows."
        found.append(_finding("unreadable_file", what, number_N[bad], "warn", fix, part, names))
    for kind, places in odd.items():
        at = np.array([place for place, _ in places], np.int64)
        check, severity, fix = FIXES.get(kind, ("misnamed_file", "note", "Rename it; it is read as what it is."))
        some = ", ".join(name for _, name in places[:NAMED]) + _rest(places)
        what = f"{len(places)} {'file is' if len(places) == 1 else 'files are'} {kind}: {some}"
        if kind == FLAT:
            what = f"{len(places)} series {'is' if len(places) == 1 else 'are'} flat: one value from end to end"
        found.append(_finding(check, what, number_N[at], severity, fix, part, tuple(name for _, name in places)))
    return usable_N, tuple(found)


def _seen(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[list[str], dict[str, list[tuple[int, str]]]]:
    wrong = [""] * len(frame)
    odd: dict[str, list[tuple[int, str]]] = defaultdict(list)
    only = alone(columns)
    for column in columns:
        if column.role not in MEDIA or column.name not in frame.columns:
            continue
        items = items_of(frame[column.name], column.role)
        for row, health in enumerate(_looked(items, column.role)):
            if items[row] is None and not only:
                continue
            if health.wrong:
                wrong[row] = wrong[row] or f"{_name(items[row], column.name)}: {health.wrong}"
            elif health.odd:
                odd[health.odd].append((row, _name(items[row], column.name)))
    return wrong, dict(sorted(odd.items()))


def _name(item: Media | None, column: str) -> str:
    return "/".join(Path(item.name).parts[-2:]) if isinstance(item, File) else f"column {column!r}"


def _rest(all_of_them: Sized) -> str:
    more = len(all_of_them) - NAMED
    return f"; {more} more, named in audit.json" if more > 0 else ""


def _finding(check: str, what: str, rows: Ints, severity: str, fix: str, part: Part, names: tuple[str, ...]) -> Finding:
    kind: Literal["warn", "note"] = "warn" if severity == "warn" else "note"
    return Finding(check, what, tuple(int(row) for row in rows), kind, fix, part, names)


def _looked(items: Sequence[Any], role: Role) -> list[Health]:
    """Every file opened and unpacked once, by all cores: what is wrong with it, or odd about it."""
    look = LOOK[role]
    if role is Role.AUDIO:
        need("soundfile", "audio")
    around = hushed() if role is Role.AUDIO else nullcontext()
    with around, ThreadPoolExecutor(min(8, os.cpu_count() or 1), "rung-look") as pool:
        return list(pool.map(look, items, chunksize=16))


def _image_health(file: File | None) -> Health:
    if file is None:
        return Health("no image")
    try:
        kind = looked(file).kind
    except UnreadableMedia as error:
        return Health(str(error.got))
    said = KINDS.get(Path(file.name).suffix.lower(), kind)
    return Health("", f"a {kind} named as {said}" if said != kind else "")


def _sound_health(file: File | None) -> Health:
    if file is None:
        return Health("no sound")
    try:
        heard = listened(file)
    except UnreadableMedia as error:
        return Health(str(error.got))
    if heard.peak < QUIET:
        return Health("", "silent")
    return Health("", "clipped" if heard.full > CLIPPED else "")


def _series_health(series: Series | None) -> Health:
    if series is None:
        return Health("no series")
    try:
        values_CT = series.values()
    except UnreadableMedia as error:
        return Health(str(error.got))
    return Health("", FLAT if (np.nanmin(values_CT) == np.nanmax(values_CT)) else "")


LOOK: dict[Role, Callable[[Any], Health]] = {
    Role.IMAGE: _image_health,
    Role.AUDIO: _sound_health,
    Role.SERIES: _series_health,
}
