"""Predict: a run and new rows give a table, in the order of the rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from rung.bundle.io import honest_disk
from rung.core.errors import BadOption
from rung.core.types import Finding, Tell, silent
from rung.recipes.apply import empty, predicted, table_of
from rung.recipes.run import Run, load

ENDINGS = {".csv": "write_csv", ".tsv": "write_csv", ".parquet": "write_parquet", ".jsonl": "write_ndjson"}


def ignored(_: Finding) -> None:
    """Take notice of nothing."""


def predict(
    run: str | Path | Run,
    data: Any,
    *,
    out: str | Path | None = None,
    tell: Tell = silent,
    notice: Callable[[Finding], None] = ignored,
) -> pl.DataFrame:
    """Predict each row of `data` with `run`; write the table to `out` (.csv, .tsv, .parquet, .jsonl) where given.

    notice: told of rows that hold no text; they are predicted all the same.
    Returns id or row, prediction, then p_<label> a class, or lower and upper; `error` where a row can't be read.
    Raises BadOption for another ending, BundleError, NoSuchColumn, DataError.
    """
    if out is not None and Path(out).suffix.lower() not in ENDINGS:
        raise BadOption("-o", wanted=f"a file ending in {', '.join(ENDINGS)}", got=str(out))
    if out is not None and isinstance(data, str | Path) and Path(out).resolve() == Path(data).resolve():
        raise BadOption("-o", wanted="another file than the data", got=str(out))
    opened = run if isinstance(run, Run) else load(run)
    predictor = opened.predictor
    frame = table_of(data, predictor.manifest.columns)
    for finding in empty(frame, predictor.manifest.columns):
        notice(finding)
    table = predicted(predictor, frame, tell)
    if out is not None:
        write_table(table, Path(out))
    return table


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write a table atomically in the format that the ending names."""
    temporary = path.with_name(f".{path.name}.part")
    with honest_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        ending = path.suffix.lower()
        options = {"separator": "\t"} if ending == ".tsv" else {}
        try:
            with temporary.open("wb") as file:  # Python's file: its errors carry the system's number
                getattr(table, ENDINGS[ending])(file, **options)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
