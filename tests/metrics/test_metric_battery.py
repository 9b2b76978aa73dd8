"""Every registered metric passes every check of the public battery, on every task that it claims."""

import pytest

from rung.core.types import Task
from rung.metrics.base import METRICS, Metric
from rung.metrics.table import for_task
from rung.testing.checks_metric import battery

MEMBERS = [(metric, task) for task in Task for metric in for_task(task)]


@pytest.mark.parametrize("check", battery(), ids=lambda check: check.__name__)
@pytest.mark.parametrize(("metric", "task"), MEMBERS, ids=[f"{metric.name}-{task}" for metric, task in MEMBERS])
def test_metric_passes(metric, task, check):
    check(metric, task)


def test_every_registered_metric_is_under_the_battery():
    assert {metric.name for metric, _ in MEMBERS} == set(METRICS)


def _upside_down(target, prediction_NC, weight_BN):
    return 1 - METRICS["accuracy"].weigh(target, prediction_NC, weight_BN)


def _unweighted(target, prediction_NC, weight_BN):
    return METRICS["accuracy"].weigh(target, prediction_NC, weight_BN**0)


@pytest.mark.parametrize(
    ("weigh", "span", "check"),
    [
        (_upside_down, (0.0, 1.0), "check_perfect_beats_noise"),
        (_unweighted, (0.0, 1.0), "check_a_count_is_a_repetition"),
        (METRICS["accuracy"].weigh, (0.0, 0.5), "check_values_lie_in_the_span"),
    ],
)
def test_the_battery_catches_a_wrong_metric(weigh, span, check):
    wrong = Metric("wrong", "wrong", "higher", span, (Task.MULTICLASS,), weigh)
    (found,) = [member for member in battery() if member.__name__ == check]
    with pytest.raises(AssertionError):
        found(wrong, Task.MULTICLASS)
