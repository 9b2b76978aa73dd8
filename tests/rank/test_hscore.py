"""H-score with a shrunk covariance, against the formula written out with scikit-learn's shrinkage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.covariance import LedoitWolf

from rung.core.errors import BadShape
from rung.core.types import Target, Task
from rung.rank.answers import answers
from rung.rank.hscore import hscore, shrinkage


def written_out(x, label):
    """tr(S^-1 (1 - t) B): class means, covariances and inverse as matrices."""
    fitted = LedoitWolf().fit(x)
    means = np.stack([x[label == each].mean(0) for each in label]) - x.mean(0)
    between = means.T @ means / len(x)
    return np.trace(np.linalg.pinv(fitted.covariance_, rcond=1e-13) @ between) * (1 - fitted.shrinkage_)


@given(n=st.integers(6, 40), d=st.integers(1, 60), classes=st.integers(2, 5), seed=st.integers(0, 99))
def test_it_is_the_formula_of_classes(n, d, classes, seed):
    draw = np.random.default_rng(seed)
    label = np.arange(n) % classes
    x = draw.normal(size=(n, d)) + 2 * draw.normal(size=(classes, d))[label]
    y = answers(Target(Task.MULTICLASS, label, tuple(map(str, range(classes)))))
    assert hscore(x, y) == pytest.approx(written_out(x, label), rel=1e-6, abs=1e-9)


@given(n=st.integers(2, 40), d=st.integers(1, 60), seed=st.integers(0, 99))
def test_the_shrinkage_is_ledoit_and_wolfs(n, d, seed):
    x = np.random.default_rng(seed).normal(size=(n, d)) * np.linspace(0.1, 3, d)
    centred = x - x.mean(0)
    power = np.linalg.svd(centred, compute_uv=False) ** 2 / n
    assert shrinkage(power, (centred**2).sum(1), d) == pytest.approx(LedoitWolf().fit(x).shrinkage_, abs=1e-9)


def test_numbers_with_many_rows_are_the_r2_of_least_squares():
    draw = np.random.default_rng(3)
    x = draw.normal(size=(5000, 4)) * (1, 2, 0.8, 1)
    value = x @ [1, 0.2, 1, 0] + draw.normal(size=5000)
    weights = np.linalg.lstsq(x - x.mean(0), value - value.mean(), rcond=None)[0]
    r2 = np.var((x - x.mean(0)) @ weights) / np.var(value)
    assert hscore(x, answers(Target(Task.REGRESSION, value))) == pytest.approx(r2, abs=0.01)


def test_label_sets_are_scored():
    draw = np.random.default_rng(4)
    sets = draw.integers(0, 2, size=(80, 3)).astype(np.uint8)
    y = answers(Target(Task.MULTILABEL, sets, ("a", "b", "c")))
    telling = hscore(sets + 0.1 * draw.normal(size=(80, 3)), y)
    assert telling > 2 * hscore(draw.normal(size=(80, 3)), y)
    assert telling <= 3


def test_without_an_inverse_noise_does_not_pass_for_knowledge():
    draw = np.random.default_rng(5)
    y = answers(Target(Task.BINARY, np.arange(30) % 2, ("no", "yes")))
    assert hscore(draw.normal(size=(30, 500)), y) < 0.7  # a pseudo-inverse alone would say 1: every row is told apart


@pytest.mark.parametrize("x", [np.zeros((30, 4)), np.full((30, 4), 2.5)])
def test_embeddings_that_never_vary_tell_nothing(x):
    assert hscore(x, answers(Target(Task.BINARY, np.arange(30) % 2, ("no", "yes")))) == 0


def test_one_class_tells_nothing():
    x = np.random.default_rng(6).normal(size=(20, 3))
    assert hscore(x, answers(Target(Task.BINARY, np.zeros(20, np.int64), ("no", "yes")))) == 0


def test_one_feature_is_enough():
    label = np.arange(30) % 2
    y = answers(Target(Task.BINARY, label, ("no", "yes")))
    assert hscore(label[:, None] + 0.01 * np.random.default_rng(0).normal(size=(30, 1)), y) == pytest.approx(
        1, abs=0.01
    )


def test_rows_must_agree():
    with pytest.raises(BadShape, match="30 rows"):
        hscore(np.zeros((30, 2)), np.zeros((29, 1)))
