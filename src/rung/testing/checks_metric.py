"""The battery that every metric passes: give it a metric and a task, it raises AssertionError with the reason."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rung.core.rng import generator
from rung.core.types import Floats, Task


class AnyMetric(Protocol):
    """What the battery needs of a metric (rung.metrics.base.Metric has it)."""

    @property
    def name(self) -> str:
        """Its name in tables."""

    @property
    def sign(self) -> int:
        """1 when higher is better, -1 when lower is."""

    @property
    def span(self) -> tuple[float, float]:
        """Least and greatest value."""

    @property
    def weigh(self) -> Callable[[NDArray[Any], Floats, NDArray[np.float64]], NDArray[np.float64]]:
        """The metric on many resamples."""

    def __call__(self, target: NDArray[Any], prediction_NC: Floats) -> float:
        """Plain score of all rows."""


Check = Callable[[AnyMetric, Task], None]


def case(task: Task, rows: int = 60, seed: int = 0) -> tuple[NDArray[Any], Floats, Floats]:
    """A target, a noisy prediction of it and a perfect one."""
    draw = generator(seed, "metric battery", task)
    if task is Task.REGRESSION:
        value_N = draw.normal(size=rows).astype(np.float32).astype(np.float64)
        noisy_N1 = (value_N + draw.normal(size=rows)).astype(np.float32)[:, None]
        return value_N, noisy_N1, value_N.astype(np.float32)[:, None]
    if task is Task.MULTILABEL:
        truth_NL = (draw.random((rows, 4)) < 0.4).astype(np.uint8)
        return truth_NL, draw.random((rows, 4)).astype(np.float32), truth_NL.astype(np.float32)
    classes = 2 if task is Task.BINARY else 4
    target_N = draw.integers(classes, size=rows)
    noisy_NC = draw.dirichlet(np.ones(classes), rows).astype(np.float32)
    return target_N, noisy_NC, np.eye(classes, dtype=np.float32)[target_N]


def counts(rows: int, resamples: int = 5, seed: int = 0) -> NDArray[np.float64]:
    """Bootstrap counts (B, N)."""
    draw = generator(seed, "metric battery counts")
    return draw.multinomial(rows, np.full(rows, 1 / rows), resamples).astype(np.float64)


def check_plain_score_weighs_each_row_once(metric: AnyMetric, task: Task) -> None:
    """metric(target, prediction) is weigh with ones."""
    target, noisy, _ = case(task)
    assert metric(target, noisy) == metric.weigh(target, noisy, np.ones((1, len(target))))[0]


def check_a_count_is_a_repetition(metric: AnyMetric, task: Task) -> None:
    """Weighing a row k times is the same as having it k times."""
    target, noisy, _ = case(task)
    weight_BN = counts(len(target))
    for value, weight_N in zip(metric.weigh(target, noisy, weight_BN), weight_BN, strict=True):
        rows = np.repeat(np.arange(len(target)), weight_N.astype(np.int64))
        np.testing.assert_allclose(value, metric(target[rows], noisy[rows]), atol=1e-9)


def check_resamples_do_not_touch_each_other(metric: AnyMetric, task: Task) -> None:
    """Many resamples at once score as one by one."""
    target, noisy, _ = case(task)
    weight_BN = counts(len(target))
    alone_B = [metric.weigh(target, noisy, weight_BN[b : b + 1])[0] for b in range(len(weight_BN))]
    np.testing.assert_allclose(metric.weigh(target, noisy, weight_BN), alone_B, atol=1e-12)


def check_row_order_is_nothing(metric: AnyMetric, task: Task) -> None:
    """Shuffled rows score the same."""
    target, noisy, _ = case(task)
    order = generator(1, "metric battery order").permutation(len(target))
    np.testing.assert_allclose(metric(target[order], noisy[order]), metric(target, noisy), atol=1e-9)


def check_values_lie_in_the_span(metric: AnyMetric, task: Task) -> None:
    """Every score is a number between the ends that the metric names."""
    target, noisy, perfect = case(task)
    low, high = metric.span
    for prediction in (noisy, perfect):
        value = metric(target, prediction)
        assert low - 1e-9 <= value <= high + 1e-9, f"{metric.name} gave {value}, outside {metric.span}"


def check_perfect_beats_noise(metric: AnyMetric, task: Task) -> None:
    """The direction that the metric names is the one in which it moves."""
    target, noisy, perfect = case(task)
    assert metric.sign * metric(target, perfect) > metric.sign * metric(target, noisy)


def check_inputs_stay_untouched(metric: AnyMetric, task: Task) -> None:
    """Scoring writes into nothing that it was given."""
    target, noisy, _ = case(task)
    weight_BN = counts(len(target))
    before = target.copy(), noisy.copy(), weight_BN.copy()
    metric.weigh(target, noisy, weight_BN)
    for was, now in zip(before, (target, noisy, weight_BN), strict=True):
        np.testing.assert_array_equal(was, now)


def check_an_unknown_label_is_an_error(metric: AnyMetric, task: Task) -> None:
    """A row whose label training never had makes a perfect score worse."""
    if not task.one_label:
        return
    target, _, perfect = case(task)
    more = np.append(target, -1)
    said = np.concatenate([perfect, perfect[:1]])
    assert metric.sign * metric(more, said) < metric.sign * metric(target, perfect)


def battery() -> tuple[Check, ...]:
    """Every check of this file, found by its name."""
    return tuple(member for name, member in sorted(globals().items()) if name.startswith("check_"))
