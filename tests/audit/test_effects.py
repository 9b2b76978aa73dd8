"""Effect sizes against scipy, and against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, kruskal, norm
from scipy.stats.contingency import association

from rung.audit.effects import counts, cramers_v, holm, stability, variation
from rung.audit.time_order import drift
from rung.core.types import Target, Task

TABLES = st.lists(st.lists(st.integers(1, 60), min_size=3, max_size=3), min_size=2, max_size=5).map(np.array)


@given(TABLES)
def test_cramers_v_has_scipys_p(table):
    v, p = cramers_v(table)
    assert p == pytest.approx(chi2_contingency(table, correction=False).pvalue)
    assert 0 <= v <= 1


def test_cramers_v_meets_scipys_where_rows_are_many():
    table = np.array([[3000, 1000], [1000, 5000]])
    assert cramers_v(table)[0] == pytest.approx(association(table, method="cramer"), abs=1e-3)


def test_cramers_v_of_nothing_is_nothing():
    assert cramers_v(counts(np.zeros(5, np.int64), np.arange(5))) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_keeps_the_order_and_is_bonferroni_for_the_smallest(p):
    adjusted = holm(p)
    assert all(each <= new <= 1 for each, new in zip(p, adjusted, strict=True))
    assert [adjusted[i] for i in np.argsort(p)] == sorted(adjusted)
    assert min(adjusted) == pytest.approx(min(1.0, len(p) * min(p)))


def test_stability_grows_with_the_shift_and_meets_the_integral():
    draw = np.random.default_rng(0)
    ours = draw.normal(size=50_000)
    small, large = (stability(ours, draw.normal(by, size=50_000)) for by in (0.1, 0.5))
    assert 0 < small < 0.1 < large
    edges = norm.ppf(np.linspace(0, 1, 11))
    share = np.diff(norm.cdf(edges - 0.5))
    assert large == pytest.approx(float(((0.1 - share) * np.log(0.1 / share)).sum()), rel=0.1)


def test_variation_is_the_share_that_would_have_to_change():
    assert variation(np.array([10, 0]), np.array([0, 3])) == 1.0
    assert variation(np.array([10, 10]), np.array([3, 3])) == 0.0


def test_drift_is_epsilon_squared_of_kruskals_h():
    import polars as pl

    draw = np.random.default_rng(1)
    label = draw.integers(3, size=300)
    day = np.floor(draw.normal(size=300) * 100 + 60 * label) + 20_000
    dates = pl.Series((day * 86400e6).astype(np.int64)).cast(pl.Datetime("us"))
    h = kruskal(*(day[label == each] for each in range(3))).statistic
    assert drift(dates, Target(Task.MULTICLASS, label, ("a", "b", "c"))) == pytest.approx((h - 2) / 297)
