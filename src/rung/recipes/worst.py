"""The worst errors: where the delivered model was most sure, or furthest off, and wrong."""

from typing import Any

import numpy as np
import polars as pl

from rung.core.types import EMBEDDED, Floats, Task
from rung.recipes.finish import Opened
from rung.recipes.predictions import answers
from rung.recipes.prepare import Prepared

MOST = 30
EXCERPT = 300


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
    texts = [column.name for column in prepared.columns if column.role in EMBEDDED]
    return [
        {
            "row": int(row[i]),
            "text": _excerpt(frame, texts, place[int(row[i])]),
            "truth": true[i],
            "prediction": said[i],
            "confidence": float(sureness[i]),
        }
        for i in order[:MOST]
    ]


def _wrong(sureness: Any, said: list[Any], true: list[Any]) -> Any:
    order = np.argsort(-sureness, kind="stable")
    return np.array([i for i in order if said[i] != true[i]], np.int64)


def _said(cell: Any) -> str:
    return cell if isinstance(cell, str) else str(cell.get("path") or "") if isinstance(cell, dict) else ""


def _excerpt(frame: pl.DataFrame, texts: list[str], i: int) -> str:
    whole = " | ".join(_said(frame[name][i]) for name in texts)
    return whole if len(whole) <= EXCERPT else whole[: EXCERPT - 1] + "…"
