"""What word counts will cost is measured on a few rows and drawn out to all."""

from dataclasses import replace

import numpy as np
import pytest

from rung.adapt.word_costs import WordCost, measured
from rung.adapt.words import counts_of
from rung.core.types import Fold
from rung.testing.checks_rung import make_job


def fold(rows):
    return Fold(np.arange(rows), np.arange(rows, rows + 5))


@pytest.mark.parametrize("rows", [240, 500, 1500])
def test_every_part_is_measured_whatever_the_number_of_rows(rows, accuracy_job):
    cost = measured(accuracy_job(rows))
    assert cost.cutting > 0
    assert cost.solve(rows) > 0
    assert cost.numbers > 10 * rows


def test_counts_that_are_held_stay_while_others_are_measured(accuracy_job):
    job = accuracy_job(300)
    held = counts_of(job.inputs)
    measured(job)
    assert counts_of(job.inputs) is held


def test_the_same_texts_are_measured_once_and_others_anew(accuracy_job):
    job, other = accuracy_job(120), accuracy_job(130)
    once = measured(job)
    assert measured(replace(job, seed=7)) is once
    assert measured(other) is not once


def test_a_walk_counts_every_fold_and_setting_by_its_rows():
    cost = WordCost(cutting=0.0, at_rest=2.0, a_row=0.1, numbers=0)
    assert cost.walk([fold(10), fold(30)], settings=3) == pytest.approx(3 * (2.0 + 1.0 + 2.0 + 3.0))


def test_a_solve_never_costs_less_than_its_rows_do():
    assert WordCost(0.0, at_rest=-1.0, a_row=0.1, numbers=0).solve(10) == pytest.approx(1.0)


@pytest.fixture
def accuracy_job():
    from rung.core.types import Task
    from rung.metrics.table import default

    return lambda rows: make_job(Task.BINARY, default(Task.BINARY), kind="folds", rows=rows, table=False)


def test_beyond_what_was_measured_a_row_takes_a_little_more():
    cost = WordCost(0.0, at_rest=0.0, a_row=0.1, numbers=0, rows=600)
    assert cost.solve(600) == pytest.approx(60.0)
    assert 600.0 < cost.solve(6000) < 900.0
