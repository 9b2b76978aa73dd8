"""The price of leakage is the difference of two scores, with an interval from shared resamples."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, mean_squared_error

from rung.evaluate.leakage import leak
from rung.metrics.accuracy import accuracy
from rung.metrics.rmse import rmse

DRAW = np.random.default_rng(0)
COPIED = np.arange(200) < 60


def test_copies_that_are_remembered_flatter_the_score():
    target = DRAW.integers(0, 2, 200)
    right = COPIED | (DRAW.random(200) < 0.6)
    said = np.where(right, target, 1 - target)
    found = leak(accuracy, target, np.eye(2, dtype=np.float32)[said], COPIED)
    assert (found.rows, found.of) == (60, 200)
    assert found.without.value == pytest.approx(accuracy_score(target[~COPIED], said[~COPIED]))
    assert found.price == pytest.approx(accuracy_score(target, said) - found.without.value)
    assert 0 < found.low < found.price < found.high


def test_an_error_that_copies_make_smaller_is_flattered_too():
    target = DRAW.normal(size=200)
    said = target + np.where(COPIED, 0, 1) * DRAW.normal(size=200)
    found = leak(rmse, target, said[:, None].astype(np.float32), COPIED)
    error = mean_squared_error(target, said) ** 0.5
    assert found.price == pytest.approx(mean_squared_error(target[~COPIED], said[~COPIED]) ** 0.5 - error, abs=1e-5)
    assert found.price > 0


def test_nothing_is_said_without_copies_and_no_score_of_too_few_others():
    said = np.eye(2, dtype=np.float32)[np.zeros(200, np.int64)]
    assert leak(accuracy, np.zeros(200, np.int64), said, np.zeros(200, bool)) is None
    found = leak(accuracy, np.zeros(200, np.int64), said, np.arange(200) < 195)
    assert (found.rows, found.without, found.price) == (195, None, None)
