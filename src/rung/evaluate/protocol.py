"""All the scores that a task is judged by, on one set of resamples; confusion and calibration as plain data."""

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.evidence import Score
from rung.core.types import Floats, Ints, Task
from rung.evaluate.calibration import reliability
from rung.evaluate.conformal import inside
from rung.metrics.base import Metric, as_wide
from rung.metrics.counts import mean_by_row
from rung.metrics.interval import TIMES, intervals, resamples
from rung.metrics.table import for_task


def scores(
    task: Task,
    target: NDArray[Any],
    prediction_NC: Floats,
    *,
    cluster: Ints | None = None,
    seed: int = 0,
    half_width: float | None = None,
    only: tuple[str, ...] = (),
    times: int = TIMES,
) -> dict[str, Score]:
    """Every metric of the task with its 95 % interval, the task's default first.

    Classification: accuracy, balanced_accuracy, macro_f1, log_loss, ece, brier (binary also roc_auc,
    average_precision, mcc). Multilabel: micro_f1, macro_f1, lrap, log_loss, ece, brier. Regression: r2, rmse, mae,
    spearman and, given half_width, coverage_90. only: names to score, all where empty. A metric that these rows can't
    define (roc_auc of one class) is NaN.
    """
    wanted = list(for_task(task))
    if task is Task.REGRESSION and half_width is not None:
        wanted.append(coverage_90(half_width))
    wanted = [metric for metric in wanted if not only or metric.name in only]
    return intervals(wanted, target, prediction_NC, resamples(len(target), seed=seed, cluster=cluster, times=times))


def coverage_90(half_width: float) -> Metric:
    """The share of rows whose truth lies in the 90 % conformal interval, as a metric."""

    def weigh(target_N: NDArray[Any], value_N1: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
        return mean_by_row(inside(target_N, value_N1, half_width).astype(np.float64), weight_BN)

    title = "coverage of the 90 % interval"
    return Metric("coverage_90", title, "higher", (0.0, 1.0), (Task.REGRESSION,), weigh, proportion=True)


def as_json(found: dict[str, Score]) -> dict[str, dict[str, float | None]]:
    """Scores as `rung evaluate --json` prints them: NaN, which JSON can't hold, becomes null.

    >>> as_json({"roc_auc": Score("roc_auc", float("nan"), 0.1, 0.9)})
    {'roc_auc': {'value': None, 'low': 0.1, 'high': 0.9}}
    """
    return {
        name: {
            end: None if np.isnan(number) else number
            for end, number in (("value", score.value), ("low", score.low), ("high", score.high))
        }
        for name, score in found.items()
    }


def confusion(target: NDArray[Any], prediction_NC: Floats) -> list[list[int]]:
    """Counts: row is the true class, column the predicted one.

    C rows of C counts, and one more row, last, when there are labels that training never had. For multilabel one
    row a label: [true negatives, false positives, false negatives, true positives].

    >>> confusion(np.array([0, 1, -1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]], np.float32))
    [[1, 0], [1, 0], [0, 1]]
    """
    if target.ndim == 2:
        prediction_NC = as_wide(prediction_NC, target)
        said_NL, true_NL = prediction_NC >= 0.5, target > 0
        parts = (~said_NL & ~true_NL, said_NL & ~true_NL, ~said_NL & true_NL, said_NL & true_NL)
        return [[int(count) for count in label] for label in np.stack([part.sum(axis=0) for part in parts], axis=1)]
    classes = prediction_NC.shape[1]
    true_N = np.where(target < 0, classes, target)
    rows = classes + int((target < 0).any())
    cell_N = true_N * classes + prediction_NC.argmax(axis=1)
    table: list[list[int]] = np.bincount(cell_N, minlength=rows * classes).reshape(rows, classes).tolist()
    return table


def calibration_block(
    target: NDArray[Any], prediction_NC: Floats, ece: Score, *, temperature: float = 1.0
) -> dict[str, Any]:
    """The `calibration` part of `rung evaluate --json`: temperature in use, ECE with interval, reliability by bin."""
    return {
        "temperature": temperature,
        "ece": as_json({"ece": ece})["ece"],
        "reliability": [asdict(part) for part in reliability(prediction_NC, target)],
    }
