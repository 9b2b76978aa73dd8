"""predictions.parquet: row, split, truth and each rung's prediction, so that every figure can be made again."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.types import Floats, Ints, Target, Task

DELIVERED = "delivered"


def side(split: str, row: Ints, target: Target, predictions: Mapping[str, Floats], repeat: int = 0) -> pl.DataFrame:
    """Rows of one split: `<rung>` holds the prediction, `<rung>:p` the probabilities in order of labels.

    predictions: rung -> (N, C), row n for row[n].
    """
    columns: dict[str, Any] = {
        "row": row,
        "split": [split] * len(row),
        "repeat": np.full(len(row), repeat, np.int16),
        "target": truth(target),
    }
    for name, prediction in predictions.items():
        columns[name] = answers(target.task, target.labels, prediction)
        if target.task is not Task.REGRESSION:
            columns[f"{name}:p"] = pl.Series(prediction.astype(np.float32).tolist(), dtype=pl.List(pl.Float32))
    return pl.DataFrame(columns)


def truth(target: Target) -> list[Any]:
    """The target as people write it: label, `;`-joined labels, or number; None where a label is unknown."""
    if target.task is Task.REGRESSION:
        return [float(value) for value in target.value]
    if target.task is Task.MULTILABEL:
        return [joined(target.labels, row.astype(bool)) for row in target.value]
    return [target.labels[i] if i >= 0 else None for i in target.value]


def answers(task: Task, labels: tuple[str, ...], prediction: Floats) -> list[Any]:
    """What is predicted, as people write it."""
    if task is Task.REGRESSION:
        return [float(value) for value in prediction[:, 0]]
    if task is Task.MULTILABEL:
        return [joined(labels, row >= 0.5) for row in prediction]
    return [labels[i] for i in prediction.argmax(1)]


def joined(labels: tuple[str, ...], chosen: NDArray[np.bool_]) -> str:
    """Labels of one row, `;`-joined.

    >>> joined(("a", "b", "c"), np.array([True, False, True]))
    'a;c'
    """
    return ";".join(label for label, yes in zip(labels, chosen, strict=True) if yes)


def parquet(frame: pl.DataFrame) -> bytes:
    """The frame as parquet bytes."""
    buffer = BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
