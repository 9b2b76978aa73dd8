"""The solver reaches scikit-learn's optimum, for each loss, dense and sparse, many folds at once."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression, Ridge

from rung.adapt.matrix import patches
from rung.adapt.solver import LinearPath

CLOSE = 1e-3  # probabilities


def _problem(n=240, width=12, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(n, width)) @ np.diag(np.linspace(0.1, 2.0, width)) + 3.0).astype(np.float32)
    y = np.argmax((x - 3.0) @ rng.normal(size=(width, classes)) + 2 * rng.gumbel(size=(n, classes)), axis=1)
    return x, y.astype(np.int64)


def _folds(n, k=3):
    return np.stack([np.arange(n) % k != f for f in range(k)])


@pytest.mark.parametrize("strength", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("shape", ["dense", "sparse"])
def test_softmax_folds_reach_scikit_learns_probabilities(strength, shape):
    x, y = _problem()
    if shape == "sparse":  # TF-IDF's kind: most cells empty, nothing far from zero
        x = np.where(np.abs(x - 3) > 0.5, x - 3, 0).astype(np.float32)
    train = _folds(len(y))
    seen = sparse.csr_array(x) if shape == "sparse" else x
    solution = LinearPath(seen, y, "softmax", 4, train, tolerance=1e-7).solve(strength, most=2000)
    for f, rows in enumerate(train):
        oracle = LogisticRegression(C=strength, tol=1e-8, solver="newton-cholesky").fit(x[rows].astype(float), y[rows])
        ours = softmax(x @ solution.weight_FDC[f] + solution.bias_FC[f], axis=1)
        assert np.abs(ours - oracle.predict_proba(x)).max() < CLOSE


@pytest.mark.parametrize("k", [2, 4, 8])
def test_every_fold_is_solved_whatever_the_stride_of_its_rows(k):
    x, y = _problem()
    train = _folds(len(y), k)
    solution = LinearPath(x, y, "softmax", 4, train, tolerance=1e-7).solve(1.0, most=2000)
    for f, rows in enumerate(train):
        alone = LinearPath(x[rows], y[rows], "softmax", 4, np.ones((1, rows.sum()), bool), tolerance=1e-7)
        found = alone.solve(1.0, most=2000)
        ours = softmax(x @ solution.weight_FDC[f] + solution.bias_FC[f], axis=1)
        assert np.abs(ours - softmax(x @ found.weight_FDC[0] + found.bias_FC[0], axis=1)).max() < CLOSE


def test_a_path_ends_where_a_single_solve_does():
    x, y = _problem()
    train = _folds(len(y))
    path = LinearPath(x, y, "softmax", 4, train, tolerance=1e-7)
    for strength in (0.01, 0.1, 1.0, 10.0):
        walked = path.solve(strength, most=2000)
    alone = LinearPath(x, y, "softmax", 4, train, tolerance=1e-7).solve(10.0, most=2000)
    gap = np.abs(
        softmax(x @ walked.weight_FDC[0] + walked.bias_FC[0], 1)
        - softmax(x @ alone.weight_FDC[0] + alone.bias_FC[0], 1)
    )
    assert gap.max() < CLOSE


def test_each_label_of_a_set_is_scikit_learns_binary_regression():
    x, y = _problem()
    sets = np.stack([y == 0, y >= 2, x[:, -1] > 3], axis=1).astype(np.float32)
    solution = LinearPath(x, sets, "sigmoid", 3, np.ones((1, len(y)), bool), tolerance=1e-7).solve(0.5, most=2000)
    ours = expit(x @ solution.weight_FDC[0] + solution.bias_FC[0])
    for label in range(3):
        oracle = LogisticRegression(C=0.5, tol=1e-8, solver="newton-cholesky").fit(x.astype(float), sets[:, label])
        assert np.abs(ours[:, label] - oracle.predict_proba(x)[:, 1]).max() < CLOSE


@pytest.mark.parametrize("shape", ["dense", "sparse"])
def test_squared_loss_is_ridge_with_alpha_one_over_strength(shape):
    x, _ = _problem()
    value = (x @ np.linspace(-1, 1, 12) + np.random.default_rng(1).normal(size=len(x))).astype(np.float32)[:, None]
    value = (value - value.mean()) / value.std()
    seen = sparse.csr_array(x) if shape == "sparse" else x
    train = _folds(len(x))
    solution = LinearPath(seen, value, "squared", 1, train, tolerance=1e-8).solve(0.2, most=2000)
    for f, rows in enumerate(train):
        oracle = Ridge(alpha=5.0).fit(x[rows], value[rows, 0])
        ours = (x @ solution.weight_FDC[f] + solution.bias_FC[f])[:, 0]
        assert np.abs(ours - oracle.predict(x)).max() < 2e-3


def test_balanced_row_weights_are_scikit_learns_class_weight():
    x, y = _problem()
    y = (y == 0).astype(np.int64)
    weight = (len(y) / (2 * np.bincount(y)))[y].astype(np.float32)
    path = LinearPath(x, y, "softmax", 2, np.ones((1, len(y)), bool), weight[None], tolerance=1e-7)
    solution = path.solve(2.0, most=2000)  # two opposite columns share the weight: twice the penalised strength
    oracle = LogisticRegression(C=4.0, class_weight="balanced", tol=1e-8, solver="newton-cholesky").fit(
        x.astype(float), y
    )
    ours = softmax(x @ solution.weight_FDC[0] + solution.bias_FC[0], axis=1)
    assert np.abs(ours - oracle.predict_proba(x)).max() < CLOSE


def test_labels_of_rows_outside_a_fold_change_nothing_in_it():
    x, y = _problem()
    train = _folds(len(y))[:1]
    poisoned = np.where(train[0], y, (y + 1) % 4)
    clean = LinearPath(x, y, "softmax", 4, train).solve(1.0)
    again = LinearPath(x, poisoned, "softmax", 4, train).solve(1.0)
    assert np.array_equal(clean.weight_FDC, again.weight_FDC)


def test_a_class_that_no_row_has_keeps_its_column_and_gets_no_probability():
    x, y = _problem()
    solution = LinearPath(x, np.where(y == 2, 1, y), "softmax", 4, np.ones((1, len(y)), bool)).solve(1.0)
    said = softmax(x @ solution.weight_FDC[0] + solution.bias_FC[0], axis=1)
    assert said.shape[1] == 4
    assert said[:, 2].max() < 0.01


def test_a_constant_column_and_a_single_class_do_not_break_it():
    x = np.ones((30, 3), np.float32)
    solution = LinearPath(x, np.zeros(30, np.int64), "softmax", 2, np.ones((1, 30), bool)).solve(1.0)
    assert np.isfinite(solution.weight_FDC).all()
    assert np.isfinite(solution.bias_FC).all()


def test_more_columns_than_the_widest_rotation_still_reach_the_optimum(monkeypatch):
    monkeypatch.setattr("rung.adapt.matrix.WIDEST_ROTATION", 4)
    x, y = _problem()
    solution = LinearPath(x, y, "softmax", 4, np.ones((1, len(y)), bool), tolerance=1e-7).solve(1.0, most=2000)
    oracle = LogisticRegression(C=1.0, tol=1e-8, solver="newton-cholesky").fit(x.astype(float), y)
    ours = softmax(x @ solution.weight_FDC[0] + solution.bias_FC[0], axis=1)
    assert np.abs(ours - oracle.predict_proba(x)).max() < CLOSE


def test_patches_cover_each_training_row_once_and_no_other():
    train = np.random.default_rng(0).random((4, 100)) < 0.6
    seen = np.zeros_like(train, dtype=int)
    for patch in patches(train, block=7, fewest=1):
        assert len(patch.rows) <= 7
        seen[np.ix_(patch.models, patch.rows)] += 1
    assert np.array_equal(seen, train.astype(int))


def test_folds_give_the_same_models_in_groups_of_their_own_or_in_one(monkeypatch):
    x, y = _problem()
    train = _folds(len(y))
    together = LinearPath(x, y, "softmax", 4, train, tolerance=1e-7).solve(1.0)
    monkeypatch.setattr("rung.adapt.solver.patches", lambda train_FN: patches(train_FN, fewest=1))
    apart = LinearPath(x, y, "softmax", 4, train, tolerance=1e-7).solve(1.0)
    assert np.allclose(together.weight_FDC, apart.weight_FDC, atol=1e-3)


def test_training_rows_of_each_model_are_its_own():
    x, y = _problem()
    train = _folds(len(y))
    both = LinearPath(x, y, "softmax", 4, train, tolerance=1e-7).solve(1.0)
    alone = LinearPath(x[train[1]], y[train[1]], "softmax", 4, np.ones((1, train[1].sum()), bool), tolerance=1e-7)
    gap = np.abs(softmax(x @ both.weight_FDC[1] + both.bias_FC[1], 1) - _said(alone.solve(1.0), x))
    assert gap.max() < CLOSE


def _said(solution, x):
    return softmax(x @ solution.weight_FDC[0] + solution.bias_FC[0], axis=1)


def test_more_features_than_rows_reach_scikit_learns_probabilities_too():
    x, y = _problem(n=60, width=200)
    train = _folds(len(y))
    solution = LinearPath(x, y, "softmax", 4, train, tolerance=1e-7).solve(0.01, most=2000)
    for f, rows in enumerate(train):
        oracle = LogisticRegression(C=0.01, tol=1e-8, solver="newton-cholesky").fit(x[rows].astype(float), y[rows])
        ours = softmax(x @ solution.weight_FDC[f] + solution.bias_FC[f], axis=1)
        assert np.abs(ours - oracle.predict_proba(x)).max() < CLOSE
