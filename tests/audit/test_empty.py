"""Rows that lack what they are to be judged by are named by their numbers in the file."""

import numpy as np
import polars as pl

from rung.audit.empty import empty_texts

ROWS = np.array([10, 20, 30])


def test_a_row_is_empty_only_when_all_its_texts_are():
    frame = pl.DataFrame({"a": ["x", None, " "], "b": [None, "", "y"]})
    assert empty_texts(frame, ["a", "b"], ROWS).rows == (20,)
    assert empty_texts(frame, ["a"], ROWS, part="test").part == "test"
    assert empty_texts(frame[[0]], ["a"]) is None
    assert empty_texts(frame, []) is None
