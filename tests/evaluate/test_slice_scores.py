"""Slices cover every row once, keep the small ones in sight, and score what they hold."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.core.errors import BadShape
from rung.core.types import Task
from rung.evaluate.slices import by_slice, cut
from rung.metrics.table import named
from rung.testing.checks_metric import case

cells = st.one_of(
    st.lists(st.one_of(st.none(), st.floats(-5, 5), st.just(float("nan"))), min_size=1, max_size=80),
    st.lists(st.one_of(st.none(), st.integers(0, 20)), min_size=1, max_size=80),
    st.lists(st.one_of(st.none(), st.text(max_size=1), st.booleans()), min_size=1, max_size=80),
)


@settings(max_examples=60, deadline=None)
@given(cells)
def test_every_row_is_in_exactly_one_slice(column):
    rows = np.concatenate([part.rows for part in cut("x", column)])
    assert sorted(rows.tolist()) == list(range(len(column)))


def test_numbers_are_cut_into_quarters():
    parts = cut("x", np.random.default_rng(0).permutation(100).tolist())
    assert [(part.value, len(part.rows)) for part in parts] == [
        ("0 to 24", 25),
        ("25 to 49", 25),
        ("50 to 74", 25),
        ("75 to 99", 25),
    ]


def test_dates_are_cut_into_quarters():
    parts = cut("day", [date(2024, 1, 1) + timedelta(days=k) for k in range(40)])
    assert [len(part.rows) for part in parts] == [10, 10, 10, 10]
    assert parts[0].value == "2024-01-01 to 2024-01-10"


def test_few_numbers_are_categories():
    assert [part.value for part in cut("stars", [5, 5, 5, 1, 1, 3])] == ["5", "1", "3"]


def test_a_column_of_many_values_is_bounded():
    parts = cut("user", [f"u{k:04}" for k in range(500)])
    assert len(parts) == 51
    assert (parts[-1].value, len(parts[-1].rows)) == ("(450 rarer values)", 450)


def test_a_slice_scores_its_own_rows():
    target, noisy, _ = case(Task.BINARY, rows=90)
    country = ["at", "de", "fr"] * 30
    for part in by_slice(Task.BINARY, target, noisy, {"country": country}):
        rows = np.array([name == part["value"] for name in country])
        expected = named("accuracy", Task.BINARY)(target[rows], noisy[rows])
        score = part["scores"]["accuracy"]
        assert score["value"] == pytest.approx(expected)
        assert score["low"] < score["value"] < score["high"]


def test_small_slices_are_flagged_not_hidden():
    target, noisy, _ = case(Task.REGRESSION, rows=60)
    found = by_slice(Task.REGRESSION, target, noisy, {"x": ["a"] * 40 + ["b"] * 19 + ["c"]}, half_width=1.0)
    assert Counter((part["value"], part["n"], part["small"]) for part in found) == Counter(
        [("a", 40, False), ("b", 19, True), ("c", 1, True)]
    )
    assert all("coverage_90" in part["scores"] for part in found)


def test_a_column_of_another_length_is_refused():
    target, noisy, _ = case(Task.BINARY)
    with pytest.raises(BadShape, match="slice column 'x': wanted 60 rows, got 1"):
        by_slice(Task.BINARY, target, noisy, {"x": [1]})
