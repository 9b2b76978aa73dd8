"""A dead model is found by what it predicts; a living one on rare positives is left alone."""

import numpy as np
import pytest

from rung.core.evidence import Score
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


def scored(value, low=0.0, high=1.0):
    return Score("any", value, low, high)


def test_a_useful_ranking_that_never_crosses_one_half_is_no_collapse():
    known = {"metric": named("roc_auc", Task.BINARY), "prior_score": 0.5, "target": np.arange(30) % 2}
    ranked = ONE + np.float32([[-0.1, 0.1]]) * known["target"][:, None]
    assert collapsed(Task.BINARY, ranked, score=scored(0.9), **known) == ""
    assert collapsed(Task.BINARY, ranked, score=scored(0.5), **known)


def test_one_class_that_folds_make_luckier_than_the_prior_is_a_collapse():
    """Of a balanced target a fold's own majority is the other folds' minority: guessing scores below one half."""
    known = {"metric": named("accuracy", Task.BINARY), "prior_score": 0.455, "target": np.arange(30) % 2}
    assert collapsed(Task.BINARY, ONE, score=scored(0.5), **known) == "predicts one class for every row"


@pytest.mark.parametrize(
    ("name", "score", "prior", "dead"),
    [
        ("accuracy", scored(0.2, 0.1, 0.4), 0.5, True),
        ("accuracy", scored(0.45, 0.3, 0.6), 0.5, False),
        ("log_loss", scored(2.0, 1.5, 2.5), 0.7, True),
        ("log_loss", scored(0.8, 0.6, 1.0), 0.7, False),
    ],
)
def test_surely_below_the_prior_is_a_collapse_a_row_of_noise_is_none(name, score, prior, dead):
    truth, noisy, _ = case(Task.BINARY)
    why = collapsed(Task.BINARY, noisy, metric=named(name, Task.BINARY), score=score, prior_score=prior, target=truth)
    assert ("surely worse than the prior's" in why) == dead
