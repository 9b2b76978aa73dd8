"""Handmade features of images, sounds and series, alone or beside embeddings, and table columns: one linear head."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from rung.adapt.choose import Candidate
from rung.adapt.features import EMBEDDING, ROOTED, encoders_of
from rung.adapt.linear import Groups, fit_linear, path, standard
from rung.backbones.workers import workers
from rung.bundle.kernels import FEATURES, fit_kernels
from rung.bundle.model import Encoders, FittedModel
from rung.bundle.table import fit_table
from rung.core.contracts import Job
from rung.core.types import Column, Floats, Fold, Ints, Role
from rung.data.album import plain_features

STRENGTHS = tuple(float(10**power) for power in np.linspace(-2, 3, 11))

SIGNALS = "signals"  # what the choice says of such a model
SAMPLE = 8  # images or sounds whose features are made to learn what all will take
FITS = 3  # times that kernels are fitted and applied beside the folds


class Signals:
    """Colour histograms and HOG of images, MFCC and statistics of sounds, random convolutions of series.

    See rung.data.pictures, rung.data.sounds and rung.bundle.kernels. A picture's features have one scale by their
    making; the others are divided by their spread on the rows that train. embedded: the columns' embeddings, or their
    square roots, stand beside them with as much variance in all, also those of texts. extra goes into each choice.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        embedded: bool = False,
        root: bool = False,
        extra: dict[str, Any] | None = None,
        complexity: int = 0,
    ) -> None:
        self._spread = any(column.role in (Role.AUDIO, Role.SERIES) for column in columns)
        self._embedded, self._root = embedded, root
        self._extra, self._complexity = {"variant": SIGNALS} if extra is None else extra, complexity

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """Strengths from strong to weak, then class weights at the best."""
        return path(job, folds, self._groups(job, folds), STRENGTHS, self._extra, self._complexity)

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> FittedModel:
        """One model on these pool rows; the spread of features goes into the head's weights."""
        encoders, x, spread_D = self._features(job, rows, only=True)
        target = job.target.take(rows)
        shift, spread = standard(job.target, rows)
        head = fit_linear(target, x, choice, shift, spread)
        return FittedModel(encoders, replace(head, weight=head.weight / spread_D[:, None]), shift, spread)

    def _groups(self, job: Job, folds: Sequence[Fold]) -> Groups:
        def groups() -> Iterator[tuple[Floats, list[int]]]:
            if not self._spread and not job.inputs.table.width:
                yield self._features(job, folds[0].train)[1], list(range(len(folds)))
                return
            for f, fold in enumerate(folds):
                yield self._features(job, fold.train)[1], [f]

        return groups

    def _features(self, job: Job, rows: Ints, *, only: bool = False) -> tuple[Encoders, Floats, Floats]:
        """Encoders fitted on these pool rows; features of all of them, or of these only; what they were divided by."""
        inputs, own = (job.inputs.take(rows), np.arange(len(rows))) if only else (job.inputs, rows)
        encoders = _encoders(job, rows)
        x = encoders.apply(inputs)
        spread_D = np.ones(x.shape[1], np.float32)
        if self._spread:
            spread_D = np.maximum(x[own].std(axis=0), np.float32(1e-4))
            x = x / spread_D
        if not self._embedded:
            return encoders, x, spread_D
        bare = encoders_of(job, rows, ROOTED if self._root else EMBEDDING)
        z = bare.apply(inputs)
        share = float(x[own].var(axis=0).sum() / max(z[own].var(axis=0).sum(), 1e-12))
        weight = share if self._root else share**0.5  # the root is drawn of what was weighed
        parts = tuple(replace(part, scale=part.scale * share**0.5) for part in bare.parts)
        bare = replace(bare, weight=weight, parts=parts)
        both = np.concatenate([bare.apply(inputs), x], axis=1)
        encoders = replace(encoders, embedded=bare.embedded, root=self._root, weight=weight, parts=parts)
        return encoders, both, np.concatenate([np.ones(z.shape[1], np.float32), spread_D])


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


def making(job: Job) -> float:
    """Seconds to make the handmade features of all rows, from a few of them on one core; of series, fold by fold."""
    some = np.linspace(0, len(job.target) - 1, SAMPLE).astype(np.int64)
    roles = {column.name: column.role for column in job.columns}
    seconds = 0.0
    for name, files in job.inputs.media.items():
        sample = [files[row] for row in some]
        begun = perf_counter()
        if roles[name] is Role.SERIES:
            kernels = fit_kernels(name, sample, seed=job.seed)
            fitted = perf_counter()
            kernels.apply(sample)
            again = (perf_counter() - fitted) / SAMPLE * len(job.target)
            seconds += (again + fitted - begun) * (len(job.plan.folds) + FITS)
            continue
        for file in sample:
            plain_features([file], roles[name])
        seconds += (perf_counter() - begun) / SAMPLE * len(job.target) / workers()
    return seconds


def width(job: Job) -> int:
    """How many handmade features a row has."""
    roles = {column.name: column.role for column in job.columns}
    return sum(
        FEATURES if roles[name] is Role.SERIES else plain_features(files[:1], roles[name]).shape[1]
        for name, files in job.inputs.media.items()
    )
