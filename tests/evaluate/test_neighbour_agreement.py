"""Agreement of neighbours is what scikit-learn's neighbours say, and chance is what shuffled labels give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from rung.evaluate.neighbours import agreement


@given(st.integers(8, 60), st.integers(2, 4), st.integers(1, 7), st.integers(0, 10_000))
def test_shares_are_those_of_an_independent_search(rows, classes, k, seed):
    draw = np.random.default_rng(seed)
    x_ND = draw.normal(size=(rows, 6)).astype(np.float32)
    class_N = np.concatenate([np.arange(classes), draw.integers(0, classes, rows - classes)])
    unit = (x_ND / np.linalg.norm(x_ND, axis=1, keepdims=True)).astype(np.float64)
    near = NearestNeighbors(n_neighbors=k).fit(unit).kneighbors(return_distance=False)
    assert agreement(x_ND, class_N, k=k).share == pytest.approx((class_N[near] == class_N[:, None]).mean())


def test_chance_is_what_shuffled_labels_give():
    draw = np.random.default_rng(0)
    x_ND, class_N = draw.normal(size=(400, 8)).astype(np.float32), np.repeat([0, 1, 2], [250, 100, 50])
    shuffled = [agreement(x_ND, draw.permutation(class_N)).share for _ in range(40)]
    assert np.mean(shuffled) == pytest.approx(agreement(x_ND, class_N).chance, abs=0.01)


def test_many_rows_are_compared_in_parts():
    x_ND = np.random.default_rng(0).normal(size=(2500, 4)).astype(np.float32)
    found = agreement(x_ND, (x_ND[:, 0] > 0).astype(np.int64))
    assert found.lift > 0.6
    assert found.lift < found.high < 1


@pytest.mark.parametrize("class_N", [[0, 0, 0, 0], [0, 1]])
def test_where_nothing_could_disagree_it_is_refused(class_N):
    with pytest.raises(ValueError, match="three rows of two classes"):
        agreement(np.ones((len(class_N), 2), np.float32), np.array(class_N))
