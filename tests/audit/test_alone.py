"""One column's skill is out of fold: noise has none, ids have none, a copy has all."""

import numpy as np
import pytest

from rung.audit.alike import agreeing, nearest
from rung.audit.alone import skill, truth_of
from rung.core.rng import generator
from rung.core.types import Target, Task

N = 400


@pytest.fixture
def draw():
    return generator(3, "alone tests")


def binary(y):
    return Target(Task.BINARY, y, ("no", "yes"))


def test_ids_and_noise_tell_nothing(draw):
    truth = truth_of(binary(draw.integers(2, size=N)), np.arange(N), seed=0)
    assert abs(skill(np.arange(N).astype(float), truth, code=True).value) < 0.05
    assert skill(draw.normal(size=N), truth, code=False).low < 0.1


def test_units_that_share_a_value_do_not_vouch_for_each_other(draw):
    unit = np.arange(N) // 10
    y = draw.integers(2, size=N // 10)[unit]
    apart = skill(unit.astype(float), truth_of(binary(y), unit, seed=0), code=True)
    together = skill(unit.astype(float), truth_of(binary(y), np.arange(N), seed=0), code=True)
    assert apart.high < 0.3
    assert together.low > 0.9


def test_a_rare_class_counts_as_much_as_a_frequent_one(draw):
    y = (np.arange(N) % 20 == 0).astype(np.int64)
    wrong = draw.random(N) < 0.02
    found = skill(np.where(wrong, 1 - y, y).astype(float), truth_of(binary(y), np.arange(N), seed=0), code=True)
    assert found.value == pytest.approx(0.96, abs=0.06)
    assert found.low <= found.value <= found.high


def test_thresholds_and_monotone_functions_of_numbers_are_seen(draw):
    x = draw.normal(size=N)
    assert skill(x, truth_of(binary((x > 0.3).astype(np.int64)), np.arange(N), seed=0), code=False).low > 0.9
    assert skill(np.exp(x), truth_of(Target(Task.REGRESSION, x), np.arange(N), seed=0), code=False).low > 0.95


def test_missing_values_are_a_value(draw):
    y = draw.integers(2, size=N)
    x = np.where(y == 1, np.nan, draw.normal(size=N))
    assert skill(x, truth_of(binary(y), np.arange(N), seed=0), code=False).low > 0.95


def test_rows_of_a_value_are_alike_only_where_they_are(draw):
    value, label = draw.integers(8, size=N), draw.integers(2, size=N)
    own = draw.normal(size=(8, 6))[value]
    noise = draw.normal(size=(N, 6))
    assert nearest((own + 0.2 * noise).astype(np.float32), value, label).clear(0.5)
    assert not nearest(noise.astype(np.float32), value, label).clear(0.05)
    assert agreeing(value, value % 2).share == 1.0
    assert not agreeing(value, label).clear(0.05)


def test_the_chance_of_a_nearest_row_is_that_of_blind_draws(draw):
    value, label = draw.integers(4, size=N), draw.integers(2, size=N)
    found = nearest(draw.normal(size=(N, 3)).astype(np.float32), value, label)
    assert found.chance == pytest.approx(0.25, abs=0.02)
    assert abs(found.z) < 4


def test_with_many_labels_the_nearest_row_of_another_label_decides(draw):
    value, label = draw.integers(40, size=N), draw.integers(100, size=N)
    own, noise = draw.normal(size=(40, 8))[value], draw.normal(size=(N, 8))
    assert nearest((own + 0.2 * noise).astype(np.float32), value, label).clear(0.5)
    assert not nearest(noise.astype(np.float32), value, label).clear(0.05)


def test_of_very_many_rows_some_values_are_looked_at_with_all_their_rows(draw):
    value = draw.integers(5000, size=50_000)
    assert agreeing(value, value % 3).share == 1.0
    assert abs(agreeing(value, draw.integers(3, size=50_000)).z) < 4
