"""After the climb: calibrate, open the test rows once, measure what the verdicts need."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rung.adapt.frozen import Frozen
from rung.bundle.temperature import apply_temperature
from rung.core.contracts import Job, Trial
from rung.core.evidence import Calibration, Evidence, Leak, LearningCurve, Score, Verdict
from rung.core.rng import generator
from rung.core.types import Finding, Floats, Fold, Ints, Progress, Target, Task
from rung.evaluate import verdicts
from rung.evaluate.calibration import calibrate, noise
from rung.evaluate.conformal import half_width
from rung.evaluate.leakage import leak
from rung.evaluate.learning_curve import curve
from rung.evaluate.protocol import scores
from rung.metrics.table import named
from rung.recipes.advice import next_steps
from rung.recipes.climb import Climbed
from rung.recipes.transfer import SCRATCH, beats_classic, reads_columns_alone, transferred

SHARES = (0.125, 0.25, 0.5)
LEAST_FOR_CURVE = 200
REPEATED = ("shared_rows", "near_shared_rows")  # findings of test rows that train as well


@dataclass(frozen=True)
class Opened:
    """The test rows after the climb: numbers in their file, truth, each rung's prediction."""

    row: Ints
    target: Target
    prediction: dict[str, Floats]  # rung -> (N, C), refitted on train + validation, not calibrated
    cluster: Ints
    findings: tuple[Finding, ...]
    said: tuple[Any, ...] = ()  # the truth in the file's own words, also where training never had the label
    twins: tuple[Floats, Floats] | None = None  # (N, C) each: the transferred rung and scratch, of the same rows


@dataclass(frozen=True)
class Finished:
    """Evidence, plus the two numbers that the bundle applies."""

    evidence: Evidence
    temperature: float
    half_width: float | None
    final: Floats  # the winner's test predictions as delivered, calibrated


def measure_curve(job: Job, trial: Trial) -> LearningCurve | None:
    """Learning curve of `frozen` on nested subsets of the training rows of the first repeat: embeddings are at hand.

    None when there are too few rows for a curve to mean anything.
    """
    folds = [fold for fold in job.plan.folds if fold.repeat == 0]
    rows = int(np.mean([len(fold.train) for fold in folds]))
    if rows < LEAST_FOR_CURVE:
        return None
    points: list[tuple[int, Floats]] = []
    for share in SHARES:
        job.tell(Progress("learning curve", len(points), len(SHARES), "sizes"))
        points.append((round(rows * share), _at_share(job, trial, folds, share)))
    points.append((rows, trial.prediction[:1]))
    judged = job.plan.judged
    return curve(
        job.metric,
        job.target.value[judged],
        points,
        cluster=job.plan.cluster[judged],
        seed=job.seed,
        rung=Frozen.name,
        more_rows=max(100, 10 ** int(np.log10(max(rows, 1)))),
    )


def _at_share(job: Job, trial: Trial, folds: list[Fold], share: float) -> Floats:
    judged = job.plan.judged
    order = generator(job.seed, "learning curve").permutation(len(job.target))
    nested = [order[np.isin(order, fold.train)] for fold in folds]
    smaller = [
        Fold(np.sort(rows[: max(1, round(len(rows) * share))]), fold.validation)
        for rows, fold in zip(nested, folds, strict=True)
    ]
    result = np.zeros((1, len(judged), job.target.outputs), np.float32)
    for fold, said in zip(smaller, Frozen().held_out(job, smaller, trial.choice), strict=True):
        result[0, np.searchsorted(judged, fold.validation)] = said
    return result


def finish(
    job: Job,
    climbed: Climbed,
    opened: Opened,
    learning: LearningCurve | None,
    trained_on: str,
    more: tuple[Verdict, ...] = (),
    noticed: tuple[Finding, ...] = (),
) -> Finished:
    """Calibrate the winner on validation rows, score the opened test rows, judge.

    more: verdicts found elsewhere. noticed: findings of before the climb, for the advice.
    """
    winner = climbed.step(climbed.winner)
    assert winner.trial is not None
    judged = job.plan.judged
    truth, cluster = job.target.value[judged], job.plan.cluster[judged]
    calibration, temperature, width = None, 1.0, None
    task = job.target.task
    final = raw = opened.prediction[climbed.winner]
    if task is Task.REGRESSION:
        residuals = np.abs(truth - winner.trial.prediction[:, :, 0]).ravel()
        width = half_width(residuals)
    else:
        calibration = calibrate(winner.trial.prediction, truth, task, cluster=cluster, seed=job.seed)
        temperature = calibration.temperature if calibration.kept else 1.0
        final = apply_temperature(raw, temperature, task)
    test: dict[str, Score] = {}
    if len(opened.target):
        test = scores(task, opened.target.value, final, cluster=opened.cluster, seed=job.seed, half_width=width)
    if calibration is not None and "ece" in test:
        before = named("ece", task)(opened.target.value, raw)
        calibration = replace(calibration, ece_before=before, ece_after=test["ece"].value)
    bounded = width if width is not None and np.isfinite(width) else None
    blur = noise(final, task, seed=job.seed) if len(final) and task is not Task.REGRESSION else 0.0
    judgements = judge(job, climbed, opened, (learning, calibration, blur))
    evidence = Evidence(
        task=task.value,
        metric=job.metric.name,
        better=job.metric.better,
        labels=job.target.labels,
        rows=_rows(job, opened),
        rungs=tuple(step.evidence for step in climbed.steps),
        winner=climbed.winner,
        stopped=climbed.stopped,
        trained_on=trained_on,
        test=test,
        test_by_rung=(by_rung := _by_rung(job, opened)),
        verdicts=(*judgements, *_shift(job, climbed, by_rung), *more),
        next_steps=(),
        curve=learning,
        calibration=calibration,
        half_width=bounded,
        leak=_leak(job, opened, final, noticed),
        confidence=job.confidence,
        min_gain=job.min_gain,
    )
    advised = replace(evidence, next_steps=next_steps(evidence, (*noticed, *opened.findings)))
    return Finished(advised, temperature, bounded, final)


def _leak(job: Job, opened: Opened, final: Floats, noticed: tuple[Finding, ...]) -> Leak | None:
    """What the score owes to test rows that the audit found among the training rows."""
    known = {row for finding in noticed if finding.check in REPEATED for row in finding.rows}
    copied = np.array([row in known for row in opened.row.tolist()], np.bool_)
    return leak(job.metric, opened.target.value, final, copied, cluster=opened.cluster, seed=job.seed)


def _by_rung(job: Job, opened: Opened) -> dict[str, Score]:
    """What each rung scores on the test rows by the metric that decides."""
    name, task = job.metric.name, job.target.task
    if not len(opened.target):
        return {}
    return {
        rung: scores(task, opened.target.value, said, cluster=opened.cluster, seed=job.seed, only=(name,))[name]
        for rung, said in opened.prediction.items()
    }


def _shift(job: Job, climbed: Climbed, by_rung: Mapping[str, Score]) -> tuple[Verdict, ...]:
    """How each rung's score changes from validation to test rows, where the winner's does."""
    scored, ways = {}, {}
    for step in (each.evidence for each in climbed.steps):
        if step.name in ("prior", SCRATCH) or step.name not in by_rung or step.score is None:
            continue
        scored[step.name] = step.score, by_rung[step.name]
        choice = step.choice or {}
        if choice.get("stop_after"):  # body and head were trained together
            wise, plain = float(choice.get("wise", 1.0)), choice.get("head") == "random"
            way = "plain fine-tuning" if plain else "LP-FT"
            ways[step.name] = way if wise == 1 else f"{way}, WiSE-FT at {wise:g}"
    if climbed.winner not in scored:
        return ()
    return (verdicts.shift(job.metric, scored, climbed.winner, ways),)


def judge(
    job: Job,
    climbed: Climbed,
    opened: Opened,
    measured: tuple[LearningCurve | None, Calibration | None, float],
) -> tuple[Verdict, ...]:
    """The verdicts that this climb can stand on; one that was not measured is left out.

    measured: the learning curve, the calibration, and the calibration error that perfect probabilities would show.
    """
    learning, calibration, blur = measured
    winner = climbed.step(climbed.winner).evidence
    found: list[Verdict] = []
    compared = transferred(job, climbed) if len(opened.target) else None
    if compared is not None:
        found.append(
            verdicts.transfer(
                job.metric,
                opened.target.value,
                opened.prediction[compared],
                opened.prediction["classic"],
                cluster=opened.cluster,
                seed=job.seed,
                rung=compared,
                scratch=opened.twins,
                promoted=climbed.winner not in ("prior", "classic") and beats_classic(job, climbed, compared),
            )
        )
    elif not job.inputs.parts or reads_columns_alone(climbed):
        found.append(verdicts.NOTHING_TRANSFERRED)
    if winner.gap is not None and winner.train_score is not None and winner.score is not None:
        found.append(verdicts.overfitting(job.metric, winner.train_score, winner.score, winner.gap))
    if learning is not None:
        found.append(verdicts.enough_data(job.metric, learning))
    if calibration is not None:
        found.append(verdicts.calibrated(calibration, noise=blur))
    return tuple(found)


def _rows(job: Job, opened: Opened) -> dict[str, int]:
    return {
        "train": len(job.target),
        "validation": len(job.plan.judged),
        "test": len(opened.target),
        "folds": len(job.plan.folds) if job.plan.kind == "folds" else 0,
        "repeats": job.plan.repeats,
    }
