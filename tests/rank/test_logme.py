"""LogME is the greatest evidence there is, whatever the shape of the embeddings, and says so for degenerate ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from rung.core.errors import BadShape
from rung.core.types import Target, Task
from rung.rank.answers import answers
from rung.rank.logme import logme


def evidence(x, y, prior, noise):
    """log p(y | X) a row, written out: y is normal with covariance I / noise + X X' / prior."""
    n = len(y)
    covariance = np.eye(n) / noise + x @ x.T / prior
    _, volume = np.linalg.slogdet(covariance)
    return -0.5 * (n * np.log(2 * np.pi) + volume + y @ np.linalg.solve(covariance, y)) / n


def greatest(x, y):
    """Its maximum over both precisions, by descent from many starts."""
    starts = [(a, b) for a in (-6.0, -2.0, 2.0, 6.0) for b in (-2.0, 1.0, 4.0)]
    found = [
        minimize(lambda at: -evidence(x, y, *np.exp(at)), start, bounds=[(-14, 14)] * 2, method="L-BFGS-B").fun
        for start in starts
    ]
    return -min(found)


def by_fixed_point(x, y, steps=500):
    """The paper's own iteration (its algorithm 1) in dense matrices, and its evidence (its equation 2)."""
    n, d = x.shape
    a = b = 1.0
    gram = x.T @ x
    for _ in range(steps):
        covariance = np.linalg.inv(a * np.eye(d) + b * gram)
        m = b * covariance @ x.T @ y
        known = d - a * np.trace(covariance)
        a, b = known / (m @ m), (n - known) / ((y - x @ m) ** 2).sum()
    _, volume = np.linalg.slogdet(a * np.eye(d) + b * gram)
    m = b * np.linalg.solve(a * np.eye(d) + b * gram, x.T @ y)
    whole = n * np.log(b) + d * np.log(a) - n * np.log(2 * np.pi) - b * ((y - x @ m) ** 2).sum() - a * m @ m - volume
    return whole / 2 / n


@given(
    n=st.integers(6, 25),
    d=st.integers(1, 40),
    scale=st.sampled_from([0.1, 1.0, 10.0]),
    strength=st.sampled_from([0.0, 0.5, 2.0]),
    seed=st.integers(0, 99),
)
def test_it_is_the_greatest_evidence(n, d, scale, strength, seed):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, d)) * scale + draw.normal(size=d) * 0.3
    y = strength * x @ draw.normal(size=d) / np.sqrt(d) / scale + draw.normal(size=n)
    assert logme(x, y[:, None]) == pytest.approx(greatest(x, y), abs=1e-4)


def test_it_is_where_the_papers_fixed_point_goes():
    draw = np.random.default_rng(5)
    x = draw.normal(size=(200, 12))
    labels = (x[:, 0] + 0.5 * draw.normal(size=200) > 0).astype(np.int64)
    y = answers(Target(Task.BINARY, labels, ("no", "yes")))
    each = [by_fixed_point(x, column) for column in y.T]
    assert logme(x, y) == pytest.approx(np.mean(each), abs=1e-7)


def test_a_target_is_read_in_its_own_unit():
    draw = np.random.default_rng(6)
    x, value = draw.normal(size=(60, 5)), draw.normal(size=60)
    y, same = (answers(Target(Task.REGRESSION, each)) for each in (value, 1000 * value + 7))
    assert logme(x, y) == pytest.approx(logme(x, same), abs=1e-9)


def test_telling_embeddings_beat_noise_though_noise_is_wider():
    draw = np.random.default_rng(7)
    value = draw.normal(size=80)
    telling = np.stack([value + 0.3 * draw.normal(size=80), draw.normal(size=80)], axis=1)
    y = answers(Target(Task.REGRESSION, value))
    assert logme(telling, y) > logme(draw.normal(size=(80, 300)), y)


def test_one_class_tells_nothing():
    only = answers(Target(Task.BINARY, np.zeros(20, np.int64), ("no", "yes")))
    assert only.shape == (20, 0)
    assert np.isnan(logme(np.ones((20, 3)), only))


@pytest.mark.parametrize("x", [np.zeros((30, 4)), np.full((30, 4), 2.5), np.zeros((30, 0))])
def test_embeddings_that_never_vary_are_finite_and_lose(x):
    y = answers(Target(Task.BINARY, np.arange(30) % 2, ("no", "yes")))
    found = logme(x, y)
    assert np.isfinite(found)
    assert found < logme(
        np.stack([y[:, 0], np.ones(30)], axis=1) + 0.01 * np.random.default_rng(0).normal(size=(30, 2)), y
    )


@pytest.mark.parametrize(("n", "d"), [(5, 400), (50, 1), (1, 3)])
def test_few_rows_and_one_feature_are_finite(n, d):
    x = np.random.default_rng(1).normal(size=(n, d))
    assert np.isfinite(logme(x, np.linspace(1, 2, n)[:, None]))


def test_a_target_without_noise_has_an_end():
    x = np.random.default_rng(2).normal(size=(40, 3))
    assert 5 < logme(x, x @ np.ones((3, 1))) < 50


def test_rows_must_agree():
    with pytest.raises(BadShape, match="30 rows"):
        logme(np.zeros((30, 2)), np.zeros((29, 1)))
