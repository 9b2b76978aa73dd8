"""Resamples are seeded, bounded and whole-clustered; intervals cover what they claim."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from rung.core.errors import BadShape
from rung.core.types import Task
from rung.metrics import interval as module
from rung.metrics.interval import interval, intervals, quantiles, resamples, wilson
from rung.metrics.table import for_task, named

accuracy = named("accuracy", Task.MULTICLASS)


def coin(rows, right, classes=2):
    """A target and a prediction that is right in exactly `right` rows."""
    target = np.zeros(rows, dtype=np.int64)
    said = np.where(np.arange(rows) < right, 0, 1)
    return target, np.eye(classes, dtype=np.float32)[said]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.floats(0, 1))
def test_wilson_agrees_with_scipy(n, share):
    right = round(share * n)
    expected = binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson(right / n, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=20), st.integers(0, 9))
def test_clusters_are_drawn_whole_and_as_often_as_there_are_clusters(ids, seed):
    cluster = np.array(ids)
    weight_BN = resamples(len(ids), seed=seed, times=5, cluster=cluster).matrix()
    drawn = np.zeros(5)
    for one in set(ids):
        assert (np.ptp(weight_BN[:, cluster == one], axis=1) == 0).all()
        drawn += weight_BN[:, cluster == one][:, 0]
    assert (drawn == len(set(ids))).all()


def test_rows_without_clusters_are_drawn_n_times():
    assert (resamples(50, seed=0, times=20).matrix().sum(axis=1) == 50).all()


def test_one_row_clusters_are_rows():
    one = resamples(6, seed=0, cluster=np.array([5, 3, 1, 0, 9, 8]))
    assert not one.clustered
    np.testing.assert_array_equal(one.matrix(), resamples(6, seed=0).matrix())


def test_the_same_seed_draws_the_same_and_another_does_not():
    first, again = resamples(30, seed=1, times=4), resamples(30, seed=1, times=4)
    np.testing.assert_array_equal(first.matrix(), again.matrix())
    np.testing.assert_array_equal(first.matrix(), first.matrix())
    assert (first.matrix() != resamples(30, seed=2, times=4).matrix()).any()


def test_chunks_stay_small_and_do_not_change_the_draw(monkeypatch):
    whole = resamples(40, seed=0, times=11).matrix()
    monkeypatch.setattr(module, "CHUNK", 120)
    parts = list(resamples(40, seed=0, times=11))
    assert {len(part) for part in parts} == {3, 2}
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_many_rows_take_fewer_resamples():
    assert [resamples(n, seed=0).times for n in (20_000, 40_000, 1_000_000)] == [2000, 1000, 400]


def test_a_cluster_column_of_another_length_is_refused():
    with pytest.raises(BadShape, match="wanted 3 rows, got 2"):
        resamples(3, seed=0, cluster=np.array([0, 1]))


def test_a_prediction_of_another_length_is_refused():
    target, said = coin(5, 3)
    with pytest.raises(BadShape, match="wanted 5 rows, got 4"):
        interval(accuracy, target, said[:4], resamples(5, seed=0))


def test_every_row_right_still_leaves_doubt():
    target, said = coin(40, 40)
    score = interval(accuracy, target, said, resamples(40, seed=0))
    assert (score.value, score.high) == (1.0, 1.0)
    assert score.low == pytest.approx(0.912, abs=1e-3)


def test_every_row_right_in_few_clusters_leaves_more_doubt():
    target, said = coin(40, 40)
    score = interval(accuracy, target, said, resamples(40, seed=0, cluster=np.arange(40) // 10))
    assert score.low == pytest.approx(wilson(1.0, 4)[0])


def test_clusters_that_err_together_widen_the_interval():
    target, said = coin(200, 100)
    rows = interval(accuracy, target, said, resamples(200, seed=0))
    clustered = interval(accuracy, target, said, resamples(200, seed=0, cluster=np.arange(200) // 20))
    assert clustered.high - clustered.low > 2 * (rows.high - rows.low)


def test_repeats_are_averaged_under_the_same_counts():
    target, good = coin(60, 50)
    _, bad = coin(60, 30)
    metric = named("macro_f1", Task.MULTICLASS)
    draws = resamples(60, seed=0, times=200)
    both = interval(metric, target, np.stack([good, bad]), draws)
    assert both.value == pytest.approx((metric(target, good) + metric(target, bad)) / 2)
    values = [metric.weigh(target, said, draws.matrix()) for said in (good, bad)]
    assert (both.low, both.high) == pytest.approx(quantiles(np.mean(values, axis=0), 0.025, 0.975))


def test_undefined_resamples_are_left_out_and_an_undefined_score_is_nan():
    target = np.array([0] * 30 + [1])
    said = np.linspace([1, 0], [0, 1], 31).astype(np.float32)
    draws = resamples(31, seed=0, times=200)
    assert interval(named("roc_auc", Task.BINARY), target, said, draws).low == pytest.approx(1.0)
    nothing = interval(named("roc_auc", Task.BINARY), target * 0, said, draws)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()


@pytest.mark.parametrize("name", ["balanced_accuracy", "log_loss"])
def test_percentile_intervals_cover_about_95_percent(name):
    draw = np.random.default_rng(0)
    metric = named(name, Task.BINARY)

    def sample(rows):
        chance = draw.beta(2, 2, rows)
        target = (draw.random(rows) < chance).astype(np.int64)
        return target, np.stack([1 - chance, chance], axis=1).astype(np.float32)

    truth = metric(*sample(200_000))
    scores = [interval(metric, *sample(150), resamples(150, seed=k, times=300)) for k in range(150)]
    assert 0.90 <= np.mean([score.low <= truth <= score.high for score in scores]) <= 0.99


def test_intervals_of_many_metrics_are_those_of_each_alone():
    draw = np.random.default_rng(1)
    target, said = draw.integers(2, size=80), draw.dirichlet([1, 1], 80).astype(np.float32)
    draws = resamples(80, seed=3, times=100)
    together = intervals(for_task(Task.BINARY), target, said, draws)
    assert list(together) == [metric.name for metric in for_task(Task.BINARY)]
    assert together == {metric.name: interval(metric, target, said, draws) for metric in for_task(Task.BINARY)}


def test_rows_too_many_to_keep_their_draws_are_drawn_alike(monkeypatch):
    kept = list(resamples(50, seed=3, times=40))
    monkeypatch.setattr(module, "MOST_COUNTS", 100)
    monkeypatch.setattr(module, "_counts", lambda *_: pytest.fail("kept"))
    streamed = list(module.Resamples(50, 40, 3, 50, None))
    assert np.array_equal(np.concatenate(kept), np.concatenate(streamed))
