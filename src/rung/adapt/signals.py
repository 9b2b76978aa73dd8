"""Handmade features of images, sounds and series, beside table columns, under one linear head: no backbone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rung.adapt.choose import Candidate
from rung.adapt.linear import Groups, fit_linear, path, standard
from rung.bundle.kernels import fit_kernels
from rung.bundle.model import Encoders, FittedModel
from rung.bundle.table import fit_table
from rung.core.contracts import Job
from rung.core.types import Column, Floats, Fold, Ints, Role

STRENGTHS = tuple(float(10**power) for power in np.linspace(-2, 3, 11))

SIGNALS = "signals"  # what the choice says of such a model


class Signals:
    """Colour histograms and HOG of images, MFCC and statistics of sounds, random convolutions of series.

    See rung.data.pictures, rung.data.sounds and rung.bundle.kernels. A picture's features have one scale by their
    making; the others are divided by their spread on the rows that train.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._spread = any(column.role in (Role.AUDIO, Role.SERIES) for column in columns)

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """Strengths from strong to weak, then class weights at the best."""
        return path(job, folds, self._groups(job, folds), STRENGTHS, {"variant": SIGNALS})

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> FittedModel:
        """One model on these pool rows; the spread of features goes into the head's weights."""
        encoders = _encoders(job, rows)
        x = encoders.apply(job.inputs.take(rows))
        spread_D = self._spread_of(x)
        target = job.target.take(rows)
        shift, spread = standard(job.target, rows)
        head = fit_linear(target, x / spread_D, choice, shift, spread)
        return FittedModel(encoders, replace(head, weight=head.weight / spread_D[:, None]), shift, spread)

    def _groups(self, job: Job, folds: Sequence[Fold]) -> Groups:
        def groups() -> Iterator[tuple[Floats, list[int]]]:
            if not self._spread and not job.inputs.table.width:
                yield _encoders(job, folds[0].train).apply(job.inputs), list(range(len(folds)))
                return
            for f, fold in enumerate(folds):
                x = _encoders(job, fold.train).apply(job.inputs)
                yield x / self._spread_of(x[fold.train]), [f]

        return groups

    def _spread_of(self, x_ND: Floats) -> Floats:
        if not self._spread:
            return np.ones(x_ND.shape[1], np.float32)
        return np.asarray(np.maximum(x_ND.std(axis=0), np.float32(1e-4)), np.float32)


def _encoders(job: Job, rows: Ints) -> Encoders:
    series = {column.name for column in job.columns if column.role is Role.SERIES}
    names = tuple(name for name in job.inputs.media if name not in series)
    kernels = tuple(
        fit_kernels(name, [items[row] for row in rows], seed=job.seed)
        for name, items in job.inputs.media.items()
        if name in series
    )
    bare = Encoders(plain=names, kernels=kernels)
    if not job.inputs.table.width:
        return bare
    spread = float(np.sqrt(bare.apply(job.inputs.take(rows)).var(axis=0).sum()))
    table = fit_table(job.inputs.table[rows])
    columns = max(1, len(table.numbers) + len(table.categories) + len(table.datetimes))
    return replace(bare, table=table, scale=spread / float(np.sqrt(columns)))
