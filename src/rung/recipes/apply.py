"""New rows through a loaded bundle: the table that `rung predict` writes, and what a row that can't be read gets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from rung.audit.base import rows_of
from rung.audit.empty import empty_texts
from rung.core.errors import BadShape
from rung.core.types import FEATURES, MEDIA, Column, Finding, Floats, Role, Task, Tell, silent
from rung.data.album import packed, with_places
from rung.data.classes import PATH
from rung.data.damage import unreadable_files
from rung.data.gather import gathered
from rung.data.inputs import alone, cast
from rung.data.numbers import MISSING
from rung.data.read import read
from rung.predict.torch import Predictor
from rung.recipes.predictions import answers

FILES = (Role.IMAGE, Role.AUDIO)
WANTED = {Role.NUMBER: "a number", Role.DATETIME: "a date"}


def table_of(data: Any, columns: Sequence[Column]) -> pl.DataFrame:
    """`data` as a table: anything that read() takes, or a list when the model reads one column.

    Such a list holds texts, or images or sounds: their file names, PIL images, pixel arrays, bytes; or series: lists
    of numbers or of channels, arrays.
    """
    features = [column for column in columns if column.role in FEATURES]
    if isinstance(data, np.ndarray) and data.ndim == 1:
        data = data.tolist()
    if len(features) == 1 and features[0].role is Role.SERIES and _numbers(data):
        return pl.DataFrame({features[0].name: pl.Series([None if item is None else _listed(item) for item in data])})
    if isinstance(data, list | tuple) and len(features) == 1 and features[0].role in MEDIA:
        packs = [packed(item) for item in data]
        if all(isinstance(item, str | bytes | Path | None) for item in packs):
            cells = [str(item) if isinstance(item, Path) else item for item in packs]
            return pl.DataFrame({features[0].name: cells})
    if isinstance(data, list | tuple) and all(isinstance(item, str | None) for item in data):
        if len(features) != 1 or features[0].role is not Role.TEXT:
            needed = ", ".join(column.name for column in features)
            raise BadShape("data", wanted=f"a table with the columns {needed}", got="a list of texts")
        return pl.DataFrame({features[0].name: list(data)}, schema={features[0].name: pl.String})
    if isinstance(data, list | tuple):
        if not all(isinstance(item, dict) for item in data):
            odd = next(item for item in data if not isinstance(item, str | dict | None))
            files = len(features) == 1 and features[0].role in MEDIA
            which = "file names, PIL images, arrays of bytes (H, W, 3) or bytes" if files else "texts"
            raise BadShape("data", wanted=f"a list of {which}, or of dicts by column", got=f"{odd!r:.60} in it")
        data = [{name: packed(value) for name, value in item.items()} for item in data if item is not None]
        data = pl.DataFrame(data, infer_schema_length=None, strict=False)
    sheet = read(data)
    return with_places(_renamed(gathered(sheet.frame, columns), features, sheet.folder), columns, sheet.folder)


def _numbers(data: Any) -> bool:
    """Whether it is a list of series: lists of numbers or of channels, or arrays (T,) or (C, T)."""
    known = [item for item in data if item is not None] if isinstance(data, list | tuple | np.ndarray) else []
    return bool(known) and all(isinstance(item, list | tuple | np.ndarray) for item in known)


def _listed(item: Any) -> Any:
    return item.tolist() if isinstance(item, np.ndarray) else list(item)


def _renamed(frame: pl.DataFrame, features: Sequence[Column], folder: Path | None) -> pl.DataFrame:
    """A folder of files under the name that the model's only column of files has."""
    media = [column.name for column in features if column.role in MEDIA]
    if folder is None or len(media) != 1 or media[0] in frame.columns or PATH not in frame.columns:
        return frame
    return frame.rename({PATH: media[0]})


def probabilities(predictor: Predictor, frame: pl.DataFrame, tell: Tell = silent) -> Floats:
    """(N, C) calibrated probabilities or (N, 1) values, row order kept."""
    if len(frame) == 0:
        return np.zeros((0, max(1, len(predictor.manifest.labels))), np.float32)
    return predictor(frame, tell=tell)


def unreadable(frame: pl.DataFrame, columns: Sequence[Column]) -> list[str]:
    """Why each row can't be read, "" where it can: other words in a cell where the model reads a number or a date."""
    reasons = [""] * len(frame)
    for column in columns:
        if column.role not in WANTED or column.name not in frame.columns:
            continue
        values = frame[column.name]
        if values.dtype != pl.String:
            continue
        said = values.is_not_null() & ~values.str.strip_chars().str.to_lowercase().is_in(sorted(MISSING))
        bad = said & cast(values, column).is_null()
        for i in np.flatnonzero(bad.to_numpy()):
            wanted, got = WANTED[column.role], str(values[int(i)])[:40]
            reasons[i] = reasons[i] or f"column {column.name!r}: wanted {wanted}, got {got!r}"
    return reasons


def unreadable_cells(
    frame: pl.DataFrame, columns: Sequence[Column], part: Literal["data", "test"]
) -> tuple[Finding, ...]:
    """The same as a finding, for rows that are scored: there such a cell counts as missing."""
    reasons = unreadable(frame, columns)
    rows = tuple(row for row, reason in enumerate(reasons) if reason)
    if not rows:
        return ()
    what = f"{rows_of(len(rows))} with a cell that can't be read, taken as missing; row {rows[0]}: {reasons[rows[0]]}"
    return (Finding("unreadable_cell", what, rows, "warn", "Mend or empty these cells.", part),)


def empty(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[Finding, ...]:
    """A finding of the rows without any text, where that is all they could have."""
    if not alone(columns):
        return ()
    texts = [column.name for column in columns if column.role is Role.TEXT and column.name in frame.columns]
    found = empty_texts(frame, texts, part="test")
    return () if found is None else (found,)


def predicted(predictor: Predictor, frame: pl.DataFrame, tell: Tell = silent) -> pl.DataFrame:
    """The table of interfaces.md: id or row, prediction, p_<label> or lower/upper, and error where a row failed.

    Row order and count are those of `frame`.
    """
    manifest = predictor.manifest
    broken = unreadable_files(frame, manifest.columns)
    errors = [each or other for each, other in zip(broken, unreadable(frame, manifest.columns), strict=True)]
    readable = np.array([not each for each in broken], np.bool_)
    known = probabilities(predictor, frame.filter(readable) if not readable.all() else frame, tell)
    probability = np.zeros((len(frame), known.shape[1]), np.float32)
    probability[readable] = known
    read = {column.name for column in manifest.columns if column.role in (*FEATURES, Role.TARGET)}
    own = [column.name for column in manifest.columns if column.role is Role.ID]
    ids = [name for name in (*own, "id") if name in frame.columns and name not in read]
    taken = {"prediction", "lower", "upper", "error", *(f"p_{label}" for label in manifest.labels)}
    key = "id" if ids and ids[0] in taken else (ids or ["row"])[0]
    result: dict[str, Any] = {key: frame[ids[0]] if ids else np.arange(len(frame), dtype=np.int64)}
    result["prediction"] = answers(manifest.task, manifest.labels, probability, manifest.classes)
    if manifest.task is Task.REGRESSION:
        width = manifest.reach or 0.0
        result["lower"] = [value - width for value in result["prediction"]]
        result["upper"] = [value + width for value in result["prediction"]]
    else:
        for i, label in enumerate(manifest.labels):
            result[f"p_{label}"] = probability[:, i]
    table = pl.DataFrame(result)
    files = [column.name for column in manifest.columns if column.role in FILES and column.name not in table.columns]
    named = [frame[name] for name in files if name in frame.columns and frame[name].dtype == pl.String]
    if not any(errors):
        return table.with_columns(named)
    failed = pl.Series("error", errors)
    emptied = [pl.when(failed == "").then(pl.col(name)).alias(name) for name in table.columns[1:]]
    return table.with_columns(*emptied).with_columns(*named, failed)
