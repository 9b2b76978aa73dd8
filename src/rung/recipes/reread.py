"""A bundle just written is read back from its files, and must say of some rows what was scored."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from rung.bundle.temperature import apply_temperature
from rung.core.contracts import Embedder
from rung.core.errors import BundleError
from rung.core.memory import out_of_memory
from rung.core.types import Floats, Task, silent
from rung.predict.earlier import BETWEEN
from rung.predict.torch import Predictor, load
from rung.recipes.measure import fresh, seen

NEAR = 1e-3  # of a probability, or of the spread of the values: float32 in batches of other lengths stays far below
COARSE = 0.05  # the same where a backbone computes in fewer bits
MOST_APART = 0.1  # share of rows: a tree or a neighbour may tip where its input moves by a last bit


@dataclass(frozen=True)
class Reread:
    """Rows through the bundle as its files say, how many were as scored, and the largest difference (None: no number).

    No rows where there was no memory for a second backbone.
    """

    rows: int
    same: int
    apart: float | None


def reread(
    folder: Path, frame: pl.DataFrame, scored: Floats, labels: tuple[str, ...], *, device: str = "auto"
) -> Reread:
    """Load the bundle in `folder` anew, and hold what it says of `frame`, nothing cached, against `scored` (N, C).

    labels: the classes (C,) in the order of those columns; none for regression. It is the same process that trained;
    the tests of each rung load in a fresh one.
    Raises BundleError where more than a tenth of the rows differ.
    """
    try:
        predictor = load(folder, device=device)
        said = _said(predictor, frame)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        return Reread(0, 0, None)
    apart_N = np.full(len(scored), np.inf)
    if said.shape == scored.shape and predictor.manifest.labels == labels:
        spread = float(scored.std()) if predictor.manifest.task is Task.REGRESSION else 1.0
        apart_N = np.abs(said - scored).max(1) / (spread or 1.0)
    exact = all(map(_exact, predictor.embedders.values()))
    same_N = apart_N <= (NEAR if exact else COARSE)  # not a number is no agreement
    if np.mean(~same_N) > MOST_APART:
        raise BundleError(
            f"bundle {folder}",
            wanted="the predictions of the model that was trained",
            got=f"others, of {np.sum(~same_N)} of {len(scored)} rows",
            fix="What was trained is kept: report this, and run rung fit again with --resume.",
        )
    apart = float(apart_N.max(initial=0.0))
    return Reread(len(scored), int(same_N.sum()), apart if np.isfinite(apart) else None)


def _said(predictor: Predictor, frame: pl.DataFrame) -> Floats:
    manifest, embedders = predictor.manifest, predictor.embedders
    inputs = fresh(seen(frame, manifest.columns, embedders, silent), embedders, manifest.columns)
    return apply_temperature(predictor.model.predict(inputs), manifest.temperature, manifest.task)


def _exact(embedder: Embedder) -> bool:
    return set(embedder.precision.split(BETWEEN)) == {"float32"}
