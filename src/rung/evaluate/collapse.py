"""Whether a rung has collapsed: a dead model can have a good loss, so look at what it predicts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Task
from rung.metrics.base import Metric


def collapsed(
    task: Task,
    prediction: Floats,
    *,
    metric: Metric | None = None,
    score: float | None = None,
    prior_score: float | None = None,
) -> str:
    """Why this prediction is a collapse, or "" when it is none.

    prediction: (N, C) or (R, N, C), of rows whose target has several values. Reasons: values that are not finite; one
    class (one set of labels, one value) for every row; a score below the prior baseline's. With metric and both
    scores given, one class for every row is no collapse when it still scores better than the prior: on rare
    positives a useful ranking may never cross one half.

    >>> collapsed(Task.BINARY, np.array([[0.9, 0.1], [0.8, 0.2]], np.float32))
    'predicts one class for every row'
    """
    flat = prediction.reshape(-1, prediction.shape[-1])
    if broken := int((~np.isfinite(flat)).any(axis=1).sum()):
        return f"{broken} of {len(flat)} predictions are not finite numbers"
    same = _same(task, flat) if len(flat) > 1 else ""
    if metric is None or score is None or prior_score is None or score == prior_score:
        return same
    if metric.sign * score > metric.sign * prior_score:
        return ""
    return same or f"{metric.title} {score:.4g} is worse than the prior's {prior_score:.4g}"


def _same(task: Task, flat_NC: NDArray[Any]) -> str:
    if task is Task.REGRESSION:
        return "predicts one value for every row" if np.ptp(flat_NC) == 0 else ""
    if task is Task.MULTILABEL:
        said_NL = flat_NC >= 0.5
        return "predicts the same labels for every row" if (said_NL == said_NL[0]).all() else ""
    return "predicts one class for every row" if np.ptp(flat_NC.argmax(axis=1)) == 0 else ""
