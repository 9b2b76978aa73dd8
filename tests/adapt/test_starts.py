"""Where training begins and how it is judged: a calm head, and log-loss where few rows can't count."""

from dataclasses import replace

import numpy as np
import pytest

from rung.adapt.starts import begin, judge
from rung.core.types import Task
from rung.metrics.table import named


def test_a_head_that_goes_on_learning_is_no_louder_than_one_that_stays(make):
    job = make(rows=96)
    rows, aside = np.arange(72), np.arange(72, 96)
    learns, stays = (begin(job, rows, aside, learns=learns).head for learns in (True, False))
    assert np.abs(learns.weight).sum() < np.abs(stays.weight).sum()


def test_of_equal_shares_of_right_answers_the_less_surprised_scores_higher(make):
    job = make(rows=96)
    rows, aside = np.arange(72), np.arange(72, 96)
    truth, classes = job.target.value[aside], len(job.target.labels)
    right = np.eye(classes, dtype=np.float32)[truth]
    wrong = np.roll(right, 1, axis=1)
    sure = np.where(np.arange(24)[:, None] < 18, 0.9 * right + 0.1 / classes, 0.55 * wrong + 0.45 * right)
    unsure = np.where(np.arange(24)[:, None] < 18, 0.9 * right + 0.1 / classes, 0.95 * wrong + 0.05 * right)
    on = judge(job, rows, aside)
    assert on.score(aside, sure.astype(np.float32)) > on.score(aside, unsure.astype(np.float32)) + 0.01


@pytest.mark.parametrize(("metric", "prefers"), [("accuracy", "often right"), ("macro_f1", "right of each class")])
def test_rows_set_aside_are_scored_by_the_chosen_metric(make, metric, prefers):
    """Of 30 rows 24 are of one class. One answer misses six rows of two classes, the other ten of the large one."""
    job = make(rows=96)
    truth = np.r_[np.zeros(24, int), [1] * 3, [2] * 3]
    aside = np.concatenate([np.flatnonzero(job.target.value == y)[: (truth == y).sum()] for y in range(3)])
    rows = np.setdiff1d(np.arange(96), aside)
    answers = {"often right": np.zeros(30, int), "right of each class": np.r_[np.ones(10, int), truth[10:]]}
    on = judge(replace(job, metric=named(metric, Task.MULTICLASS)), rows, aside)
    scored = {name: on.score(aside, 0.02 + 0.94 * np.eye(3, dtype=np.float32)[said]) for name, said in answers.items()}
    assert max(scored, key=scored.get) == prefers
