"""Rows as a climb's models see them, and how long one of them takes."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
import polars as pl

from rung.core.contracts import Embedder, Job, Model
from rung.core.types import Column, Delta, Floats, Inputs, Item, Tell
from rung.data.album import plain_features
from rung.data.inputs import make_inputs


def seen(frame: pl.DataFrame, columns: Sequence[Column], embedder: Embedder | None, tell: Tell) -> Inputs:
    """The rows of `frame`, embedded by `embedder` as it is or as training changed it."""
    if embedder is None:
        return make_inputs(frame, columns, None)
    known = embedder

    def embed(items: Sequence[Item]) -> Floats:
        return known(items, tell=tell)

    def tune(delta: Delta, items: Sequence[Item]) -> Floats:
        return known.tuned(delta)(items, tell=tell)

    return make_inputs(frame, columns, embed, known.seconds_for, tune)


def milliseconds(model: Model, job: Job, embedder: Embedder | None) -> float:
    """Milliseconds for one row, backbone included, nothing cached; the median of seven rows."""
    times = []
    rows = np.linspace(0, len(job.target) - 1, 8).astype(np.int64)
    for row in rows:
        one = job.inputs.take(np.array([row]))
        one = _fresh(one, embedder, job.columns)
        begun = perf_counter()
        model.predict(one)
        times.append(perf_counter() - begun)
    return float(np.median(times[1:])) * 1000


def _fresh(inputs: Inputs, embedder: Embedder | None, columns: Sequence[Column]) -> Inputs:
    roles = {column.name: column.role for column in columns}
    inputs = replace(inputs, plain=lambda name: plain_features(inputs.media[name], roles[name]))
    if embedder is None:
        return inputs

    def embed(name: str) -> Floats:
        return embedder.uncached(inputs.parts[name])

    def tune(delta: Delta, items: Sequence[Item]) -> Floats:
        return embedder.tuned(delta).uncached(items)

    return replace(inputs, embed=embed, rate=None, tune=tune)
