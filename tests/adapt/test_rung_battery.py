"""Every registered rung passes every check of the public battery, on every task."""

from dataclasses import replace

import numpy as np
import pytest

from rung.adapt import contrastive
from rung.adapt.ladder import rungs
from rung.core.types import Task
from rung.metrics.table import default
from rung.testing.checks_rung import battery, use_embedder

# zero-shot learns nothing and reads images, where the battery has texts: tests/adapt/test_zero_shot.py has its claims.
EVERY = [rung for rung in rungs() if not getattr(rung, "free", False)]
LIGHT = [rung for rung in EVERY if not getattr(rung, "dear", False)]
HEAVY = [rung for rung in EVERY if rung not in LIGHT]
# Rungs that train share one loop, in which a task is a loss and a link: one of them walks all tasks, the others one.
PAIRS = [(rung, task) for rung in HEAVY for task in Task if rung.name == "partial" or task is Task.MULTICLASS]


@pytest.mark.parametrize("check", battery(), ids=lambda check: check.__name__)
@pytest.mark.parametrize("task", list(Task), ids=str)
@pytest.mark.parametrize("rung", LIGHT, ids=lambda rung: rung.name)
def test_rung_passes(rung, task, check):
    check(rung, task, default(task))


@pytest.fixture
def trainable(embedder, monkeypatch):
    """A tiny BERT under the battery, and two epochs instead of six."""
    for rung in HEAVY:
        monkeypatch.setattr(rung, "recipe", replace(rung.recipe, epochs=2))
    monkeypatch.setattr(contrastive, "LEAST_STEPS", 4)
    monkeypatch.setattr(contrastive, "MOST_STEPS", 4)
    use_embedder(embedder("bert"))
    yield
    use_embedder(None)


@pytest.mark.journey
@pytest.mark.parametrize("check", battery(), ids=lambda check: check.__name__)
@pytest.mark.parametrize(("rung", "task"), PAIRS, ids=[f"{rung.name}-{task}" for rung, task in PAIRS])
def test_rung_that_trains_passes(trainable, rung, task, check):
    check(rung, task, default(task))


class _Wrong:
    """A rung that wraps a right one and spoils one thing."""

    name, order, title = "wrong", 99, "wrong"

    def __init__(self, spoil):
        self.right = {rung.name: rung for rung in rungs()}["prior"]
        self.spoil = spoil

    def climb(self, job):
        trial = self.right.climb(job)
        if self.spoil == "peek":
            said = np.eye(job.target.outputs, dtype=np.float32)[job.target.value[job.plan.judged]]
            return replace(trial, prediction=said[None])
        if self.spoil == "shape":
            return replace(trial, prediction=trial.prediction[:, 1:])
        return trial

    def refit(self, job, choice):
        model = self.right.refit(job, choice)
        return replace(model, head=replace(model.head, value=model.head.value[::-1].copy()))


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        ("peek", "check_labels_of_the_judging_rows_change_nothing"),
        ("shape", "check_every_judged_row_is_predicted_in_every_repeat"),
        ("order", "check_columns_are_in_the_order_of_the_labels"),
    ],
)
def test_the_battery_catches_a_wrong_rung(spoil, name):
    (found,) = [check for check in battery() if check.__name__ == name]
    with pytest.raises(AssertionError):
        found(_Wrong(spoil), Task.MULTICLASS, default(Task.MULTICLASS))
