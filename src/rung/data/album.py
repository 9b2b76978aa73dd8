"""Columns of images, sounds and series: names of files, bytes, or what Python holds."""

import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rung.core.blank import Blank
from rung.core.extras import need
from rung.core.types import MEDIA, Column, Floats, Media, Role
from rung.data import pictures, sounds
from rung.data.media import File
from rung.data.series import Series, series_of


def files_of(series: pl.Series, folder: Path | None = None) -> list[File | None]:
    """The column's images or sounds: file names (looked up in `folder`), bytes, or structs of both; None for null.

    >>> [file.name for file in files_of(pl.Series("photo", ["a.png"]))]
    ['a.png']
    """
    if series.dtype == pl.String:
        return [None if not name else File(name, _placed(name, folder)) for name in series.to_list()]
    if series.dtype == pl.Binary:
        return [None if raw is None else File(f"row {row}", data=raw) for row, raw in enumerate(series.to_list())]
    found: list[File | None] = []
    for row, cell in enumerate(series.to_list()):
        known: dict[str, Any] = cell or {}
        name = str(known.get("path") or f"row {row}")
        if known.get("bytes") is not None:
            found.append(File(name, data=known["bytes"]))
        else:
            found.append(File(name, _placed(name, folder)) if known.get("path") else None)
    return found


def items_of(series: pl.Series, role: Role) -> Sequence[File | Series | None]:
    """The column's images, sounds or series; None where a row has none."""
    return series_of(series) if role is Role.SERIES else files_of(series)


def nothing_in(name: str, role: Role) -> File | Series:
    """What stands for a missing image, sound or series: refused when it is asked for."""
    return Series(name, wrong="no series") if role is Role.SERIES else File(name, data=b"")


def placed(series: pl.Series, folder: Path | None) -> pl.Series:
    """The column with its file names made absolute, so that it can be read from anywhere."""
    if folder is None or series.dtype != pl.String:
        return series
    return pl.Series(
        series.name, [None if not name else _placed(name, folder) for name in series.to_list()], dtype=pl.String
    )


def contents(series: pl.Series, role: Role) -> list[str]:
    """The content hash of each image, sound or series, in hexadecimal; "" for null."""
    return ["" if item is None else item.key.hex() for item in items_of(series, role)]


def with_places(frame: pl.DataFrame, columns: Sequence[Column], folder: Path | None) -> pl.DataFrame:
    """The table with the file names of its images and sounds made absolute, so that it can be read from anywhere."""
    return _changed(frame, columns, lambda series, role: series if role is Role.SERIES else placed(series, folder))


def by_content(frame: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """The table with the content hash of each image, sound and series in its place: equal ones are the same."""
    return _changed(frame, columns, lambda series, role: pl.Series(series.name, contents(series, role)))


def _changed(
    frame: pl.DataFrame, columns: Sequence[Column], change: Callable[[pl.Series, Role], pl.Series]
) -> pl.DataFrame:
    own = [column for column in columns if column.role in MEDIA and column.name in frame.columns]
    return frame.with_columns([change(frame[column.name], column.role) for column in own])


def packed(value: Any) -> Any:
    """An image or sound in Python, as bytes: PIL image, pixel array, {"array", "sampling_rate"}; else as it is."""
    if hasattr(value, "getexif") and hasattr(value, "save"):
        return _png(value)
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim in (2, 3):
        return _png(need("PIL.Image").fromarray(value))
    if isinstance(value, dict) and {"array", "sampling_rate"} <= set(value):
        buffer = BytesIO()
        samples = np.asarray(value["array"], np.float32)
        need("soundfile", "audio").write(buffer, samples, int(value["sampling_rate"]), format="WAV", subtype="FLOAT")
        return buffer.getvalue()
    return value


def plain_features(files: Sequence[Media], role: Role) -> Floats:
    """(N, D) handmade features of readable files, by all cores; see rung.data.pictures and rung.data.sounds."""

    def one(file: Media) -> Floats:
        return pictures.features(file.image()) if role is Role.IMAGE else sounds.features(file.clip())

    if not files:  # test rows that nobody kept
        return one(Blank())[None][:0]
    if len(files) == 1:
        return one(files[0])[None]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "rung-plain") as pool:
        return np.stack(list(pool.map(one, files, chunksize=4))).astype(np.float32)


def thumbnail(file: Media, side: int) -> str:
    """A copy of an image in at most `side` pixels, as a data URI of some kilobytes."""
    small = file.image()
    small.thumbnail((side, side))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}"


def _png(image: Any) -> bytes:
    buffer = BytesIO()
    (image.convert("RGB") if image.mode in ("CMYK", "YCbCr", "HSV", "LAB", "F") else image).save(buffer, "PNG")
    return buffer.getvalue()


def _placed(name: str, folder: Path | None) -> str:
    path = Path(name).expanduser()
    return str(path if folder is None or path.is_absolute() else folder / path)
