"""What a metric is: a name, a direction, a range, and one function that scores many resamples at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rung.core.errors import BadShape
from rung.core.registry import Registry
from rung.core.types import Floats, Task

Weigh = Callable[[NDArray[Any], Floats, NDArray[np.float64]], NDArray[np.float64]]
METRICS: Registry["Metric"] = Registry("metric")


@dataclass(frozen=True)
class Metric:
    """A score with its direction and range.

    weigh(target, prediction_NC, weight_BN) -> (B,) float64: the metric on B resamples of the same N rows, where
    weight_BN counts how often each row was drawn (all ones: the plain score). One function serves the point
    value and the bootstrap.
    target: int64 (N,) classes; uint8 (N, L) for multilabel; float64 (N,) for regression.
    prediction_NC: probabilities (N, C), or (N, 1) values for regression.
    proportion: the score is a share of rows, so that Wilson's interval is exact enough where the bootstrap
    collapses (every row right).
    """

    name: str
    title: str
    better: Literal["higher", "lower"]
    span: tuple[float, float]
    tasks: tuple[Task, ...]
    weigh: Weigh
    proportion: bool = False

    @property
    def sign(self) -> int:
        """1 when higher is better, -1 when lower is."""
        return 1 if self.better == "higher" else -1

    def __call__(self, target: NDArray[Any], prediction_NC: Floats) -> float:
        """Plain score of all rows; raises BadShape when the two disagree on N."""
        if len(target) != len(prediction_NC):
            raise BadShape("prediction", wanted=f"{len(target)} rows", got=f"{len(prediction_NC)}")
        return float(self.weigh(target, as_wide(prediction_NC, target), np.ones((1, len(target))))[0])


def as_wide(prediction_NC: Floats, target: NDArray[Any]) -> Floats:
    """Give labels of the truth that no model knew their columns: probability 0, so that each is an error.

    >>> as_wide(np.ones((1, 2), np.float32), np.array([[1, 0, 1]], np.uint8))
    array([[1., 1., 0.]], dtype=float32)
    """
    unknown = target.shape[1] - prediction_NC.shape[1] if target.ndim == 2 else 0
    return np.pad(prediction_NC, ((0, 0), (0, unknown))) if unknown > 0 else prediction_NC


def register(metric: Metric) -> Metric:
    """Add a metric to the table that `--metric` reads."""
    return METRICS.add(metric.name, metric)
