"""Targets: which task, which labels, and what can't be learnt."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.core.errors import BadTarget, TooFewRows
from rung.core.types import Task
from rung.data.target import encode

ABC = ["a", "b", "c"]


def series(values):
    return pl.Series("y", values, strict=False)


def test_not_a_number_is_no_label_among_numbers_and_a_word_among_words():
    numbers = encode(series(["NaN", " nan", *(f"{i}.5" for i in range(30))]))
    assert numbers.target.task is Task.REGRESSION
    assert np.flatnonzero(~numbers.usable).tolist() == [0, 1]
    assert numbers.findings[0].check == "null_target"
    assert encode(series(["nan", "roti"] * 10)).target.labels == ("nan", "roti")
    with pytest.raises(BadTarget, match="no value in 20 rows"):
        encode(series(["nan", "NaN"] * 10))
    for task, labels, holds in (
        (Task.REGRESSION, (), ["nan", "NaN"]),
        (Task.BINARY, ("0", "1"), ["nan", "nan"]),
        (Task.BINARY, ("0", "1"), ["nan", "x"]),
    ):
        later = encode(series(holds), task=task, labels=labels)
        assert not later.usable[0]
        assert later.usable[1] == (holds[1] == "x")
    assert encode(series(["nan", "roti"]), task=Task.BINARY, labels=("nan", "roti")).usable.all()


@pytest.mark.parametrize(
    ("values", "task", "labels"),
    [
        (["no", "yes"] * 10, Task.BINARY, ("no", "yes")),
        ([True, False] * 10, Task.BINARY, ("False", "True")),
        (["10", "9", "8"] * 10, Task.MULTICLASS, ("8", "9", "10")),
        ([1.0, 2.0, None] * 10, Task.BINARY, ("1", "2")),
        ([3, 1, 2] * 10, Task.MULTICLASS, ("1", "2", "3")),
        (["007", "1"] * 10, Task.BINARY, ("1", "007")),
        (list(range(40)) * 5, Task.MULTICLASS, tuple(str(i) for i in range(40))),
        ([i * 3 for i in range(40)] * 5, Task.REGRESSION, ()),
        (list(range(30)), Task.REGRESSION, ()),
        ([i / 3 for i in range(30)], Task.REGRESSION, ()),
        ([f"{i}.50" for i in range(30)], Task.REGRESSION, ()),
        ([["a", "b"], ["b"], []] * 10, Task.MULTILABEL, ("a", "b")),
        ([[1, 10], [2]] * 10, Task.MULTILABEL, ("1", "2", "10")),
    ],
)
def test_the_task_and_its_labels_are_inferred(values, task, labels):
    encoded = encode(series(values))
    assert (encoded.target.task, encoded.target.labels, len(encoded.target)) == (task, labels, len(values))


@settings(max_examples=30, deadline=None)
@given(st.permutations(ABC * 10))
def test_codes_point_at_their_labels_in_any_order(values):
    target = encode(series(values)).target
    assert [target.labels[code] for code in target.value] == values


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.sampled_from(ABC)), min_size=20, max_size=40))
def test_label_sets_come_back_from_their_matrix(sets):
    target = encode(series([sorted(names) for names in [*sets, {"a"}, {"b"}]])).target
    back = [{name for name, held in zip(target.labels, row, strict=True) if held} for row in target.value]
    assert back[:-2] == sets
    assert target.value.dtype == np.uint8


def test_joined_strings_are_label_sets_only_when_asked():
    values = series(["a;b", "b", "a"] * 10)
    assert encode(values).target.labels == ("a", "a;b", "b")
    assert encode(values, task=Task.MULTILABEL).target.value[:3].tolist() == [[1, 1], [0, 1], [1, 0]]


def test_numbers_are_classes_or_quantities_as_asked():
    values = series([1, 2, 3] * 10)
    assert encode(values, task=Task.REGRESSION).target.value[:3].tolist() == [1.0, 2.0, 3.0]
    assert encode(series([0.5, 1.5] * 10), task=Task.MULTICLASS).target.labels == ("0.5", "1.5")


def test_rows_without_a_label_are_set_aside_and_counted():
    encoded = encode(series(["a", None, "b", " "] * 10))
    assert encoded.usable.tolist() == [True, False, True, False] * 10
    assert encoded.target.value[:4].tolist() == [0, -1, 1, -1]
    assert (encoded.findings[0].severity, len(encoded.findings[0].rows)) == ("warn", 20)


def test_pandas_missing_labels_are_no_class():
    assert encode(pl.from_pandas(pd.Series([0, 1, None] * 10, name="y"))).target.labels == ("0", "1")


def test_classes_with_one_or_two_rows_are_named_and_kept():
    encoded = encode(series(["a"] * 15 + ["b"] * 10 + ["c", "c", "d"]))
    assert encoded.usable.all()
    assert (encoded.findings[0].check, encoded.findings[0].rows) == ("rare_class", (25, 26, 27))
    assert "'c', 'd'" in encoded.findings[0].what


def test_labels_that_training_never_had_are_named_and_scored_as_errors():
    encoded = encode(series(["a", "z", None]), task=Task.BINARY, labels=("a", "b"))
    assert (encoded.target.value.tolist(), encoded.usable.tolist()) == ([0, -1, -1], [True, True, False])
    unknown = next(finding for finding in encoded.findings if finding.check == "unknown_label")
    assert (unknown.rows, unknown.severity, "'z'" in unknown.what) == ((1,), "warn", True)


def test_labels_meet_again_across_file_types():
    train = encode(series([0, 1] * 10)).target
    for later in (["0", "1"], [0.0, 1.0]):
        assert encode(series(later), task=train.task, labels=train.labels).target.value.tolist() == [0, 1]


def test_unknown_labels_in_sets_are_named_and_stay_in_the_truth():
    encoded = encode(series([["a", "z"], ["b"]]), task=Task.MULTILABEL, labels=("a", "b"))
    assert encoded.target.value.tolist() == [[1, 0, 1], [0, 1, 0]]  # the last column: z, which no model can name
    assert encoded.target.labels == ("a", "b")
    assert encoded.findings[0].rows == (0,)


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        ([None] * 30, None, "got no value in 30 rows"),
        (["", " "] * 15, None, "got no value in 30 rows"),
        (["a"] * 30, None, "at least two classes, got only 'a'"),
        ([1.5] * 30, Task.REGRESSION, "at least two different values, got only 1.5"),
        ([f"row {i}" for i in range(30)], None, "wanted labels that repeat"),
        (["1.5", "n/a", "2.5"] * 10, Task.REGRESSION, "'n/a' in row 1, 'n/a' in row 4, 'n/a' in row 7 and 7 more"),
        ([f"{i}.25" for i in range(40)] + ["unknown"], None, "'unknown' in row 40"),
        ([0.5, float("inf")] * 10, Task.REGRESSION, "inf in row 1"),
        (ABC * 10, Task.BINARY, "two classes for task binary, got 3: a, b, c"),
        ([["a"], ["b"]] * 10, Task.REGRESSION, "got lists"),
        ([["a"], ["b"]] * 10, Task.MULTICLASS, "got lists"),
        ([["a"]] * 30, None, "at least two labels, got a"),
        ([1, 2] * 10, Task.MULTILABEL, "wanted lists of labels"),
        ([{"a": 1}] * 20, None, "wanted labels, numbers or lists"),
    ],
)
def test_targets_that_cannot_be_learnt_are_refused(values, task, message):
    with pytest.raises(BadTarget, match=message) as caught:
        encode(series(values), task=task)
    assert caught.value.exit_code == 3


def test_fewer_than_ten_labelled_rows_are_refused():
    with pytest.raises(TooFewRows, match="at least 10 labelled rows, got 9 of 30") as caught:
        encode(series(["a"] * 5 + ["b"] * 4 + [None] * 21))
    assert caught.value.exit_code == 3


def test_test_rows_may_be_few_one_class_or_unlabelled():
    assert encode(series([2.5]), task=Task.REGRESSION, labels=()).target.value.tolist() == [2.5]
    assert encode(series(["a"]), task=Task.BINARY, labels=("a", "b")).target.value.tolist() == [0]
    assert not encode(series([None]), task=Task.BINARY, labels=("a", "b")).usable.any()


def test_labels_that_differ_only_in_case_or_spacing_are_named():
    encoded = encode(pl.Series("kind", ["ham", "spam"] * 20 + ["ham ", "Spam", "other"] * 4))
    (finding,) = [found for found in encoded.findings if found.check == "label_twins"]
    assert "'Spam' beside 'spam', 'ham ' beside 'ham'" in finding.what
    assert "other" not in finding.what
    assert len(finding.rows) == 8


@pytest.mark.parametrize("word", ["n/a", "N/A", "?", "None ", "NULL", "unknown", "-", "TODO"])
def test_labels_that_say_none_are_named_and_one_as_frequent_as_a_class_is_a_note(word):
    few = encode(pl.Series("kind", ["ham", "spam"] * 20 + [word] * 2)).findings
    assert [(each.check, each.severity, each.rows) for each in few] == [("none_label", "warn", (40, 41))]
    assert f"{word!r} (2)" in few[0].what
    many = encode(pl.Series("kind", ["ham", "spam", word] * 20)).findings
    assert [(each.check, each.severity) for each in many] == [("none_label", "note")]
    assert not encode(pl.Series("kind", ["ham", "spam", "nothing"] * 20)).findings


def test_a_spelling_of_one_row_is_no_rare_class_too():
    found = encode(pl.Series("kind", ["ham", "spam"] * 20 + ["Spam", "spam ", "eggs"])).findings
    assert {each.check: each.rows for each in found} == {"rare_class": (42,), "label_twins": (40, 41)}


def test_labels_that_differ_in_accents_or_a_full_stop_are_named_and_numbers_are_not():
    encoded = encode(pl.Series("kind", ["café", "not spam"] * 20 + ["cafe", "not_spam.", "-1", "1"] * 4))
    (finding,) = [found for found in encoded.findings if found.check == "label_twins"]
    assert "'cafe' beside 'café', 'not_spam.' beside 'not spam'" in finding.what
    assert len(finding.rows) == 8
