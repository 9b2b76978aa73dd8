"""Verdicts say no more than their interval: the word, the number and the sentence agree."""

import numpy as np
import pytest

from rung.core.evidence import Calibration, CurvePoint, Difference, LearningCurve, Score
from rung.core.types import Task
from rung.evaluate.verdicts import calibrated, enough_data, gap, overfitting, shift, transfer
from rung.evaluate.wording import change
from rung.metrics.table import named

accuracy, rmse = named("accuracy", Task.MULTICLASS), named("rmse", Task.REGRESSION)


def said(share, rows=400):
    right = np.arange(rows) < share * rows
    return np.zeros(rows, np.int64), np.eye(2, dtype=np.float32)[1 - right.astype(np.int64)]


@pytest.mark.parametrize(
    ("backbone", "classic", "word", "start"),
    [
        (0.9, 0.8, "helps", "Transfer helps: lora against classic, +10.0 points ["),
        (0.7, 0.8, "hurts", "Transfer hurts: lora against classic, which needs no backbone, -10.0 points ["),
        (0.8, 0.8, "no evidence", "No evidence that transfer helps or hurts"),
    ],
)
def test_transfer(backbone, classic, word, start):
    target, ours = said(backbone)
    verdict = transfer(accuracy, target, ours, said(classic)[1], rung="lora")
    assert verdict.verdict == word
    assert verdict.sentence.startswith(start)
    assert verdict.sentence.endswith("on 400 test rows.")
    assert verdict.value == pytest.approx(backbone - classic)
    assert verdict.low <= verdict.value <= verdict.high


@pytest.mark.parametrize(
    ("twin", "scratch", "word"), [(0.9, 0.5, "helps"), (0.7, 0.7, "no evidence"), (0.6, 0.9, "hurts")]
)
def test_transfer_has_to_beat_a_random_start_too(twin, scratch, word):
    target, ours = said(0.9)
    verdict = transfer(accuracy, target, ours, said(0.8)[1], scratch=(said(twin)[1], said(scratch)[1]))
    assert verdict.verdict == word
    assert "against a random start" in verdict.sentence
    assert (verdict.high < 0) == (word == "hurts")  # its number is that of the comparison that decided
    assert "needs no backbone" not in verdict.sentence


def test_what_the_rows_that_decide_did_not_show_is_no_help():
    target, ours = said(0.9)
    verdict = transfer(accuracy, target, ours, said(0.8)[1], promoted=False)
    assert verdict.verdict == "no evidence"
    assert verdict.sentence.endswith("on 400 test rows; the rows that decided did not show it.")
    assert transfer(accuracy, target, said(0.7)[1], said(0.8)[1], promoted=False).verdict == "hurts"


def test_a_gap_is_train_minus_validation_and_doubts_both_sides():
    many, few = said(1.0, 2000), said(0.8, 100)
    found = gap(accuracy, *many, *few)
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.2 - 1.96 * 0.04, abs=0.02)
    assert found.p < 0.01
    assert gap(accuracy, *few, *few).low < 0 < gap(accuracy, *few, *few).high


def test_a_gap_of_an_error_is_positive_when_training_rows_fit_better():
    draw = np.random.default_rng(0)
    target = draw.normal(size=100)
    near, far = (target[:, None] + draw.normal(scale=s, size=(100, 1)) for s in (0.1, 1.0))
    assert gap(rmse, target, near.astype(np.float32), target, far.astype(np.float32)[None]).low > 0


def test_clusters_widen_a_gap():
    target, prediction = said(0.5, 200)
    cluster = np.arange(200) // 20
    loose = gap(accuracy, target, prediction, target, prediction, clusters=(cluster, cluster))
    tight = gap(accuracy, target, prediction, target, prediction)
    assert loose.high - loose.low > 2 * (tight.high - tight.low)


@pytest.mark.parametrize(
    ("value", "low", "high", "word"),
    [(0.2, 0.15, 0.25, "yes"), (0.12, 0.08, 0.16, "some"), (0.05, -0.01, 0.1, "no"), (0.01, 0.005, 0.015, "no")],
)
def test_overfitting(value, low, high, word):
    train, validation = (Score("accuracy", v, v, v) for v in (0.9, 0.9 - value))
    verdict = overfitting(accuracy, train, validation, Difference(value, low, high, low, 0.01))
    assert verdict.verdict == word
    assert f"{100 * value:+.1f} points" in verdict.sentence


@pytest.mark.parametrize(("high", "said"), [(-0.01, True), (0.01, False)])
def test_a_model_that_is_surely_worse_on_its_own_rows_is_said_to_have_learnt_little(high, said):
    train, validation = Score("accuracy", 0.3, 0.3, 0.3), Score("accuracy", 0.4, 0.4, 0.4)
    sentence = overfitting(accuracy, train, validation, Difference(-0.1, -0.2, high, -0.2, 0.99)).sentence
    assert ("learnt little" in sentence) == said


def test_overfitting_of_a_metric_with_a_unit_is_relative():
    train, validation = Score("rmse", 800.0, 0, 0), Score("rmse", 1000.0, 0, 0)
    verdict = overfitting(rmse, train, validation, Difference(200.0, 150.0, 250.0, 160.0, 0.01))
    assert verdict.verdict == "yes"
    assert "better by 200 [150, 250]" in verdict.sentence


def scored(validation, test, half=0.03):
    return tuple(Score("accuracy", value, value - half, value + half) for value in (validation, test))


@pytest.mark.parametrize(
    ("test", "word", "start"),
    [
        (0.88, "no sign", "No sign of a shift: accuracy of full is 0.900 on validation rows and 0.880 on test rows."),
        (0.96, "rises", "Test rows are easier than validation rows"),
        (0.70, "falls", "Test rows are harder than validation rows"),
    ],
)
def test_a_shift_is_said_where_test_rows_differ_beyond_both_intervals(test, word, start):
    verdict = shift(accuracy, {"full": scored(0.9, test)}, "full", {})
    assert verdict.verdict == word
    assert verdict.sentence.startswith(start)
    assert verdict.value == pytest.approx(test - 0.9)
    assert verdict.high - verdict.value == pytest.approx(0.03 * 2**0.5)


def test_where_another_rung_holds_its_score_the_rows_are_not_called_harder():
    verdict = shift(accuracy, {"full": scored(0.9, 0.7), "lora": scored(0.7, 0.75)}, "full", {})
    assert verdict.sentence.startswith("full falls on test rows, not every rung does: accuracy of full")
    assert "Least is lost by lora +5.0 points" in verdict.sentence


def test_a_change_is_no_larger_than_the_metric_allows():
    sides = Score("accuracy", 1.0, 0.84, 1.0), Score("accuracy", 0.0, 0.0, 0.16)
    found = shift(accuracy, {"classic": sides}, "classic", {})
    assert (found.value, found.low) == (-1.0, -1.0)
    assert found.high == pytest.approx(-1 + (2 * 0.16**2) ** 0.5)


def test_a_fall_names_who_loses_least_first_and_how_each_was_trained():
    sides = {"classic": scored(0.9, 0.6), "frozen": scored(0.88, 0.86), "full": scored(0.92, 0.75)}
    verdict = shift(accuracy, sides, "full", {"full": "LP-FT, WiSE-FT at 0.5"})
    least = verdict.sentence.partition("Least is lost by ")[2]
    assert [part.split()[0] for part in least.split("; ")] == ["frozen", "full", "classic"]
    assert "full (LP-FT, WiSE-FT at 0.5) -17.0 points" in least


def test_a_fall_of_an_error_is_a_rise_of_its_value():
    sides = Score("rmse", 1.0, 0.9, 1.1), Score("rmse", 2.0, 1.9, 2.1)
    assert shift(rmse, {"frozen": sides}, "frozen", {}).verdict == "falls"


@pytest.mark.parametrize(
    ("gain", "low", "high", "word"),
    [(0.012, 0.004, 0.021, "no"), (0.002, 0.0, 0.004, "yes"), (0.012, 0.0, 0.05, "unclear")],
)
def test_enough_data(gain, low, high, word):
    points = tuple(CurvePoint(n, Score("accuracy", 0.8, 0.7, 0.9)) for n in (100, 200, 400))
    verdict = enough_data(accuracy, LearningCurve("frozen", points, 1000, gain, low, high))
    assert verdict.verdict == word
    spoken = f"1,000 more labels: {100 * gain:+.1f} points [{100 * low:.1f}, {100 * high:.1f}]"
    assert spoken in verdict.sentence


@pytest.mark.parametrize(
    ("after", "noise", "word", "start"),
    [
        (0.015, 0.0, "well calibrated", "Well calibrated:"),
        (0.06, 0.08, "well calibrated", "Well calibrated as far as can be seen:"),
        (0.06, 0.03, "off", "Off:"),
    ],
)
def test_calibrated(after, noise, word, start):
    verdict = calibrated(Calibration(1.4, True, 0.5, 0.4, 0.09, after), noise=noise)
    assert verdict.verdict == word
    assert verdict.sentence.startswith(start)
    assert "after temperature 1.40 (9.0 before)" in verdict.sentence


def test_calibration_without_temperature_does_not_claim_one():
    verdict = calibrated(Calibration(1.0, False, 0.5, 0.51, 0.01, 0.01))
    assert "without temperature scaling" in verdict.sentence


def test_calibration_without_test_rows_is_not_judged():
    assert calibrated(Calibration(1.4, True, 0.5, 0.4)).verdict == "not measured"


def test_a_loss_in_points_and_in_units_is_said_as_a_loss():
    assert change(accuracy, -0.02, -0.03, -0.0001) == "-2.0 points [-3.0, 0.0]"
    assert change(rmse, -2.0, -3.0, -1.0) == "root mean squared error worse by 2 [1, 3]"
