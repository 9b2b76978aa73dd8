"""Settings are chosen by rows that the choice does not judge; complexity has to pay for itself."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.adapt.choose import Candidate, inner_folds, losses, pick
from rung.adapt.prior import shares
from rung.adapt.search import climb
from rung.bundle.heads import PriorHead
from rung.bundle.model import Encoders, FittedModel
from rung.core.types import Fold, Plan, Task
from rung.metrics.table import default
from rung.testing.checks_rung import make_job


class TwoOpinions:
    """Says always class 0, or always class 1: which of them is chosen shows whose labels were asked."""

    inner = 5

    def candidates(self, job, folds):
        return [
            Candidate(
                {"say": say}, 0, [np.tile(np.eye(2, dtype=np.float32)[say], (len(f.validation), 1)) for f in folds]
            )
            for say in (0, 1)
        ]

    def fit(self, job, rows, choice):
        return FittedModel(Encoders(), PriorHead(np.eye(2, dtype=np.float32)[choice["say"]]))

    def trained(self, model):
        return 0


def test_no_folds_own_labels_choose_its_setting():
    job = make_job(Task.BINARY, default(Task.BINARY), kind="folds")
    fold = job.plan.folds[0]
    value = np.zeros(len(job.target), np.int64)
    for other in job.plan.folds[1:4]:
        value[other.validation[: len(other.validation) * 2 // 5]] = 1  # elsewhere class 0 is right more often
    value[fold.validation] = 1  # these rows alone would turn the choice
    trial = climb(replace(job, target=replace(job.target, value=value)), TwoOpinions())
    own = np.searchsorted(job.plan.judged, fold.validation)
    assert trial.prediction[0, own].argmax(-1).max() == 0


def test_with_one_share_the_training_rows_choose():
    job = make_job(Task.BINARY, default(Task.BINARY), kind="holdout")
    value = np.zeros(len(job.target), np.int64)
    value[job.plan.judged] = 1
    trial = climb(replace(job, target=replace(job.target, value=value)), TwoOpinions())
    assert trial.choice == {"say": 0}


def test_a_complex_variant_inside_one_standard_error_is_not_taken():
    table = np.array([[0.80, 0.81, 0.82, 0.83], [0.90, 0.75, 0.86, 0.79]])  # mean gain 0.01, error 0.04
    assert pick(table, [0, 1]) == 0


@pytest.mark.parametrize(
    ("gain", "less", "taken"), [(0.01, 0.1, 1), (0.01, 0.0, 0), (-0.01, 0.1, 0)], ids=["surer", "no surer", "worse"]
)
def test_a_gain_inside_one_standard_error_is_taken_where_log_loss_falls_by_more_than_one(gain, less, taken):
    noise = np.array([0.05, -0.05, 0.05, -0.05])
    scores, losses = np.array([np.full(4, 0.8), 0.8 + gain + noise]), np.array([[0.5] * 4, 0.5 - less + noise / 5])
    both = np.stack([losses, losses], axis=1)
    assert pick(scores, [0, 1], both.__getitem__) == taken
    both[:, 1] = losses[::-1]  # at the temperature that suits each the first says more
    assert pick(scores, [0, 1], both.__getitem__, ["a text", "a text"]) == 0
    assert pick(scores, [0, 1], both.__getitem__, ["a text", "a text and a table"]) == taken


def test_a_soft_spoken_candidate_does_not_lose_by_its_tone():
    job = make_job(Task.BINARY, default(Task.BINARY), kind="folds")
    folds, truth = job.plan.folds, job.target.value
    draw = np.random.default_rng(0).random(len(truth))

    def said(sure, right):
        says = np.where(draw < right, truth, 1 - truth)
        return [np.where(np.eye(2)[says[f.validation]] > 0, sure, 1 - sure).astype(np.float32) for f in folds]

    loud, soft, other = (Candidate({}, 0, said(*how)) for how in ((0.9, 0.9), (0.6, 0.9), (0.7, 0.7)))
    every = range(len(folds))
    of = losses(job, [loud, soft, other], folds, every)
    tone, tuned = np.transpose([of(a).mean(axis=1) for a in range(3)])
    assert tone[1] > 1.2 * tone[0]
    assert tuned[1] == pytest.approx(tuned[0], rel=0.05)
    assert tuned[2] > 1.2 * tuned[0]


def test_a_temperature_asks_no_fold_that_is_left_out():
    job = make_job(Task.BINARY, default(Task.BINARY), kind="folds")
    folds = job.plan.folds
    mine = TwoOpinions().candidates(job, folds)
    turned = job.target.value.copy()
    turned[folds[0].validation] = 1 - turned[folds[0].validation]
    other = replace(job, target=replace(job.target, value=turned))
    np.testing.assert_array_equal(*(losses(each, mine, folds, [1, 2])(0) for each in (job, other)))


def test_among_equally_simple_settings_the_best_mean_wins():
    assert pick(np.array([[0.1, 0.2], [0.3, 0.2], [0.2, 0.2]]), [0, 0, 0]) == 1


def test_a_variant_tried_on_two_folds_is_compared_on_those_two():
    table = np.array([[0.5, 0.5, 0.9, 0.9], [0.6, 0.61, np.nan, np.nan]])
    assert pick(table, [0, 1]) == 1


def test_a_metric_that_no_fold_defines_leaves_the_simplest():
    assert pick(np.full((3, 4), np.nan), [0, 1, 2]) == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_inner_folds_judge_each_row_once_and_keep_clusters_whole(seed, clusters):
    job = make_job(Task.MULTICLASS, default(Task.MULTICLASS))
    member = np.random.default_rng(seed).integers(clusters, size=len(job.target))
    rows = job.plan.folds[0].train
    clustered = replace(job, plan=Plan("holdout", (Fold(rows, job.plan.judged),), member), seed=seed)
    folds = inner_folds(clustered, rows)
    assert np.array_equal(np.sort(np.concatenate([fold.validation for fold in folds])), rows)
    for fold in folds:
        assert not set(member[fold.train]) & set(member[fold.validation])
        assert len(fold.train) + len(fold.validation) == len(rows)


def test_shares_of_a_class_without_rows_are_zero_and_stay_in_place():
    job = make_job(Task.MULTICLASS, default(Task.MULTICLASS))
    rows = np.flatnonzero(job.target.value != 1)
    share = shares(job.target, rows)
    assert share.shape == (3,)
    assert share[1] == 0
    assert share[0] > share[2]
