"""A column's images and sounds with what one decoding of each shows, by all cores."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import polars as pl

from rung.core.errors import UnreadableMedia
from rung.data.album import files_of
from rung.data.hush import hushed
from rung.data.looks import Heard, Look, listened, looked
from rung.data.media import File

Known = TypeVar("Known")


def looks_of(series: pl.Series) -> list[tuple[File | None, Look | None]]:
    """Each row's image and its numbers, None where it is missing or can't be read; see rung.data.looks."""
    return _each(files_of(series), looked)


def heard_of(series: pl.Series) -> list[tuple[File | None, Heard | None]]:
    """Each row's sound and its numbers, None where it is missing or can't be read; see rung.data.looks."""
    with hushed():
        return _each(files_of(series), listened)


def _each(files: Sequence[File | None], look: Callable[[File], Known]) -> list[tuple[File | None, Known | None]]:
    def one(file: File | None) -> Known | None:
        try:
            return None if file is None else look(file)
        except UnreadableMedia:
            return None

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "rung-look") as pool:
        return list(zip(files, pool.map(one, files, chunksize=16), strict=True))
