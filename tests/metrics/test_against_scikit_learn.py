"""Each metric agrees with scikit-learn or scipy on rows weighed by resample counts, ties and zeros included."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn import metrics as oracle

from rung.core.types import Task
from rung.metrics.log_loss import EPSILON
from rung.metrics.table import named
from rung.testing.strategies import labels_and_probabilities, targets_and_probabilities, targets_and_values

few = settings(max_examples=40, deadline=None)


def ours(name, task, case):
    return named(name, task).weigh(case.target, case.prediction, case.counts)


def theirs(case, score):
    """The oracle on rows that are physically repeated."""
    return [score(case.target[rows], case.prediction[rows]) for rows in map(case.repeated, range(len(case.counts)))]


def top(probability_NC):
    return probability_NC.argmax(axis=1)


@few
@given(targets_and_probabilities(unknown=True))
def test_accuracy(case):
    expected = theirs(case, lambda y, p: oracle.accuracy_score(y, top(p)))
    assert ours("accuracy", Task.MULTICLASS, case) == pytest.approx(expected)


@few
@pytest.mark.filterwarnings("ignore:y_pred contains classes:UserWarning", "ignore:A single label:UserWarning")
@given(targets_and_probabilities(unknown=True))
def test_balanced_accuracy(case):
    expected = theirs(case, lambda y, p: oracle.balanced_accuracy_score(y, top(p)))
    assert ours("balanced_accuracy", Task.MULTICLASS, case) == pytest.approx(expected)


@few
@given(targets_and_probabilities(unknown=True))
def test_macro_f1(case):
    expected = theirs(case, lambda y, p: oracle.f1_score(y, top(p), average="macro", zero_division=0.0))
    assert ours("macro_f1", Task.MULTICLASS, case) == pytest.approx(expected)


@few
@given(targets_and_probabilities())
def test_log_loss(case):
    def score(y, p):
        clipped = np.clip(p.astype(np.float64), EPSILON, 1)
        return -np.log(clipped[np.arange(len(y)), y]).mean()

    positive = case.prediction.astype(np.float64) + 0.01
    positive /= positive.sum(axis=1, keepdims=True)
    expected = oracle.log_loss(case.target, positive, labels=np.arange(case.classes))
    metric = named("log_loss", Task.MULTICLASS)
    assert metric(case.target, positive.astype(np.float32)) == pytest.approx(expected, abs=1e-5)
    assert ours("log_loss", Task.MULTICLASS, case) == pytest.approx(theirs(case, score))


@few
@given(targets_and_probabilities(classes=2))
def test_binary_brier_is_twice_scikit_learns(case):
    expected = theirs(case, lambda y, p: 2 * oracle.brier_score_loss(y, p[:, 1].astype(np.float64), pos_label=1))
    assert ours("brier", Task.BINARY, case) == pytest.approx(expected, abs=1e-6)


@few
@given(targets_and_probabilities(unknown=True))
def test_brier_is_its_formula_with_one_more_class_for_the_unknown(case):
    def score(y, p):
        wide = np.concatenate([p, np.zeros((len(p), 1))], axis=1)
        return ((wide - np.eye(wide.shape[1])[y]) ** 2).sum(axis=1).mean()

    assert ours("brier", Task.MULTICLASS, case) == pytest.approx(theirs(case, score), abs=1e-6)


@few
@given(targets_and_probabilities(unknown=True))
def test_ece_is_guos_sum_bin_by_bin(case):
    def score(y, p):
        confidence, right, total = p.max(axis=1).astype(np.float64), top(p) == y, 0.0
        for k in range(15):
            inside = (confidence > k / 15) & (confidence <= (k + 1) / 15)
            if inside.any():
                total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
        return total

    assert ours("ece", Task.MULTICLASS, case) == pytest.approx(theirs(case, score), abs=1e-9)


def ranked(case):
    """Truth and score with unknown rows as negatives above everything."""
    return (case.target == 1).astype(int), np.where(case.target < 0, 9.0, case.prediction[:, 1])


@few
@given(targets_and_probabilities(classes=2, unknown=True))
def test_roc_auc(case):
    truth, score = ranked(case)
    for value, weight in zip(ours("roc_auc", Task.BINARY, case), case.counts, strict=True):
        if len(set(truth[weight > 0])) == 2:
            assert value == pytest.approx(oracle.roc_auc_score(truth, score, sample_weight=weight))
        else:
            assert np.isnan(value)


@few
@given(targets_and_probabilities(classes=2, unknown=True))
def test_average_precision(case):
    truth, score = ranked(case)
    for value, weight in zip(ours("average_precision", Task.BINARY, case), case.counts, strict=True):
        if truth[weight > 0].any():
            assert value == pytest.approx(oracle.average_precision_score(truth, score, sample_weight=weight))
        else:
            assert np.isnan(value)


@few
@pytest.mark.filterwarnings("ignore:A single label:UserWarning")
@given(targets_and_probabilities(classes=2, unknown=True))
def test_mcc(case):
    expected = theirs(case, lambda y, p: oracle.matthews_corrcoef(y, top(p)))
    assert ours("mcc", Task.BINARY, case) == pytest.approx(expected)


@few
@given(labels_and_probabilities())
def test_micro_f1(case):
    expected = theirs(case, lambda y, p: oracle.f1_score(y, p >= 0.5, average="micro", zero_division=0.0))
    assert ours("micro_f1", Task.MULTILABEL, case) == pytest.approx(expected)


@few
@given(labels_and_probabilities())
def test_multilabel_macro_f1_leaves_out_labels_that_do_not_occur(case):
    assume((case.target.any(axis=0) | (case.prediction >= 0.5).any(axis=0)).any())
    expected = theirs(case, lambda y, p: np.mean(_defined(y, p >= 0.5)) if _defined(y, p >= 0.5) else np.nan)
    assert ours("macro_f1", Task.MULTILABEL, case) == pytest.approx(expected, nan_ok=True)


def _defined(truth, said):
    """scikit-learn's F1 of each label that is true or predicted somewhere."""
    return [
        oracle.f1_score(truth[:, label], said[:, label])
        for label in range(truth.shape[1])
        if truth[:, label].any() or said[:, label].any()
    ]


@few
@given(labels_and_probabilities())
def test_lrap(case):
    expected = theirs(case, oracle.label_ranking_average_precision_score)
    assert ours("lrap", Task.MULTILABEL, case) == pytest.approx(expected)


@few
@given(labels_and_probabilities())
def test_multilabel_log_loss_is_the_mean_of_binary_losses(case):
    def score(y, p):
        soft = np.clip(p.astype(np.float64), EPSILON, 1 - EPSILON)
        losses = [oracle.log_loss(y[:, label], soft[:, label], labels=[0, 1]) for label in range(y.shape[1])]
        return np.mean(losses)

    assert ours("log_loss", Task.MULTILABEL, case) == pytest.approx(theirs(case, score), abs=1e-5)


@few
@given(labels_and_probabilities())
def test_multilabel_brier_is_the_mean_of_binary_ones(case):
    def score(y, p):
        soft = p.astype(np.float64)
        return np.mean([2 * oracle.brier_score_loss(y[:, i], soft[:, i], pos_label=1) for i in range(y.shape[1])])

    assert ours("brier", Task.MULTILABEL, case) == pytest.approx(theirs(case, score), abs=1e-6)


@few
@pytest.mark.filterwarnings("ignore:R.2 score is not well-defined:sklearn.exceptions.UndefinedMetricWarning")
@given(targets_and_values(least_rows=2))
def test_r2(case):
    for b, value in enumerate(ours("r2", Task.REGRESSION, case)):
        rows = case.repeated(b)
        if len(rows) > 1:
            assert value == pytest.approx(oracle.r2_score(case.target[rows], case.prediction[rows, 0]), abs=1e-9)


@few
@given(targets_and_values(), st.sampled_from(["rmse", "mae"]))
def test_rmse_and_mae(case, name):
    score = {"rmse": oracle.root_mean_squared_error, "mae": oracle.mean_absolute_error}[name]
    assert ours(name, Task.REGRESSION, case) == pytest.approx(theirs(case, lambda y, p: score(y, p[:, 0])))


@few
@given(targets_and_values(least_rows=2))
def test_spearman(case):
    for b, value in enumerate(ours("spearman", Task.REGRESSION, case)):
        truth, said = case.target[case.repeated(b)], case.prediction[case.repeated(b), 0]
        if len(set(truth)) > 1 and len(set(said)) > 1:
            assert value == pytest.approx(spearmanr(truth, said).statistic, abs=1e-9)
        else:
            assert value == pytest.approx(0.0)
