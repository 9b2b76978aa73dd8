"""Findings name the rows by their numbers in the file, and stay silent where nothing is wrong."""

import numpy as np
import polars as pl

from rung.core.types import Target, Task
from rung.data.findings import conflicting_labels, empty_texts, shared_rows

ROWS = np.array([10, 20, 30])


def test_a_row_is_empty_only_when_all_its_texts_are():
    frame = pl.DataFrame({"a": ["x", None, " "], "b": [None, "", "y"]})
    assert empty_texts(frame, ["a", "b"], ROWS).rows == (20,)
    assert empty_texts(frame, ["a"], ROWS, part="test").part == "test"
    assert empty_texts(frame[[0]], ["a"]) is None
    assert empty_texts(frame, []) is None


def test_shared_rows_are_those_of_the_test():
    found = shared_rows([b"a", b"b"], [b"c", b"b", b"a"], ROWS)
    assert (found.rows, found.part, "66.7 %" in found.what) == ((20, 30), "test", True)
    assert shared_rows([b"a"], [b"b"]) is None


def test_equal_rows_with_different_targets_are_named():
    keys = [b"a", b"b", b"a"]
    assert conflicting_labels(keys, Target(Task.BINARY, np.array([0, 0, 1]), ("n", "y")), ROWS).rows == (10, 30)
    assert conflicting_labels(keys, Target(Task.BINARY, np.array([0, 1, 0]), ("n", "y")), ROWS) is None
    sets = Target(Task.MULTILABEL, np.array([[1, 0], [0, 0], [1, 1]], np.uint8), ("n", "y"))
    assert conflicting_labels(keys, sets, ROWS).rows == (10, 30)
