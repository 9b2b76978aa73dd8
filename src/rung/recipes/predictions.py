"""predictions.parquet: row, split, truth and each rung's prediction, so that every figure can be made again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.errors import BundleError
from rung.core.types import Floats, Ints, Target, Task

DELIVERED = "delivered"
KNOWN = "training_rows.parquet"  # hashes of the rows that trained or chose, in no order, to know them again


def side(
    split: str,
    row: Ints,
    unit: Ints,
    target: Target,
    predictions: Mapping[str, Floats],
    *,
    repeat: int = 0,
    said: Sequence[Any] | None = None,
) -> pl.DataFrame:
    """Rows of one split: `<rung>` holds the prediction, `<rung>:p` the probabilities in order of labels.

    unit: (N,) ids of the clusters that intervals resample. predictions: rung -> (N, C), row n for row[n]. said: the
    truth as the file has it, for labels that training never had; read off the target where it is left out.
    """
    columns: dict[str, Any] = {
        "row": row,
        "split": [split] * len(row),
        "repeat": np.full(len(row), repeat, np.int16),
        "unit": unit,
        "target": truth(target) if said is None else list(said),
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
        known = len(target.labels)
        return [None if row[known:].any() else joined(target.labels, row[:known].astype(bool)) for row in target.value]
    return [target.labels[i] if i >= 0 else None for i in target.value]


def answers(
    task: Task, labels: tuple[str, ...], prediction: Floats, classes: tuple[Any, ...] | None = None
) -> list[Any]:
    """What is predicted, as people write it; one class a row as `classes` has it, where that is given."""
    if task is Task.REGRESSION:
        return [float(value) for value in prediction[:, 0]]
    if task is Task.MULTILABEL:
        return [joined(labels, row >= 0.5) for row in prediction]
    named = labels if classes is None else classes
    return [named[i] for i in prediction.argmax(1)]


def spoken(cell: Any) -> str:
    """A target cell as the file has it, lists `;`-joined."""
    return ";".join(map(str, cell)) if isinstance(cell, list) else str(cell)


def joined(labels: tuple[str, ...], chosen: NDArray[np.bool_]) -> str:
    """Labels of one row, `;`-joined.

    >>> joined(("a", "b", "c"), np.array([True, False, True]))
    'a;c'
    """
    return ";".join(label for label, yes in zip(labels, chosen, strict=True) if yes)


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turn what a damaged or missing file of a run raises into a BundleError that names it."""
    try:
        yield
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        got = "none" if isinstance(error, FileNotFoundError) else "damage"
        raise BundleError(
            f"file {path}", wanted="it as rung fit wrote it", got=got, fix="Copy the run again."
        ) from error


def kept_test(run: Path) -> pl.DataFrame:
    """The test rows of predictions.parquet; raises BundleError naming the file when it is damaged or gone."""
    path = run / "predictions.parquet"
    with whole(path):
        return pl.read_parquet(path).filter(pl.col("split") == "test")


def known_rows(run: Path) -> NDArray[np.uint64]:
    """What tells the rows that this run learnt from; raises BundleError naming the file when it is damaged or gone."""
    path = run / KNOWN
    with whole(path):
        return pl.read_parquet(path)["content"].to_numpy()


def parquet(frame: pl.DataFrame) -> bytes:
    """The frame as parquet bytes."""
    buffer = BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
