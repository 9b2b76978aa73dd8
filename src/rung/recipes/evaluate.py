"""Evaluate: a run on labelled rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rung.core.types import Tell, silent
from rung.recipes.evaluation import Evaluation
from rung.recipes.run import Run, load


def evaluate(
    run: str | Path | Run,
    data: Any,
    *,
    slice: Sequence[str] = (),  # noqa: A002  # the flag's own name
    sensitive: Sequence[str] = (),
    tell: Tell = silent,
) -> Evaluation:
    """Score `run` on the labelled rows of `data`, with intervals; by `slice` and `sensitive` columns where given.

    Raises NoSuchColumn, BundleError, DataError.
    """
    opened = run if isinstance(run, Run) else load(run)
    return opened.evaluate(data, slice, sensitive, tell)
