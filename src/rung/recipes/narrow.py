"""Where a budget had time for some of the folds, all rungs are held against one another in these."""

from dataclasses import replace
from typing import cast

import numpy as np

from rung.core.contracts import Job, Trial
from rung.core.evidence import Difference, Score
from rung.core.types import Plan
from rung.evaluate.verdicts import gap
from rung.metrics.base import Metric
from rung.metrics.interval import interval_of


def judged_in(plan: Plan, trial: Trial | None) -> Plan:
    """The plan of the folds that judged this trial: itself, or its first folds where there was no time for more."""
    if trial is None or trial.prediction.shape[1] == len(plan.judged):
        return plan
    first = [fold for fold in plan.folds if fold.repeat == 0]
    ends = np.cumsum([len(fold.validation) for fold in first])
    some = tuple(first[: 1 + int(np.searchsorted(ends, trial.prediction.shape[1]))])
    return replace(plan, folds=some, kind="folds" if len(some) > 1 else "holdout")


def narrowed(trial: Trial, plan: Plan, to: Plan) -> Trial:
    """The trial as the folds of `to`, which are some of those of `plan`, saw it."""
    here = np.searchsorted(plan.judged, to.judged)
    return replace(trial, prediction=np.ascontiguousarray(trial.prediction[:1, here]))


def measured(job: Job, trial: Trial) -> tuple[Score, Score, Difference]:
    """Its score on the rows that judge, on its training rows, and what lies between them."""
    judged, train, metric = job.plan.judged, trial.train_rows, cast(Metric, job.metric)
    value, cluster = job.target.value, job.plan.cluster
    return (
        interval_of(metric, value[judged], trial.prediction, cluster=cluster[judged], seed=job.seed),
        interval_of(metric, value[train], trial.train_prediction, cluster=cluster[train], seed=job.seed),
        gap(
            metric, value[train], trial.train_prediction, value[judged], trial.prediction,
            seed=job.seed, clusters=(cluster[train], cluster[judged]),
        ),
    )  # fmt: skip
