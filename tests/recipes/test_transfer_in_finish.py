"""What is held against scratch is the rung that the verdict names, both as trained on the same rows."""

from types import SimpleNamespace

import numpy as np
import pytest

from rung.adapt.ladder import rungs
from rung.bundle.model import FittedModel
from rung.core.evidence import RungEvidence, Score
from rung.core.types import Fold, Task
from rung.metrics.table import named
from rung.recipes.climb import Climbed, Step
from rung.recipes.transfer import reads_columns_alone, transferred, twins_of

FOLD = Fold(np.arange(8), np.arange(8, 10))
JOB = SimpleNamespace(metric=named("accuracy", Task.BINARY), plan=SimpleNamespace(folds=(FOLD,)))


class Model(FittedModel):
    """Predicts its own number."""

    uses_embedding = True

    def __init__(self, number):
        object.__setattr__(self, "number", number)

    def predict(self, _):
        return np.full((1, 1), self.number)


class OfColumns(Model):
    """The same, of numbers and categories alone."""

    uses_embedding = False


def climbed(winner, models, of=Model, weights=None):
    """Of each rung its model of the first fold, None where it kept none; the winner is refitted: ten more."""
    steps = []
    for name, model in models.items():
        first = None if model is None else of(model)
        final = of(model + 10) if first and name == winner else first or of(0)
        score = Score("accuracy", 0.9 if name == winner else 0.8, 0.7, 1.0)
        choice = {"weights": weights} if name == "ensemble" else {}
        trial = SimpleNamespace(model=first, choice=choice)
        steps.append(Step(RungEvidence(name, "tried", score=score, choice=choice), trial, final))
    return Climbed(tuple(steps), winner, "")


@pytest.fixture
def fitted(monkeypatch):
    """Rungs whose refit is cheap, each fitted on these rows: its model predicts twenty more than their count."""
    for rung in (each for each in rungs() if each.name in ("classic", "frozen")):
        monkeypatch.setattr(rung, "fit", lambda _, rows, __: Model(20.0 + len(rows)))


def met(run):
    known = {step.evidence.name: step.model.predict(None) for step in run.steps}
    ours, other = twins_of(JOB, run, None, known)
    return ours.item(), other.item()


@pytest.mark.parametrize("winner", ["full", "scratch", "classic"])
def test_the_transferred_rung_meets_scratch_on_the_first_folds_rows_whoever_wins(winner):
    assert met(climbed(winner, {"classic": 1, "full": 2, "scratch": 3})) == (2, 3)


@pytest.mark.usefixtures("fitted")
def test_a_rung_that_kept_no_model_of_a_fold_is_fitted_on_its_rows():
    assert met(climbed("frozen", {"classic": None, "frozen": None, "scratch": 3})) == (28, 3)


@pytest.mark.usefixtures("fitted")
def test_a_blend_meets_scratch_by_its_members_of_the_first_fold():
    weights = {"frozen": 0.25, "full": 0.75}
    run = climbed(
        "ensemble", {"classic": None, "frozen": None, "full": 2, "scratch": 3, "ensemble": None}, Model, weights
    )
    assert met(run) == (0.25 * 28 + 0.75 * 2, 3)


def test_without_scratch_there_is_nothing_to_meet():
    assert twins_of(JOB, climbed("full", {"classic": 1, "full": 2}), None, {}) is None


def test_a_rung_that_reads_columns_alone_stands_for_no_backbone():
    run = climbed("frozen", {"classic": 1, "frozen": 2}, OfColumns)
    assert transferred(JOB, run) is None
    assert reads_columns_alone(run)
    assert not reads_columns_alone(climbed("classic", {"classic": 1, "frozen": 2}, OfColumns))
