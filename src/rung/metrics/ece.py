"""Expected calibration error: how far confidence is from being right, on average."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric, register

BINS = 15


def bin_of(confidence_N: NDArray[Any], bins: int = BINS) -> NDArray[np.int64]:
    """Index of the equal-width bin ((k/bins, (k+1)/bins]) of each confidence; 0 belongs to the first.

    >>> bin_of(np.array([0.0, 0.1, 0.11, 1.0]), bins=10)
    array([0, 0, 1, 9])
    """
    edge = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    return np.searchsorted(edge, confidence_N, side="left").astype(np.int64)


def weigh(target: NDArray[Any], probability_NC: Floats, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over 15 equal-width bins of (rows in bin / rows) * |share right - mean confidence|.

    Confidence is the top class's probability; an unknown label (-1) is never right. target (N, L) uint8: each
    row-label pair is one case, its confidence the label's probability, right where the label is true.
    Source: Guo et al. 2017, ICML, eq. 3; Naeini et al. 2015.

    >>> weigh(np.array([0, 0]), np.array([[0.75, 0.25], [0.75, 0.25]], np.float32), np.ones((1, 2)))
    array([0.25])
    """
    if target.ndim == 2:
        confidence_NK, right_NK = probability_NC.astype(np.float64), target > 0
    else:
        confidence_NK = probability_NC.max(axis=1, keepdims=True).astype(np.float64)
        right_NK = (probability_NC.argmax(axis=1) == target)[:, None]
    rows, cases = confidence_NK.shape
    excess_NJ = np.zeros((rows, BINS))
    np.add.at(excess_NJ, (np.arange(rows)[:, None], bin_of(confidence_NK)), right_NK - confidence_NK)
    result: NDArray[np.float64] = np.abs(weight_BN @ excess_NJ).sum(axis=1) / (weight_BN.sum(axis=1) * cases)
    return result


ece = register(
    Metric(
        "ece",
        "expected calibration error",
        "lower",
        (0.0, 1.0),
        (Task.BINARY, Task.MULTICLASS, Task.MULTILABEL),
        weigh,
    )
)
