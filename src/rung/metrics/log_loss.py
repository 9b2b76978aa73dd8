"""Log-loss: how surprised the probabilities are by what happened."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register
from rung.metrics.counts import mean_by_row

EPSILON = float(np.finfo(np.float32).eps)  # predictions are float32; one certain and wrong row costs 15.9 nats


def weigh(target: NDArray[Any], probability_NC: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of -log p(truth), in nats, with p clipped at EPSILON.

    target: (N,) classes, where an unknown label (-1) had probability 0 and so costs -log EPSILON; or (N, L) uint8
    labels, where a row's loss is the mean of its labels' binary losses.
    Source: Good 1952, Journal of the Royal Statistical Society B 14(1).

    >>> weigh(np.array([1, -1]), np.array([[0.5, 0.5], [0.5, 0.5]], np.float32), np.eye(2)).round(3)
    array([ 0.693, 15.942])
    """
    if target.ndim == 2:
        truth_NL = np.where(target > 0, probability_NC, 1 - probability_NC).astype(np.float64)
        return mean_by_row(-np.log(np.maximum(truth_NL, EPSILON)).mean(axis=1), weight_BN)
    truth_N = probability_NC[np.arange(len(target)), target].astype(np.float64)
    truth_N[target < 0] = 0.0
    return mean_by_row(-np.log(np.maximum(truth_N, EPSILON)), weight_BN)


log_loss = register(
    Metric(
        "log_loss",
        "log-loss",
        "lower",
        (0.0, float("inf")),
        (Task.BINARY, Task.MULTICLASS, Task.MULTILABEL),
        weigh,
    )
)
