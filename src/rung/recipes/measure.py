"""Rows as a climb's models see them, and how long one of them takes."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np
import polars as pl

from rung.core.contracts import Embedder, Job, Model
from rung.core.types import Column, Delta, Floats, Inputs, Tell
from rung.data.inputs import make_inputs


def seen(frame: pl.DataFrame, columns: Sequence[Column], embedder: Embedder | None, tell: Tell) -> Inputs:
    """The rows of `frame`, embedded by `embedder` as it is or as training changed it."""
    if embedder is None:
        return make_inputs(frame, columns, None)
    known = embedder

    def embed(texts: Sequence[str]) -> Floats:
        return known(texts, tell=tell)

    def tune(delta: Delta, texts: Sequence[str]) -> Floats:
        return known.tuned(delta)(texts, tell=tell)

    return make_inputs(frame, columns, embed, known.seconds_for, tune)


def milliseconds(model: Model, job: Job, embedder: Embedder | None) -> float:
    """Milliseconds for one row, backbone included, nothing cached; the median of seven rows."""
    times = []
    rows = np.linspace(0, len(job.target) - 1, 8).astype(np.int64)
    for row in rows:
        one = job.inputs.take(np.array([row]))
        if embedder is not None:
            one = _fresh(one, embedder)
        begun = perf_counter()
        model.predict(one)
        times.append(perf_counter() - begun)
    return float(np.median(times[1:])) * 1000


def _fresh(inputs: Inputs, embedder: Embedder) -> Inputs:
    def embed(name: str) -> Floats:
        return embedder.uncached(inputs.texts[name])

    def tune(delta: Delta, texts: Sequence[str]) -> Floats:
        return embedder.tuned(delta).uncached(texts)

    return Inputs(inputs.texts, inputs.table, embed, inputs.n, tune=tune)
