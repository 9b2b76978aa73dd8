"""Temperature: the one number of calibration that a bundle applies."""

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task

EPSILON = float(np.finfo(np.float32).eps)


def apply_temperature(probability: Floats, temperature: float, task: Task) -> Floats:
    """Probabilities at another temperature: softmax(log p / T), for multilabel sigmoid(logit p / T). The order stays.

    Temperature 1 and regression return the input itself.

    >>> apply_temperature(np.array([[0.2, 0.8]], np.float32), 2.0, Task.BINARY).round(3)
    array([[0.333, 0.667]], dtype=float32)
    """
    if temperature == 1 or task is Task.REGRESSION:
        return probability
    if task is Task.MULTILABEL:
        spread: Floats = (1 / (1 + np.exp(-logit(probability) / temperature))).astype(np.float32)
        return spread
    log_p = np.log(np.maximum(probability, EPSILON).astype(np.float64)) / temperature
    weight = np.exp(log_p - log_p.max(axis=-1, keepdims=True))
    scaled_NC: Floats = (weight / weight.sum(axis=-1, keepdims=True)).astype(np.float32)
    return scaled_NC


def logit(probability: Floats) -> NDArray[np.float64]:
    """log(p / (1 - p)) of clipped probabilities, elementwise."""
    p = np.clip(probability.astype(np.float64), EPSILON, 1 - EPSILON)
    result: NDArray[np.float64] = np.log(p) - np.log1p(-p)
    return result
