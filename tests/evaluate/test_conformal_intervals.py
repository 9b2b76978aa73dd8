"""Conformal intervals hold the truth as often as they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from rung.core.errors import BadOption
from rung.evaluate.conformal import coverage, half_width


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60), st.floats(0.05, 0.95))
def test_the_width_is_the_quantile_of_the_paper(residuals, share):
    n = len(residuals)
    place = int(np.ceil(round((n + 1) * share, 9)))
    expected = sorted(abs(r) for r in residuals)[place - 1] if place <= n else float("inf")
    assert half_width(np.array(residuals), share) == expected


@pytest.mark.parametrize("n", [9, 19, 50, 500])
def test_new_rows_are_covered_at_least_90_percent_and_not_much_more(n):
    draw = np.random.default_rng(n)
    covered = [2 * student.cdf(half_width(draw.standard_t(3, n)), df=3) - 1 for _ in range(3000)]
    assert 0.9 - 0.006 <= np.mean(covered) <= 0.9 + 1 / (n + 1) + 0.006  # 0.006: over three standard errors


def test_too_few_rows_promise_nothing():
    assert half_width(np.arange(8.0)) == float("inf")
    assert half_width(np.arange(9.0)) == 8.0


def test_the_row_that_set_the_width_is_inside():
    target = np.array([0.1, 0.2, 0.35])
    said = np.float32([[0.7], [0.3], [0.9]])
    assert coverage(target, said, half_width(target - said[:, 0], 0.7)) == 1.0


def test_every_row_counts_once():
    assert coverage(np.array([0.0, 1.0, 2.0, 9.0]), np.zeros((4, 1), np.float32), 2.0) == 0.75


@pytest.mark.parametrize(("residuals", "share"), [([], 0.9), ([1.0], 0.0), ([1.0], 1.0)])
def test_nonsense_is_refused(residuals, share):
    with pytest.raises(BadOption):
        half_width(np.array(residuals), share)
