"""The curve finds a known power law, stays flat on flat scores, and its interval holds the truth."""

import numpy as np
import pytest

from rung.core.errors import BadOption
from rung.core.types import Task
from rung.evaluate.learning_curve import curve, extrapolate
from rung.metrics.table import named

accuracy, rmse = named("accuracy", Task.MULTICLASS), named("rmse", Task.REGRESSION)
ROWS = np.array([500, 1000, 2000, 4000])


def law(rows, top=0.9, slope=3.0, power=0.5):
    return top - slope * np.asarray(rows, dtype=float) ** -power


def test_a_known_power_law_is_carried_on():
    scores = law(ROWS)
    gain = extrapolate(ROWS, scores, np.tile(scores, (200, 1)), 4000, metric=accuracy)
    assert gain.value == pytest.approx(law(8000) - law(4000), abs=1e-9)
    assert gain.low == pytest.approx(gain.high) == pytest.approx(gain.value)


def test_an_error_that_falls_is_a_gain():
    errors = 1 + 20 * ROWS**-0.5
    gain = extrapolate(ROWS, errors, np.tile(errors, (50, 1)), 4000, metric=rmse)
    assert gain.value == pytest.approx(20 * (4000**-0.5 - 8000**-0.5), abs=1e-9)


def test_flat_scores_promise_nothing():
    flat = np.full(4, 0.8)
    gain = extrapolate(ROWS, flat, np.tile(flat, (50, 1)), 1000, metric=accuracy)
    assert (gain.value, gain.low, gain.high) == (0.0, 0.0, 0.0)


def test_falling_scores_are_noise_not_harm():
    falling = np.array([0.83, 0.82, 0.81, 0.80])
    gain = extrapolate(ROWS, falling, np.tile(falling, (50, 1)), 1000, metric=accuracy)
    assert gain.value == gain.low == 0.0


def test_no_score_is_carried_beyond_its_best():
    steep = np.array([0.5, 0.7, 0.9, 0.999])
    gain = extrapolate(ROWS, steep, np.tile(steep, (50, 1)), 100_000, metric=accuracy)
    assert steep[-1] + gain.high <= 1.05


def test_noisier_curves_have_wider_intervals():
    draw = np.random.default_rng(0)
    widths = []
    for noise in (0.001, 0.02):
        scores = law(ROWS) + draw.normal(scale=noise, size=4)
        gain = extrapolate(ROWS, scores, scores + draw.normal(scale=noise, size=(400, 4)), 4000, metric=accuracy)
        widths.append(gain.high - gain.low)
    assert widths[1] > 3 * widths[0]


@pytest.mark.parametrize("rows", [ROWS, ROWS[1:]])
def test_the_interval_usually_holds_the_true_gain(rows):
    draw = np.random.default_rng(1)
    truth, held = law(8000) - law(4000), []
    for seed in range(100):
        scores = law(rows) + draw.normal(scale=0.004, size=len(rows))
        replicates = scores + draw.normal(scale=0.004, size=(300, len(rows)))
        gain = extrapolate(rows, scores, replicates, 4000, metric=accuracy, seed=seed)
        assert gain.low <= gain.value <= gain.high
        held.append(gain.low <= truth <= gain.high)
    assert np.mean(held) >= 0.9


def test_a_curve_of_predictions_scores_each_size_on_the_same_rows():
    draw = np.random.default_rng(2)
    target, luck = np.zeros(800, np.int64), draw.random(800)
    points = [(rows, np.eye(2, dtype=np.float32)[(luck > law(rows)).astype(int)]) for rows in ROWS[::-1]]
    found = curve(accuracy, target, [(n, p[None]) for n, p in points], rung="frozen", more_rows=4000)
    assert [point.rows for point in found.points] == ROWS.tolist()
    assert [point.score.value for point in found.points] == pytest.approx(list(law(ROWS)), abs=0.05)
    assert (found.rung, found.more_rows) == ("frozen", 4000)
    assert found.low <= found.gain <= found.high
    assert found == curve(accuracy, target, points, rung="frozen", more_rows=4000)


def test_two_sizes_are_no_curve():
    target, said = np.zeros(10, np.int64), np.tile(np.float32([1, 0]), (10, 1))
    with pytest.raises(BadOption, match="wanted 3 training sizes, got 2"):
        curve(accuracy, target, [(5, said), (10, said), (10, said)])
