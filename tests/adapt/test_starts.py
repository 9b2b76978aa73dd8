"""Where training begins and how it is judged: a calm head, and log-loss where few rows can't count."""

import numpy as np

from rung.adapt.starts import begin, judge


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
