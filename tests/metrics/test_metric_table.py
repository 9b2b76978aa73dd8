"""Metrics are found by task and by name, and a misfit is refused with a way out."""

import numpy as np
import pytest

from rung.core.errors import BadShape, NoSuchName, UsageError
from rung.core.types import Task
from rung.metrics.table import default, for_task, named


@pytest.mark.parametrize(
    ("task", "names"),
    [
        (Task.BINARY, {"accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece", "roc_auc", "average_precision"}),
        (Task.MULTICLASS, {"accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece", "brier"}),
        (Task.MULTILABEL, {"micro_f1", "macro_f1", "lrap", "log_loss", "brier"}),
        (Task.REGRESSION, {"r2", "rmse", "mae", "spearman"}),
    ],
)
def test_each_task_has_the_scores_that_the_doors_promise(task, names):
    assert names <= {metric.name for metric in for_task(task)}


@pytest.mark.parametrize("task", list(Task))
def test_the_default_comes_first(task):
    assert for_task(task)[0] is default(task)


def test_a_metric_for_another_task_is_refused():
    with pytest.raises(UsageError, match="fits a regression target") as refusal:
        named("accuracy", Task.REGRESSION)
    assert refusal.value.exit_code == 2


def test_a_misspelt_metric_is_refused_with_the_nearest():
    with pytest.raises(NoSuchName, match="Did you mean 'accuracy'"):
        named("acuracy", Task.BINARY)


def test_a_missing_row_is_named_not_broadcast():
    with pytest.raises(BadShape, match="wanted 2 rows, got 1"):
        named("brier", Task.BINARY)(np.array([0, 1]), np.array([[0.5, 0.5]], np.float32))
