"""Drawings put values where they belong and stay readable; numbers agree with the metrics' own spans."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_parts import confusion, tried
from sklearn.metrics import precision_recall_fscore_support

import rung.metrics.table  # noqa: F401  # registers every metric
from rung.core.evidence import Calibration, CurvePoint, Difference, LearningCurve, RungEvidence, Score
from rung.evaluate import verdicts
from rung.metrics.base import METRICS
from rung.report import figures, sentences, units
from rung.report.confusion import by_class, pairs
from rung.report.reproduce import command
from rung.report.svg import Axis, decades, span

VALUE = st.floats(-1e9, 1e9)


@settings(max_examples=50, deadline=None)
@given(st.lists(VALUE, min_size=1, max_size=5))
def test_every_axis_has_ticks_inside_itself_and_keeps_order(values):
    axis = Axis(*span(values), 0, 100)
    ticks = axis.ticks(5)
    assert 1 <= len(ticks) <= 8
    assert all(axis.low - 1e-6 * abs(axis.low) <= tick <= axis.high + 1e-6 * abs(axis.high) for tick in ticks)
    places = [axis(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(1e-4, 1e7), min_size=1, max_size=5))
def test_a_log_axis_ends_in_powers_of_ten_around_its_values(values):
    low, high = decades(values)
    assert low <= min(values) * (1 + 1e-9)
    assert max(values) <= high * (1 + 1e-9)
    assert math.log10(low) == pytest.approx(round(math.log10(low)))
    assert low < high


def scores(*values, half=0.01):
    return [Score("accuracy", value, value - half, value + half) for value in values]


def test_a_far_worse_score_leaves_the_scale_and_is_marked_by_an_arrow():
    prior, classic, frozen = scores(0.03, 0.88, 0.93)
    axis = figures.forest_axis([prior, classic, frozen], "higher")
    assert axis.low > 0.8
    assert "<circle" not in figures.forest(prior, axis)
    assert "<circle" in figures.forest(frozen, axis)


def test_scores_of_one_size_share_the_scale():
    axis = figures.forest_axis(scores(0.5, 0.6, 0.7), "higher")
    assert axis.low < 0.5
    assert axis.high > 0.7


def test_where_lower_is_better_the_far_larger_score_is_the_one_left_out():
    axis = figures.forest_axis(scores(4.3, 0.35, 0.27), "lower")
    assert axis.high < 1


def places(drawing, name):
    return re.search(rf'cx="([\d.]+)%" cy="([\d.]+)"[^>]*><title>{name}:', drawing).groups()


def test_in_the_front_better_is_higher_up_and_dearer_is_further_right():
    steps = [tried("a", 0.5, 0.01, latency_ms=1.0), tried("b", 0.6, 0.01, latency_ms=10.0)]
    drawing = str(figures.front(steps, cost="latency", better="higher", winner="b"))
    (ax, ay), (bx, by) = places(drawing, "a"), places(drawing, "b")
    assert float(ax) < float(bx)
    assert float(by) < float(ay)


def test_a_rung_that_another_beats_in_quality_and_cost_is_hollow():
    steps = [tried("good", 0.6, 0.01, latency_ms=1.0), tried("beaten", 0.5, 0.01, latency_ms=10.0)]
    drawing = str(figures.front(steps, cost="latency", better="higher", winner="good"))
    assert re.search(r'class="dot hollow"><title>beaten', drawing)
    assert not re.search(r'class="dot hollow"><title>good', drawing)
    turned = str(figures.front(steps, cost="latency", better="lower", winner="good"))
    assert "hollow" not in turned


def test_a_rung_without_a_score_is_no_dot():
    steps = [tried("a", 0.5, 0.01), RungEvidence("b", "skipped", "no budget")]
    assert str(figures.front(steps, cost="seconds", better="higher", winner="a")).count("<circle") == 1


@pytest.mark.parametrize(("better", "falls"), [("higher", False), ("lower", True)])
def test_an_expected_gain_moves_the_curve_to_the_better_side(better, falls):
    points = tuple(CurvePoint(n, Score("rmse", 5.0, 4.9, 5.1)) for n in (100, 200))
    drawing = str(figures.learning_curve(LearningCurve("frozen", points, 100, 0.5, 0.1, 0.9), better=better))
    heights = [float(y) for y in re.findall(r'<circle cx="[\d.]+%" cy="([\d.]+)"', drawing)]
    assert (heights[-1] > heights[0]) is falls


def test_the_residual_histogram_counts_every_row():
    drawing = str(figures.residuals([-1.0, 0.0, 0.0, 1.0, 50.0, float("nan")], 0.9))
    assert sum(int(n) for n in re.findall(r": (\d+) rows?</title>", drawing)) == 5


def test_gains_read_in_points_exactly_where_the_metric_is_bounded_by_one():
    assert {name for name in METRICS if not units.in_points(name)} == {
        metric.name for metric in METRICS.values() if metric.span[1] > 1
    }


@settings(max_examples=50, deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_number_can_be_written_and_none_is_minus_zero(value):
    for said in (units.number(value), units.change(value, value, value, "accuracy"), units.amount(value, "rmse")):
        assert not re.search(r"-0\.?0*(?![\d.])", said)
        assert said


def test_class_rows_agree_with_scikit_learn():
    matrix = confusion(5, 30, seed=3)
    pairs_of = [(i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) for _ in range(n)]
    truth, said = zip(*pairs_of, strict=True)
    precision, recall, f1, rows = precision_recall_fscore_support(truth, said, zero_division=0)
    for one in by_class(matrix, "01234"):
        k = int(one.label)
        assert (one.precision, one.recall, one.f1, one.rows) == pytest.approx((precision[k], recall[k], f1[k], rows[k]))


def test_pairs_are_the_largest_cells_off_the_diagonal():
    found = pairs([[90, 3, 0], [7, 80, 1], [0, 2, 50]], ["a", "b", "c"], most=2)
    assert [(pair.truth, pair.prediction, pair.count) for pair in found] == [("b", "a", 7), ("a", "b", 3)]


def test_the_command_is_quoted_and_says_only_what_was_chosen():
    options = {"target": "my label", "test": 0.2, "rungs": ["prior", "classic"], "resume": False, "device": "auto"}
    options |= {"column": {"age": "number", "zip": "category"}, "max_rung": None}
    said = command("a b.csv", {"options": options})
    assert said.startswith("rung fit 'a b.csv' --target 'my label' --test 0.2 --rungs prior,classic ")
    assert said.endswith("--column age=number --column zip=category")


def test_the_command_asks_for_the_data_where_they_were():
    assert command("b", {"options": {"seed": 3}, "data": {"source": "a/b.csv"}}) == "rung fit a/b.csv --seed 3"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (tried("frozen", 0.9, 0.1, gain=(0.1, 0.05), promoted=True), "promoted"),
        (tried("frozen", 0.9, 0.1, gain=(0.1, 0.05)), "dropped"),
        (tried("prior", 0.9, 0.1, promoted=True), "start"),
        (RungEvidence("lora", "skipped"), "skipped"),
        (RungEvidence("lora", "collapsed"), "collapsed"),
    ],
)
def test_a_decision_is_one_word(step, said):
    assert sentences.decision(step, "another") == said
    if step.status == "tried":
        assert sentences.decision(step, step.name) == "won"


def test_verdicts_as_evaluate_words_them_have_a_tone():
    good = Calibration(0.7, kept=True, log_loss_before=0.3, log_loss_after=0.2, ece_before=0.06, ece_after=0.01)
    assert sentences.tone(verdicts.calibrated(good)) == "good"
    assert sentences.tone(verdicts.calibrated(replace(good, ece_after=0.2))) == "bad"
    points = (CurvePoint(100, Score("accuracy", 0.8, 0.7, 0.9)),)
    more = LearningCurve("frozen", points, 1000, 0.03, 0.02, 0.04)
    assert sentences.tone(verdicts.enough_data(METRICS["accuracy"], more)) == "warn"
    assert sentences.tone(verdicts.enough_data(METRICS["accuracy"], replace(more, gain=0.001, high=0.002))) == "good"
    gap = Difference(0.2, 0.15, 0.25, 0.16, 0.001)
    assert sentences.tone(verdicts.overfitting(METRICS["accuracy"], points[0].score, points[0].score, gap)) == "bad"
