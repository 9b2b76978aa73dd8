"""Temperature finds what was distorted, changes no decision, and stays away where it does not help."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax
from sklearn.calibration import calibration_curve

from rung.core.errors import BadOption
from rung.core.types import Task
from rung.evaluate.calibration import (
    apply_temperature,
    calibrate,
    fit_temperature,
    folds_of,
    noise,
    reliability,
)
from rung.metrics.table import named
from rung.testing.strategies import labels_and_probabilities, targets_and_probabilities

few = settings(max_examples=30, deadline=None)


def honest(rows, classes=3, seed=0, sharper=1.0):
    """Targets drawn from softmax(logits); predictions from sharper * logits."""
    draw = np.random.default_rng(seed)
    logit_NC = draw.normal(scale=1.5, size=(rows, classes))
    target = np.array([draw.choice(classes, p=p) for p in softmax(logit_NC, axis=1)])
    return softmax(sharper * logit_NC, axis=1).astype(np.float32), target


def honest_labels(rows, seed=0, sharper=1.0):
    draw = np.random.default_rng(seed)
    logit_NL = draw.normal(scale=1.5, size=(rows, 3))
    target = (draw.random((rows, 3)) < expit(logit_NL)).astype(np.uint8)
    return expit(sharper * logit_NL).astype(np.float32), target


@pytest.mark.parametrize("sharper", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("make", [honest, honest_labels])
def test_the_distortion_is_found_again(make, sharper):
    probability, target = make(4000, sharper=sharper)
    assert fit_temperature(probability, target) == pytest.approx(sharper, rel=0.08)


@few
@given(targets_and_probabilities(), st.floats(0.1, 10))
def test_the_order_of_classes_stays_and_rows_sum_to_one(case, temperature):
    scaled = apply_temperature(case.probability, temperature, Task.MULTICLASS)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.sum(axis=1), 1, atol=1e-5)
    top = case.probability.argmax(axis=1)
    np.testing.assert_array_equal(scaled[np.arange(len(top)), top], scaled.max(axis=1))


@few
@given(labels_and_probabilities(), st.floats(0.1, 10))
def test_labels_stay_on_their_side_of_one_half(case, temperature):
    scaled = apply_temperature(case.prediction, temperature, Task.MULTILABEL)
    apart = np.abs(case.prediction - 0.5) > 1e-6
    np.testing.assert_array_equal((scaled >= 0.5)[apart], (case.prediction >= 0.5)[apart])


def test_temperature_one_changes_no_bit():
    probability, _ = honest(50)
    assert apply_temperature(probability, 1.0, Task.MULTICLASS) is probability


def test_unknown_labels_teach_no_temperature():
    probability, target = honest(500, sharper=2.0)
    blind = np.append(target, [-1] * 100)
    more = np.concatenate([probability, probability[:100]])
    assert fit_temperature(more, blind) == pytest.approx(fit_temperature(probability, target))


def test_it_is_kept_where_it_lowers_the_log_loss_of_held_out_rows():
    probability, target = honest(600, sharper=3.0)
    found = calibrate(probability[None], target, Task.MULTICLASS)
    assert found.kept
    assert found.temperature == pytest.approx(3.0, rel=0.2)
    assert found.log_loss_after < found.log_loss_before
    assert found.log_loss_before == pytest.approx(named("log_loss", Task.MULTICLASS)(target, probability))


def test_it_is_dropped_where_probabilities_are_right_already():
    kept = []
    for seed in range(10):
        probability, target = honest(300, seed=seed)
        found = calibrate(probability[None], target, Task.MULTICLASS, seed=seed)
        assert found.kept == (found.log_loss_after < found.log_loss_before)
        assert found.kept or found.temperature == 1.0
        kept.append(found.kept)
    assert sum(kept) <= 5


def test_the_judging_rows_do_not_teach(monkeypatch):
    from rung.evaluate import calibration

    probability, target = honest(100)
    probability += np.arange(100, dtype=np.float32)[:, None] * 1e-7  # each row is known by its numbers
    taught = []

    def spy(seen, truth):
        taught.append({row.tobytes() for row in seen})
        return fit_temperature(seen, truth)

    monkeypatch.setattr(calibration, "fit_temperature", spy)
    cluster = np.arange(100) // 4
    calibrate(np.stack([probability, probability]), target, Task.MULTICLASS, cluster=cluster, seed=1)
    fold = folds_of(100, cluster, 1)
    for k in range(5):
        assert not taught[k] & {row.tobytes() for row in probability[fold == k]}


def test_clusters_share_a_fold():
    cluster = np.random.default_rng(0).integers(30, size=200)
    fold = folds_of(200, cluster, 0)
    assert all(len(set(fold[cluster == one])) == 1 for one in set(cluster))
    assert set(fold) == {0, 1, 2, 3, 4}


def test_regression_is_refused():
    with pytest.raises(BadOption, match="probabilities"):
        calibrate(np.zeros((1, 5, 1), np.float32), np.zeros(5), Task.REGRESSION)


def test_reliability_agrees_with_scikit_learn():
    probability, target = honest_labels(500)
    share, confidence = calibration_curve(target.ravel(), probability.ravel(), n_bins=10)
    found = reliability(probability, target)
    assert [part.accuracy for part in found] == pytest.approx(share)
    assert [part.confidence for part in found] == pytest.approx(confidence)
    assert sum(part.count for part in found) == target.size


@few
@given(targets_and_probabilities(unknown=True))
def test_ece_is_the_weighted_gap_of_the_reliability_bins(case):
    found = reliability(case.probability, case.target, bins=15)
    gap = sum(part.count * abs(part.accuracy - part.confidence) for part in found) / len(case.target)
    assert named("ece", Task.MULTICLASS)(case.target, case.probability) == pytest.approx(gap, abs=1e-9)


def test_calibrated_probabilities_stay_under_the_noise_95_percent_of_the_time():
    ece = named("ece", Task.BINARY)
    under = []
    for seed in range(200):
        draw = np.random.default_rng(seed)
        p = draw.beta(2, 2, 100)
        probability = np.stack([p, 1 - p], axis=1).astype(np.float32)
        target = (draw.random(100) > p).astype(np.int64)
        under.append(ece(target, probability) <= noise(probability, Task.BINARY, seed=seed))
    assert 0.90 <= np.mean(under) <= 0.99


def test_where_every_row_was_right_no_row_is_sure_beyond_what_so_many_rows_can_show():
    draw = np.random.default_rng(0)
    n = 72
    target = np.arange(n) % 2
    said = np.clip(0.8 + 0.05 * draw.normal(size=n), 0.6, 0.95)
    probability = np.where(np.arange(2)[None] == target[:, None], said[:, None], 1 - said[:, None]).astype(np.float32)
    found = calibrate(probability[None], target, Task.BINARY)
    assert found.kept
    surest = apply_temperature(probability, found.temperature, Task.BINARY).max(axis=1)
    assert 1 - 3 / n < np.median(surest) < 1 - 0.3 / n
