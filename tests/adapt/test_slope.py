"""Margins become probabilities: the side that a margin tells is the side that is predicted, however clear it is."""

import numpy as np
import pytest

from rung.adapt.margins import slope, sloped
from rung.core.types import Target, Task


@pytest.mark.parametrize("gap", [0.001, 0.1, 3.0])
@pytest.mark.parametrize("shift", [-0.9, 0.0, 0.4])
def test_sides_that_margins_tell_apart_stay_apart(gap, shift):
    """Without an end to the slope its bound once moved the threshold: all rows fell to one side."""
    truth = np.repeat([0, 1], [90, 10])
    margin = np.where(truth == 1, shift + gap, shift - gap)[:, None] * [0.0, 1.0]
    target = Target(Task.BINARY, truth, ("ham", "spam"))
    said = sloped(target, margin, slope(target, [margin], [truth]))
    assert (said.argmax(1) == truth).all()


def test_label_sets_keep_their_threshold():
    truth = np.tile(np.repeat([0, 1], [45, 5])[:, None], (1, 2)).astype(np.uint8)
    margin = np.where(truth == 1, -0.30, -0.34)
    target = Target(Task.MULTILABEL, truth, ("a", "b"))
    said = sloped(target, margin, slope(target, [margin], [truth]))
    assert ((said > 0.5) == truth).all()


def test_doubtful_margins_give_doubtful_probabilities():
    draw = np.random.default_rng(0)
    truth = draw.integers(2, size=4000)
    margin = np.stack([np.zeros(4000), truth + draw.normal(size=4000)], axis=1)
    target = Target(Task.BINARY, truth, ("a", "b"))
    said = sloped(target, margin, slope(target, [margin], [truth]))[:, 1]
    near = np.abs(margin[:, 1] - 0.5) < 0.1
    assert said[near].mean() == pytest.approx(truth[near].mean(), abs=0.05)
