"""What the checks of an audit look at: the prepared rows, and what backbones and heads make of them when one asks."""

from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np

from rung.adapt.classic import Classic
from rung.adapt.frozen import Frozen
from rung.adapt.ladder import rungs
from rung.adapt.probe import probe
from rung.audit.battery import checks, in_order, run
from rung.bundle.temperature import apply_temperature
from rung.core.audited import Audited, Judged, Need, Part, Vectors
from rung.core.contracts import Embedders, Job
from rung.core.types import Finding, Floats, Inputs, Ints, Target, Task, Tell, silent
from rung.data.sample import sample
from rung.data.splits import plan
from rung.evaluate.calibration import calibrate
from rung.metrics.table import default
from rung.recipes.climb import Climbed
from rung.recipes.measure import seen
from rung.recipes.options import FitOptions
from rung.recipes.prepare import Prepared

LONG = 60.0  # seconds that embedding may take; of what takes longer, a sample
MOST = 20_000  # rows embedded for an audit, and judged
COSTLY = {"embeddings", "judgements", "test labels"}
FEWEST = 30  # rows that are too few for models to judge each other's


def audited(prepared: Prepared, *, seed: int, time: str | None = None) -> Audited:
    """The rows alone: no backbone, and the test labels stay closed."""
    return Audited(
        prepared.columns, prepared.pool, prepared.target, prepared.test, prepared.test_given, time=time, seed=seed
    )


def noticed(prepared: Prepared, options: FitOptions) -> Prepared:
    """The same, with the findings of every check that needs no model and no closed label: before a climb."""
    rows = audited(prepared, seed=options.seed, time=options.time)
    found = run(rows, having(rows), among=[each for each in checks() if not set(each.needs) & COSTLY]).findings
    return replace(prepared, findings=in_order((*prepared.findings, *found)))


def noticed_late(
    prepared: Prepared, options: FitOptions, embedders: Embedders, job: Job, climbed: Climbed
) -> tuple[Finding, ...]:
    """The findings of the checks that need embeddings or judgements: after a climb, as far as it made them.

    Where no rung embedded the rows, as none was wanted or the budget forbade it, nothing is embedded for a check.
    """
    said = {step.evidence.name: step.trial.prediction[0] for step in climbed.steps if step.trial is not None}
    if not any(rung.name in said and getattr(rung, "needs_backbone", False) for rung in rungs()):
        embedders = {}
    rows = through(audited(prepared, seed=options.seed, time=options.time), embedders, silent)
    said.pop("prior", None)  # guessing tells no row from another
    best = said.get(Frozen.name, said.get(climbed.winner))
    judged = None if best is None else _calibrated(job, best[None], np.arange(len(job.target)))
    rows = replace(rows, judged=lambda: judged)
    wanted = [each for each in checks() if set(each.needs) & COSTLY and "test labels" not in each.needs]
    return run(rows, having(rows, embedders), among=wanted).findings


def opened(rows: Audited, target: Target, places: Ints) -> Audited:
    """The same with the labels of the test rows; places: which of them have one."""
    return replace(rows, test=rows.test.take(places), test_target=target.take(places))


def having(rows: Audited, embedders: Embedders | None = None) -> list[Need]:
    """What a check may count on."""
    there: list[Need] = []
    if len(rows.test.row):
        there.append("test")
    if rows.test_target is not None:
        there.append("test labels")
    if any(column.role in (embedders or {}) for column in rows.columns):
        there.append("embeddings")
    if _judging(rows):
        there.append("judgements")
    return there


def through(rows: Audited, embedders: Embedders, tell: Tell) -> Audited:
    """The same rows with what backbones make of them; each embedding is made when a check asks, and once."""
    made = _Made(rows, embedders, tell)
    return replace(rows, vectors=cache(made.vectors), judged=cache(made.judged))


def _judging(rows: Audited) -> bool:
    """Whether models can judge rows that they did not see: enough of them, and something to tell."""
    return len(rows.target) >= FEWEST and len(np.unique(rows.target.value, axis=0)) > 1


def _calibrated(job: Job, said_RVC: Floats, index: Ints) -> Judged:
    """index: (N,) the places in the pool of the job's rows."""
    places, task = job.plan.judged, job.target.task
    if task is not Task.REGRESSION:
        truth, cluster = job.target.value[places], job.plan.cluster[places]
        calibration = calibrate(said_RVC, truth, task, cluster=cluster, seed=job.seed)
        said_RVC = apply_temperature(said_RVC, calibration.temperature if calibration.kept else 1.0, task)
    return Judged(index[places], said_RVC[0])


class _Made:
    """Embeddings and judgements of a sample of the rows, all of them where that is quick."""

    def __init__(self, rows: Audited, embedders: Embedders, tell: Tell) -> None:
        self._rows, self._embedders, self._tell = rows, embedders, tell
        self._inputs = cache(self._inputs_of)
        self.sampled = cache(self._sampled)

    def vectors(self, part: Literal["data", "test"], name: str) -> Vectors | None:
        inputs = self._inputs(part)
        if name not in inputs.embedded:
            return None
        rows, there = self.sampled(part), inputs.there(name)
        return Vectors(rows[there], inputs.embed(name)[there])

    def judged(self) -> Judged | None:
        rows = self._rows
        if not _judging(rows):
            return None
        index = self.sampled("data")
        job = self._job(index)
        embedded = bool(job.inputs.embedded)
        trial = probe(job, table=job.inputs.table.width > 0) if embedded else Classic().climb(job)
        return _calibrated(job, trial.prediction, index)

    def _job(self, index: Ints) -> Job:
        rows = self._rows
        target, cluster = rows.target.take(index), rows.pool.cluster[index]
        keys = [rows.pool.keys[i] for i in index]
        decided = plan(target, keys, cluster, seed=rows.seed, small=len(index) + 1)
        once = replace(decided, folds=tuple(fold for fold in decided.folds if fold.repeat == 0))
        first = next(iter(self._embedders.values()), None)
        beside = {role: each.card for role, each in list(self._embedders.items())[1:]}
        card = first.card if first else None
        made = self._inputs("data")
        return Job(made, rows.columns, target, once, default(target.task), rows.seed, self._tell, card, beside=beside)

    def _inputs_of(self, part: Literal["data", "test"]) -> Inputs:
        side = self._rows.pool if part == "data" else self._rows.test
        return seen(side.frame[self.sampled(part)], self._rows.columns, self._embedders, self._tell)

    def _sampled(self, part: Literal["data", "test"]) -> Ints:
        side = self._rows.pool if part == "data" else self._rows.test
        most = min(MOST, self._affordable(side))
        if part == "test":
            every = np.arange(len(side.row))
            return every if len(every) <= most else np.unique(np.linspace(0, len(every) - 1, most).astype(np.int64))
        return sample(self._rows.target, side.keys, side.cluster, most=most, seed=self._rows.seed)

    def _affordable(self, side: Part) -> int:
        """How many rows can be embedded in the time that there is."""
        inputs = seen(side.frame, self._rows.columns, self._embedders, self._tell)
        if inputs.rate is None or not len(side.row):
            return len(side.row)
        wanted = sum(map(inputs.rate, inputs.embedded))
        return len(side.row) if wanted <= LONG else max(FEWEST, int(len(side.row) * LONG / wanted))
