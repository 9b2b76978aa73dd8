"""Classes: the interval against scipy, what is called small, uneven and confused, and what is not."""

from dataclasses import replace

import numpy as np
import planted_labels  # noqa: F401  # enters its faults
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_faults import PLANTED
from scipy.stats import binomtest

from rung.audit.classes import class_sizes, confused, confused_classes, wilson
from rung.audit.duplicates import duplicates
from rung.audit.label_errors import label_errors
from rung.core.audited import Judged
from rung.core.types import Target, Task
from rung.testing.checks_audit import audited, clean_table


@given(st.integers(1, 500), st.data())
def test_the_interval_is_wilsons(n, data):
    hits = data.draw(st.integers(0, n))
    low, high = wilson(hits / n, n)
    known = binomtest(hits, n).proportion_ci(method="wilson")
    assert (low, high) == (pytest.approx(known.low, abs=1e-3), pytest.approx(known.high, abs=1e-3))


def labelled(counts):
    frame = clean_table(sum(counts.values()))
    label = [name for name, count in counts.items() for _ in range(count)]
    return frame.with_columns(label=pl.Series(label))


def test_a_small_class_comes_with_the_width_of_its_interval():
    found = list(class_sizes(audited(labelled({"a": 60, "b": 50, "c": 10}), clean_table(45).drop("label"))))
    (small,) = [each for each in found if each.check == "small_class"]
    assert "1 class has too few test rows for a recall of its own" in small.what
    assert "'c' (4, ±" in small.what
    assert small.rows == tuple(range(110, 120))


def test_where_test_labels_are_open_they_are_counted():
    test = labelled({"a": 20, "b": 25})
    found = list(class_sizes(audited(labelled({"a": 60, "b": 50, "c": 10}), test)))
    (small,) = [each for each in found if each.check == "small_class"]
    assert "'c' (0, ±" in small.what


def test_without_test_rows_nothing_is_too_small():
    assert not [each for each in class_sizes(audited(labelled({"a": 60, "b": 57, "c": 3}))) if each.rows]


@pytest.mark.parametrize(("counts", "says"), [({"a": 110, "b": 10}, 1), ({"a": 80, "b": 40}, 0)])
def test_one_class_that_drowns_the_other_is_named(counts, says):
    assert len([each for each in class_sizes(audited(labelled(counts))) if each.check == "imbalance"]) == says


def test_labels_of_sets_are_counted_one_by_one():
    value = np.zeros((120, 2), np.uint8)
    value[:60, 0], value[:8, 1] = 1, 1
    seen = audited(clean_table(), clean_table(30, seed=1).drop("label"))
    (found,) = class_sizes(replace(seen, target=Target(Task.MULTILABEL, value, ("sad", "glad"))))
    assert found.rows == tuple(range(8))


def said(given_N, wrong, classes):
    p_NC = np.full((len(given_N), classes), 0.1 / classes, np.float32)
    p_NC[np.arange(len(given_N)), np.where(wrong, (given_N + 1) % 2, given_N)] = 0.9
    return Judged(np.arange(len(given_N)), p_NC)


@given(st.integers(10, 60), st.floats(0, 1))
def test_told_apart_is_the_mean_recall_of_two_classes(rows, share):
    given_N = np.arange(2 * rows) % 2
    wrong = np.random.default_rng(0).random(2 * rows) < share
    judged = said(given_N, wrong, 2)
    right = 1 - (wrong[::2].mean() + wrong[1::2].mean()) / 2
    found = confused(judged, given_N)
    low, high = wilson(right, 2 * rows)
    assert bool(found) == (high < 0.7)
    if found:
        assert (found[0].share, found[0].low, found[0].high) == (pytest.approx(right), low, high)
        assert sorted(found[0].swapped) == np.flatnonzero(wrong).tolist()


def test_where_nothing_is_told_apart_no_pair_is():
    given_N = np.arange(120) % 2
    wrong = np.random.default_rng(0).random(120) < 0.5
    seen = audited(clean_table(), judged=lambda: said(given_N, wrong, 2))
    assert not list(confused_classes(seen))


def test_a_rarer_spelling_is_no_small_class_and_confused_with_nobody():
    frame = labelled({"spam": 60, "ham": 50, "Spam": 10})
    found = list(class_sizes(audited(frame, clean_table(45).drop("label"))))
    assert not [each for each in found if "'Spam'" in each.what]
    p_NC = np.where(np.arange(3) == 1, 0.1, 0.45).repeat(120).reshape(3, 120).T
    said = Judged(np.arange(120), np.asarray(p_NC, np.float32))
    assert confused(said, audited(frame).target.value)
    assert not list(confused_classes(audited(frame, judged=lambda: said)))


def test_equal_rows_whose_labels_are_spelt_differently_do_not_disagree():
    frame = labelled({"spam": 60, "ham": 50, "Spam": 10})
    again = pl.concat([frame, frame[:2].with_columns(label=pl.Series(["SPAM", "ham"]))])
    (found,) = [each for each in duplicates(audited(again)) if each.check == "conflicting_labels"]
    assert found.rows == (1, 121)


def test_a_row_that_looks_like_another_spelling_of_its_label_is_no_label_error():
    seen, rows = PLANTED["label_errors"]()
    respelt = replace(seen.target, labels=("Yes", "yes"))
    (found,) = label_errors(seen)
    assert set(found.rows) == set(rows)
    assert not list(label_errors(replace(seen, target=respelt)))
