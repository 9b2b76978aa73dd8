"""A bundle just written is read back from its files, and must say of some rows what was scored."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from rung.core.errors import BundleError
from rung.core.types import Floats, Task
from rung.predict.torch import load

NEAR = 1e-3  # of a probability, or of the spread of the values: float32 in batches of other lengths stays far below
COARSE = 0.05  # the same where the backbone computes in fewer bits
MOST_APART = 0.1  # share of rows: a tree or a neighbour may tip where its input moves by a last bit


@dataclass(frozen=True)
class Reread:
    """So many rows through the bundle as its files say, and the largest difference from what was scored."""

    rows: int
    apart: float


def reread(folder: Path, frame: pl.DataFrame, scored: Floats, labels: tuple[str, ...]) -> Reread:
    """Load the bundle in `folder` anew, its backbone too, and compare what it says of `frame` with `scored` (N, C).

    labels: the classes (C,) in the order of those columns; none for regression. It is the same process that trained;
    the tests of each rung load in a fresh one.
    Raises BundleError where more than a tenth of the rows differ.
    """
    predictor = load(folder)
    said = predictor(frame)
    apart_N = np.full(len(scored), np.inf)
    if said.shape == scored.shape and predictor.manifest.labels == labels:
        spread = float(scored.std()) if predictor.manifest.task is Task.REGRESSION else 1.0
        apart_N = np.abs(said - scored).max(1) / (spread or 1.0)
    exact = all(embedder.precision == "float32" for embedder in predictor.embedders.values())
    if np.mean(~(apart_N <= (NEAR if exact else COARSE))) > MOST_APART:  # not a number is no agreement
        raise BundleError(
            f"bundle {folder}",
            wanted=f"the predictions of the model that was trained, on {len(scored)} rows",
            got=f"others, up to {apart_N.max():.2g} away",
            fix="What was trained is kept: report this, and run rung fit again with --resume.",
        )
    return Reread(len(scored), float(apart_N.max(initial=0.0)))
