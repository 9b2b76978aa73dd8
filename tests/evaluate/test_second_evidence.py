"""What a challenger saves of Brier's score is compared at the temperature that suits each side."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from rung.bundle.temperature import apply_temperature
from rung.core.errors import BadOption
from rung.core.types import Task
from rung.evaluate.second_evidence import saved


@pytest.fixture
def truth():
    return np.random.default_rng(0).integers(0, 3, 300)


def said(truth, right, loud, seed):
    """Probabilities of rows that are right with that share, each in its own degree."""
    draw = np.random.default_rng(seed)
    z = draw.normal(size=(len(truth), 3))
    z[np.arange(len(truth)), truth] += right
    weight = np.exp(loud * z)
    return (weight / weight.sum(1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("loud", [0.1, 5.0])
def test_the_same_ranking_saves_nothing_by_its_tone(truth, loud):
    found = saved(Task.MULTICLASS, truth, said(truth, 1.5, loud, 1), said(truth, 1.5, 1.0, 1))
    assert abs(found.value) < 0.01


def test_who_knows_more_saves_for_sure_and_who_knows_less_loses(truth):
    more, less = said(truth, 2.5, 0.3, 1), said(truth, 1.5, 1.0, 2)
    assert saved(Task.MULTICLASS, truth, more, less).bound > 0
    assert saved(Task.MULTICLASS, truth, less, more).high < 0


def test_the_value_is_the_difference_at_the_temperatures_of_the_least_log_loss(truth):
    sides = said(truth, 2.0, 0.4, 3), said(truth, 1.5, 2.0, 4)

    def suits(p):
        def loss(log_t):
            at = apply_temperature(p, float(np.exp(log_t)), Task.MULTICLASS)
            return -np.log(at[np.arange(len(truth)), truth]).mean()

        best = minimize_scalar(loss, bounds=(-3, 3), method="bounded").x
        at = apply_temperature(p, float(np.exp(best)), Task.MULTICLASS)
        return ((at - np.eye(3)[truth]) ** 2).sum(1).mean()

    found = saved(Task.MULTICLASS, truth, *sides)
    assert found.value == pytest.approx(suits(sides[1]) - suits(sides[0]), abs=2e-3)


def test_numbers_have_no_probabilities():
    with pytest.raises(BadOption):
        saved(Task.REGRESSION, np.zeros(4), np.zeros((4, 1), np.float32), np.zeros((4, 1), np.float32))
