"""A budget owes the winner its training on all rows: who comes later gets what is left beside that."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from rung.core.contracts import Job, Trial
from rung.core.evidence import RungEvidence
from rung.core.stops import Thawed
from rung.core.types import Cost, Fold, Inputs, Plan, Target, Task
from rung.metrics.table import named
from rung.recipes.budget import no_more, to_refit, too_late
from rung.recipes.climb import Climbed, Step
from rung.recipes.refit import NOT_REFITTED, REFITTED, refitted

UNDER = "the 20 s left of the budget are under a quarter of what the quickest that trained or did not fit takes"
MODEL = object()  # of the first fold


@pytest.fixture
def job():
    """Five folds of 40 of 50 rows."""
    rows = np.arange(50)
    folds = tuple(Fold(rows[rows % 5 != k], rows[rows % 5 == k]) for k in range(5))
    target = Target(Task.BINARY, rows % 2, ("no", "yes"))
    inputs = Inputs({}, pl.DataFrame(), lambda _: np.zeros((50, 1), np.float32), 50)
    return Job(inputs, (), target, Plan("folds", folds, rows), named("accuracy", Task.BINARY))


def trial(*, model=MODEL, again=None):
    nothing = np.zeros((1, 1, 2), np.float32)
    return Trial(nothing, {}, 1, np.zeros(1, np.int64), nothing[0], model=model, again=again)


HELD = RungEvidence("partial", "tried", seconds=100.0)


@pytest.mark.parametrize(
    ("held", "seconds"),
    [(trial(), 25.0), (trial(again=8.0), 10.0), (trial(model=None), 0.0), (None, 0.0)],
    ids=["a fold of five", "one training of a fold", "refitted already", "nothing was tried"],
)
def test_a_refit_takes_what_a_fold_took_by_its_rows(job, held, seconds):
    assert to_refit(job, HELD, held) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("left", "model", "quickest", "why"),
    [
        (60.0, MODEL, 100.0, ""),
        (30.0, MODEL, 0.0, ""),
        (30.0, MODEL, 60.0, ""),
        (30.0, MODEL, 100.0, UNDER),
        (20.0, None, 100.0, UNDER),
        (9.0, MODEL, 0.0, "nothing is left of the budget but to train partial on all rows"),
        (1.0, None, 0.0, ""),
        (0.0, None, 0.0, "nothing is left of the budget"),
    ],
)
def test_what_has_no_chance_is_not_measured(job, left, model, quickest, why):
    assert too_late(job, HELD, trial(model=model, again=8.0), left, quickest) == why


class Dear:
    name, dear = "partial", True

    def refit(self, job, choice):
        return "on all rows"


@pytest.mark.parametrize(("left", "said", "model"), [(11.0, REFITTED, "on all rows"), (9.0, NOT_REFITTED, MODEL)])
def test_a_winner_is_refitted_where_one_training_fits_though_a_fold_of_two_settings_does_not(job, left, said, model):
    climbed = Climbed((Step(HELD, trial(again=8.0), MODEL),), "partial", "")
    found, told = refitted(replace(job, left=lambda: left), [Dear()], climbed, lambda: left)
    assert (told, found.step("partial").model) == (said, model)


def test_a_blend_that_is_not_refitted_says_which_members_learnt_from_all_rows(job):
    blend = RungEvidence("ensemble", "tried", choice={"weights": {"classic": 0.4, "partial": 0.6}})
    steps = (
        Step(RungEvidence("classic", "tried"), trial(model=None)),
        Step(HELD, trial(again=8.0), MODEL),
        Step(blend),
    )
    _, told = refitted(job, [Dear()], Climbed(steps, "ensemble", ""), lambda: 9.0)
    assert told == f"{NOT_REFITTED} (classic: all labelled rows outside the test rows)"


class Moved(Dear):
    def refit(self, job, choice):
        raise Thawed("body.x, which should be frozen, changed in training")


def test_a_frozen_tensor_that_moves_in_the_refit_leaves_the_first_folds_model(job):
    climbed = Climbed((Step(HELD, trial(again=8.0), MODEL),), "partial", "")
    found, told = refitted(job, [Moved()], climbed, lambda: 99.0)
    assert found.step("partial").model is MODEL
    assert told == "the training rows of the first fold alone: body.x, which should be frozen, changed in training"


@pytest.mark.parametrize(("status", "barred"), [("tried", True), ("skipped", False), ("collapsed", False)])
def test_no_rung_that_trains_is_measured_after_a_brief_one_that_ran(status, barred):
    cost = Cost(10.0, settings={"partial.brief": {"k": 4}})
    assert bool(no_more([RungEvidence("partial", status, predicted=cost)])) is barred
