"""From candidates to a Trial: cross-fitted choice in folds, inner folds when one share judges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rung.adapt.choose import Candidate, inner_folds, losses, pick, reads, scores
from rung.bundle.blend import Fitted
from rung.core.contracts import Job, Trial
from rung.core.types import Floats, Fold, Ints, Progress

MOST_TRAIN_ROWS = 5000  # training rows predicted again for the overfitting verdict


class Strategy(Protocol):
    """What differs between rungs. inner: how many folds of the training rows choose when one share judges."""

    inner: int

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """Every setting with its predictions of the held-out rows of `folds`."""

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> Fitted:
        """One model on these pool rows."""

    def trained(self, model: Fitted) -> int:
        """How many parameters were trained."""


@dataclass(frozen=True)
class _Judged:
    prediction: Floats
    choice: dict[str, Any]
    model: Fitted
    rows: Ints


def climb(job: Job, strategy: Strategy) -> Trial:
    """Predict every judged row by models, with settings, that never saw its label."""
    shown = _in_folds(job, strategy) if job.plan.kind == "folds" else _held_out(job, strategy)
    rows = shown.rows
    if len(rows) > MOST_TRAIN_ROWS:
        rows = np.sort(np.random.default_rng(job.seed).choice(rows, MOST_TRAIN_ROWS, replace=False))
    return Trial(
        prediction=shown.prediction,
        choice=shown.choice,
        trained=strategy.trained(shown.model),
        train_rows=rows,
        train_prediction=shown.model.predict(job.inputs.take(rows)),
    )


def _in_folds(job: Job, strategy: Strategy) -> _Judged:
    folds, judged = job.plan.folds, job.plan.judged
    found = strategy.candidates(job, folds)
    table, read = scores(job, found, folds), reads(found)
    levels = [candidate.complexity for candidate in found]
    prediction = np.zeros((job.plan.repeats, len(judged), job.target.outputs), np.float32)
    for f, fold in enumerate(folds):
        others = [g for g, other in enumerate(folds) if other.repeat == fold.repeat and g != f]
        chosen = pick(table[:, others], levels, losses(job, found, folds, others), read)
        said = found[chosen].held_out[f]
        if said is None:  # a dear variant is tried on every fold here, or on none
            raise AssertionError(f"fold {f} was not tried")
        prediction[fold.repeat, np.searchsorted(judged, fold.validation)] = said
    choice = found[pick(table, levels, losses(job, found, folds, range(len(folds))), read)].choice
    return _Judged(prediction, choice, strategy.fit(job, folds[0].train, choice), folds[0].train)


def _held_out(job: Job, strategy: Strategy) -> _Judged:
    fold = job.plan.folds[0]
    inner = inner_folds(job, fold.train, strategy.inner)
    found = strategy.candidates(job, inner)
    job.tell(Progress("choose", 1, 2, "steps"))
    levels = [candidate.complexity for candidate in found]
    loss = losses(job, found, inner, range(len(inner)))
    choice = found[pick(scores(job, found, inner), levels, loss, reads(found))].choice
    model = strategy.fit(job, fold.train, choice)
    return _Judged(model.predict(job.inputs.take(fold.validation))[None], choice, model, fold.train)
