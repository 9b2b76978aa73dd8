"""After the climb: a blend of the rungs that it tried, which must earn its place as any rung must.

Members are taken one by one, again and again, whichever helps the mean most. Which, is chosen on the validation rows,
so what judges the blend is cross-fitted: each share of those rows is predicted with the weights that the others chose.
"""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from rung.adapt.choose import inner_folds
from rung.adapt.greedy import weigh
from rung.bundle.blend import Blended, mixed, together
from rung.bundle.model import FittedModel
from rung.core.contracts import Job, Trial
from rung.core.evidence import RungEvidence
from rung.core.types import Floats
from rung.recipes.climb import Climbed, Ladder, Shown, Step, judged, with_holm

NAME = "ensemble"
FEW = 1000  # rows below which each counts: weights that four fifths of them choose are not those of all
FOLDS, OF_FEW = 5, 20
NEVER = ("prior", "scratch")  # guessing, and a yardstick


def with_ensemble(job: Job, ladder: Ladder, climbed: Climbed) -> Climbed:
    """The climb with one step more: the blend, promoted or not by the rule of every rung."""
    began = perf_counter()
    pool = [
        step
        for step in climbed.steps
        if step.evidence.status == "tried"
        and step.evidence.name not in NEVER
        and isinstance(step.model, FittedModel | Blended)
    ]
    if len(pool) < 2:
        return _skipped(ladder, climbed, "fewer than two rungs to blend")
    ladder.view.starting(NAME, None)
    rows = job.plan.judged
    found = [step.trial.prediction for step in pool if step.trial is not None]
    repeats = min(map(len, found))  # those that all were judged on
    said = [each[:repeats] for each in found]
    honest = np.zeros_like(said[0])
    for fold in inner_folds(job, rows, OF_FEW if len(rows) < FEW else FOLDS):
        at, held = np.searchsorted(rows, fold.train), np.searchsorted(rows, fold.validation)
        weights = weigh(job, np.tile(fold.train, repeats), [np.concatenate(each[:, at]) for each in said])
        honest[:, held] = mixed([each[:, held] for each in said], weights)
    whole = weigh(job, np.tile(rows, repeats), [np.concatenate(each) for each in said])
    if len(alone := [step for step, weight in zip(pool, whole, strict=True) if weight]) == 1:
        return _skipped(ladder, climbed, f"no rung adds to what {alone[0].evidence.name} says alone")
    trial, model = _whole(pool, whole, honest)
    prior = next((step.evidence.score.value for step in climbed.steps if step.evidence.score), None)
    shown = Shown(trial, model, ladder.latency(model, job), prior)
    step = judged(NAME, job, shown, climbed.step(climbed.winner))
    step = replace(step, evidence=replace(step.evidence, seconds=perf_counter() - began))
    ladder.view.finished(step.evidence)
    winner = NAME if step.evidence.promoted else climbed.winner
    return replace(climbed, steps=tuple(with_holm([*climbed.steps, step])), winner=winner)


def _skipped(ladder: Ladder, climbed: Climbed, why: str) -> Climbed:
    step = Step(RungEvidence(NAME, "skipped", why))
    ladder.view.finished(step.evidence)
    return replace(climbed, steps=(*climbed.steps, step))


def members_of(step: Step) -> dict[str, float]:
    """The rungs that answer in this blend and what each weighs; a rung that is a blend itself counts as one."""
    choice: dict[str, Any] = step.evidence.choice or {}
    return dict(choice["weights"])


def _whole(pool: Sequence[Step], weights: tuple[float, ...], honest: Floats) -> tuple[Trial, Blended]:
    """The trial that judges, and the blend of those that weigh anything."""
    used = [(step, weight) for step, weight in zip(pool, weights, strict=True) if weight]
    trials = [step.trial for step, _ in used if step.trial is not None]
    models = [step.model for step, _ in used if isinstance(step.model, FittedModel | Blended)]
    own = tuple(weight for _, weight in used)
    rows = trials[0].train_rows
    for trial in trials[1:]:
        rows = np.intersect1d(rows, trial.train_rows)
    train = mixed([each.train_prediction[np.searchsorted(each.train_rows, rows)] for each in trials], own)
    choice = {"weights": {step.evidence.name: weight for step, weight in used}}
    trained = sum(trial.trained for trial in trials)
    notes = (", ".join(f"{name} {weight:.0%}" for name, weight in choice["weights"].items()),)
    return Trial(honest, choice, trained, rows, train, notes), together(models, own)
