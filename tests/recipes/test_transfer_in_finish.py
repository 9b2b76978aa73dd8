"""What is held against scratch is the rung that the verdict names, both as trained on the same rows."""

from types import SimpleNamespace

import numpy as np
import pytest

from rung.core.evidence import RungEvidence, Score
from rung.core.types import Task
from rung.metrics.table import named
from rung.recipes.climb import Climbed, Step
from rung.recipes.finish import twins_of

JOB = SimpleNamespace(metric=named("accuracy", Task.BINARY))


class Model:
    """Predicts its own number."""

    def __init__(self, number):
        self.number = number

    def predict(self, _):
        return np.full((1, 1), self.number)


def climbed(winner, models):
    """Of each rung its model of the first fold, None where it kept none; the winner is refitted: ten more."""
    steps = []
    for name, model in models.items():
        first = None if model is None else Model(model)
        final = Model(model + 10) if first and name == winner else first
        score = Score("accuracy", 0.9 if name == winner else 0.8, 0.7, 1.0)
        steps.append(Step(RungEvidence(name, "tried", score=score), SimpleNamespace(model=first), final))
    return Climbed(tuple(steps), winner, "")


@pytest.mark.parametrize("winner", ["full", "scratch", "classic"])
def test_the_transferred_rung_meets_scratch_on_the_first_folds_rows_whoever_wins(winner):
    run = climbed(winner, {"classic": 1, "full": 2, "scratch": 3})
    known = {step.evidence.name: step.model.predict(None) for step in run.steps}
    ours, other = twins_of(JOB, run, None, known)
    assert (ours.item(), other.item()) == (2, 3)


def test_a_rung_that_kept_no_model_of_a_fold_is_not_held_against_scratch():
    run = climbed("frozen", {"classic": 1, "frozen": None, "scratch": 3})
    assert twins_of(JOB, run, None, {}) is None


def test_without_scratch_there_is_nothing_to_meet():
    assert twins_of(JOB, climbed("full", {"classic": 1, "full": 2}), None, {}) is None
