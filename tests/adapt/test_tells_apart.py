"""No answer that is the same for every row tells rows apart, whatever it says and however the classes lie."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from rung.adapt.training.losses import tells_apart

SHARE = st.floats(0.01, 1.0)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.lists(SHARE, min_size=4, max_size=4))
def test_a_constant_answer_never_tells_rows_apart(truth, weight):
    assume(len(set(truth)) > 1)
    constant = np.array(weight) / sum(weight)
    assert not tells_apart(np.tile(constant, (len(truth), 1)), np.array(truth))


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.floats(1e-3, 1.0))
def test_what_adds_to_the_right_class_of_each_row_tells_them_apart(truth, more):
    assume(len(set(truth)) > 1)
    rows = np.array(truth)
    said = np.tile(np.bincount(rows, minlength=4) / len(rows), (len(rows), 1)) + more * np.eye(4)[rows]
    assert tells_apart(said / said.sum(1, keepdims=True), rows)
