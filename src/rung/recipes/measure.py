"""Rows as a climb's models see them, and how long one of them takes."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
import polars as pl

from rung.core.contracts import Embedders, Job, Model
from rung.core.types import Column, Delta, Floats, Inputs, Item, Tell
from rung.data.album import plain_features
from rung.data.inputs import make_inputs, readers_of


def seen(frame: pl.DataFrame, columns: Sequence[Column], embedders: Embedders, tell: Tell) -> Inputs:
    """The rows of `frame`, embedded by backbones as they are or as training changed the first."""
    return make_inputs(frame, columns, readers_of(embedders, tell))


def milliseconds(model: Model, job: Job, embedders: Embedders) -> float:
    """Milliseconds for one row, backbones included, nothing cached; the median of seven rows."""
    times = []
    rows = np.linspace(0, len(job.target) - 1, 8).astype(np.int64)
    for row in rows:
        one = job.inputs.take(np.array([row]))
        one = fresh(one, embedders, job.columns)
        begun = perf_counter()
        model.predict(one)
        times.append(perf_counter() - begun)
    return float(np.median(times[1:])) * 1000


def fresh(inputs: Inputs, embedders: Embedders, columns: Sequence[Column]) -> Inputs:
    """The same rows, for which every backbone computes again: nothing comes from the cache."""
    roles = {column.name: column.role for column in columns}
    inputs = replace(inputs, plain=lambda name: plain_features(inputs.media[name], roles[name]))
    if not embedders:
        return inputs

    def embed(name: str) -> Floats:
        return embedders[roles[name]].uncached(inputs.parts[name])

    def tune(delta: Delta, items: Sequence[Item], kept: int = 1) -> Floats:
        return next(iter(embedders.values())).tuned(delta, kept=kept).uncached(items)

    return replace(inputs, embed=embed, rate=None, tune=tune)
