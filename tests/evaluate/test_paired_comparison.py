"""The paired comparison says what the rows say: signed, paired, clustered, and wrong about 5 % of the time."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from rung.core.errors import BadShape
from rung.core.types import Task
from rung.evaluate.compare import compare, holm, mcnemar
from rung.metrics.table import named

accuracy = named("accuracy", Task.MULTICLASS)
few = settings(max_examples=40, deadline=None)


def said(right):
    """A prediction of class 0 that is right where told."""
    return np.eye(2, dtype=np.float32)[1 - np.asarray(right, dtype=np.int64)]


@few
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_mcnemar_is_scipys_binomial_test_of_the_rows_where_one_is_right(pairs):
    challenger, incumbent = (np.array(side) for side in zip(*pairs, strict=True))
    won, lost = int((challenger & ~incumbent).sum()), int((incumbent & ~challenger).sum())
    expected = binomtest(won, won + lost, 0.5, alternative="greater").pvalue if won + lost else 1.0
    ours = mcnemar(np.zeros(len(pairs), np.int64), said(challenger), said(incumbent))
    assert ours == pytest.approx(expected)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_side_judged_in_fewer_repeats_meets_the_other_in_these_alone(turn):
    right, wrong = said(np.ones(60)), said(np.zeros(60))
    sides = np.stack([right, wrong]), right  # right on all rows in the first repeat, wrong in the second
    found = compare(accuracy, np.zeros(60, np.int64), *sides[::turn])
    assert (found.value, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


@few
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_holm_is_the_closed_test_of_bonferronis(ps):
    def closed(i):
        others = [j for j in range(len(ps)) if j != i]
        sets = [(i, *rest) for size in range(len(ps)) for rest in combinations(others, size)]
        return max(min(1.0, len(members) * min(ps[j] for j in members)) for members in sets)

    assert holm(ps) == pytest.approx([closed(i) for i in range(len(ps))])


def test_holm_gives_the_textbook_numbers():
    # what p.adjust of R gives for these four
    assert holm([0.01, 0.02, 0.03, 0.005]) == pytest.approx([0.03, 0.04, 0.04, 0.02])


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


def test_the_bound_lies_where_the_confidence_says():
    """Each row of 400 gains 1, 0 or -1: the mean of draws is normal to a few thousandths."""
    draw = np.random.default_rng(0)
    challenger, incumbent = draw.random(400) < 0.8, draw.random(400) < 0.75
    each = challenger * 1.0 - incumbent
    sides = np.zeros(400, np.int64), said(challenger), said(incumbent)
    for confidence in (0.5, 0.84, 0.99):
        bound = compare(accuracy, *sides, confidence=confidence).bound
        assert bound == pytest.approx(each.mean() - norm.ppf(confidence) * each.std() / 20, abs=0.006)


def test_swapping_sides_flips_the_difference():
    draw = np.random.default_rng(0)
    target = np.zeros(200, np.int64)
    a, b = said(draw.random(200) < 0.8), said(draw.random(200) < 0.6)
    there, back = compare(accuracy, target, a, b), compare(accuracy, target, b, a)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert there.low <= there.bound <= there.value <= there.high


def test_a_lower_loss_is_a_positive_gain():
    target = np.zeros(100, np.int64)
    sure, unsure = np.tile(np.float32([0.9, 0.1]), (100, 1)), np.tile(np.float32([0.6, 0.4]), (100, 1))
    gain = compare(named("log_loss", Task.BINARY), target, sure, unsure)
    assert [gain.value, gain.bound] == pytest.approx([np.log(0.9 / 0.6)] * 2, abs=1e-6)
    assert gain.p == pytest.approx(1 / 2001)


def test_pairing_cancels_what_is_hard_for_both():
    draw = np.random.default_rng(0)
    hard = draw.random(500) < 0.5
    better = ~hard | (draw.random(500) < 0.06)
    gain = compare(accuracy, np.zeros(500, np.int64), said(better), said(~hard))
    assert gain.low > 0
    assert gain.high - gain.low < 0.05  # two unpaired shares near one half would differ by +- 0.06


def test_accuracy_on_clusters_takes_the_bootstrap_and_doubts_more():
    target, cluster = np.zeros(60, np.int64), np.arange(60) // 10
    challenger, incumbent = said(np.arange(60) < 50), said(np.arange(60) < 30)
    rows = compare(accuracy, target, challenger, incumbent)
    clustered = compare(accuracy, target, challenger, incumbent, cluster=cluster)
    assert rows.p == pytest.approx(mcnemar(target, challenger, incumbent))
    assert clustered.p > 1000 * rows.p
    assert clustered.high - clustered.low > 1.5 * (rows.high - rows.low)


def test_repeats_are_averaged():
    target = np.zeros(50, np.int64)
    good, bad, half = said(np.ones(50)), said(np.zeros(50)), said(np.arange(50) < 25)
    gain = compare(accuracy, target, np.stack([good, bad]), np.stack([half, half]))
    assert gain.value == pytest.approx(0.0)


def test_no_difference_is_never_significant():
    same = said(np.arange(50) < 30)
    gain = compare(accuracy, np.zeros(50, np.int64), same, same)
    assert (gain.value, gain.bound, gain.p) == (0.0, 0.0, 1.0)


def test_rows_that_disagree_are_refused():
    with pytest.raises(BadShape, match="wanted 5 rows, got 4"):
        compare(accuracy, np.zeros(5, np.int64), said([1] * 4), said([1] * 4))


@pytest.mark.parametrize("name", ["accuracy", "log_loss"])
def test_under_no_difference_the_bound_is_crossed_about_5_percent_of_the_time(name):
    draw = np.random.default_rng(7)
    metric, target = named(name, Task.BINARY), np.zeros(200, np.int64)

    def model():
        p = draw.beta(4, 2, 200)
        return np.stack([p, 1 - p], axis=1).astype(np.float32)

    crossed = [compare(metric, target, model(), model(), seed=k, times=300).bound > 0 for k in range(400)]
    assert 0.02 <= np.mean(crossed) <= 0.085


def test_with_a_real_difference_the_bound_is_usually_crossed():
    draw = np.random.default_rng(3)
    target = np.zeros(300, np.int64)
    crossed = [
        compare(accuracy, target, said(draw.random(300) < 0.85), said(draw.random(300) < 0.7), seed=k, times=300).bound
        for k in range(40)
    ]
    assert np.mean(np.array(crossed) > 0) > 0.9
