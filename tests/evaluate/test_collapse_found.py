"""A dead model is found by what it predicts; a living one on rare positives is left alone."""

import numpy as np
import pytest

from rung.core.types import Task
from rung.evaluate.collapse import collapsed
from rung.metrics.table import named
from rung.testing.checks_metric import case

ONE = np.tile(np.float32([0.7, 0.3]), (30, 1))


@pytest.mark.parametrize("task", list(Task))
def test_a_living_prediction_is_no_collapse(task):
    _, noisy, _ = case(task)
    assert collapsed(task, noisy) == ""
    assert collapsed(task, np.stack([noisy, noisy])) == ""


@pytest.mark.parametrize(
    ("task", "prediction", "reason"),
    [
        (Task.BINARY, ONE, "predicts one class for every row"),
        (Task.MULTICLASS, np.stack([ONE, ONE]), "predicts one class for every row"),
        (Task.MULTILABEL, ONE, "predicts the same labels for every row"),
        (Task.REGRESSION, ONE[:, :1], "predicts one value for every row"),
    ],
)
def test_the_same_answer_for_every_row_is_a_collapse(task, prediction, reason):
    assert collapsed(task, prediction) == reason


def test_numbers_that_are_not_finite_are_counted():
    broken = ONE.copy()
    broken[:3] = np.nan
    assert collapsed(Task.BINARY, broken) == "3 of 30 predictions are not finite numbers"


def test_a_useful_ranking_that_never_crosses_one_half_is_no_collapse():
    auc = named("roc_auc", Task.BINARY)
    assert collapsed(Task.BINARY, ONE, metric=auc, score=0.9, prior_score=0.5) == ""
    assert collapsed(Task.BINARY, ONE, metric=auc, score=0.5, prior_score=0.5)


@pytest.mark.parametrize(("name", "score", "prior"), [("accuracy", 0.2, 0.5), ("log_loss", 2.0, 0.7)])
def test_below_the_prior_is_a_collapse(name, score, prior):
    _, noisy, _ = case(Task.BINARY)
    why = collapsed(Task.BINARY, noisy, metric=named(name, Task.BINARY), score=score, prior_score=prior)
    assert "worse than the prior's" in why
