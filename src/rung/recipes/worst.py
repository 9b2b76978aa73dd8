"""The worst errors: where the delivered model was most sure, or furthest off, and wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rung.core.types import EMBEDDED, MEDIA, Column, Floats, Role, Task
from rung.data.album import files_of, thumbnail
from rung.data.series import series_of
from rung.recipes.finish import Opened
from rung.recipes.predictions import answers
from rung.recipes.prepare import Prepared

MOST = 30
EXCERPT = 300
SIDE = 96  # pixels of a small copy


def worst_errors(prepared: Prepared, opened: Opened, prediction: Floats) -> list[dict[str, Any]]:
    """At most 30 test rows, worst first: row, text (an excerpt), truth, prediction, confidence.

    confidence: the probability given to what was predicted; for regression the signed error.
    """
    row, target, true = opened.row, opened.target, list(opened.said)
    said = answers(target.task, target.labels, prediction)
    if target.task is Task.REGRESSION:
        sureness = prediction[:, 0].astype(float) - target.value
        order = np.argsort(-np.abs(sureness), kind="stable")
    elif target.task is Task.MULTILABEL:
        known = target.value[:, : prediction.shape[1]].astype(bool)
        sureness = np.where((prediction >= 0.5) != known, np.abs(prediction - 0.5), 0).max(1) + 0.5
        order = _wrong(sureness, said, true)
    else:
        sureness = prediction.max(1)
        order = _wrong(sureness, said, true)
    frame = prepared.test.frame
    place = {int(number): i for i, number in enumerate(prepared.test.row)}
    read = [column for column in prepared.columns if column.role in EMBEDDED]
    return [
        {
            "row": int(row[i]),
            "text": _excerpt(frame, read, place[int(row[i])]),
            "truth": true[i],
            "prediction": said[i],
            "confidence": float(sureness[i]),
        }
        | _picture(prepared, place[int(row[i])])
        for i in order[:MOST]
    ]


def _picture(prepared: Prepared, i: int) -> dict[str, str]:
    """A small copy of the row's first image as a data URI, for the report; nothing where there is none."""
    name = next((column.name for column in prepared.columns if column.role is Role.IMAGE), None)
    file = None if name is None else files_of(prepared.test.frame[name][i : i + 1])[0]
    return {} if file is None else {"image": thumbnail(file, SIDE)}


def _wrong(sureness: Any, said: list[Any], true: list[Any]) -> Any:
    order = np.argsort(-sureness, kind="stable")
    return np.array([i for i in order if said[i] != true[i]], np.int64)


def _said(cell: Any) -> str:
    return cell if isinstance(cell, str) else str(cell.get("path") or "") if isinstance(cell, dict) else ""


def _row_said(frame: pl.DataFrame, name: str, role: Role, i: int) -> str:
    if role is Role.SERIES:
        item = series_of(frame[name][i : i + 1])[0]
        return "" if item is None else f"{name}: {item}"
    said = _said(frame[name][i])
    return "/".join(Path(said).parts[-2:]) if role in MEDIA else said


def _excerpt(frame: pl.DataFrame, read: list[Column], i: int) -> str:
    whole = " | ".join(_row_said(frame, column.name, column.role, i) for column in read)
    return whole if len(whole) <= EXCERPT else whole[: EXCERPT - 1] + "…"
