"""Whether a rung has collapsed: a dead model can have a good loss, so look at what it predicts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.evidence import Score
from rung.core.types import Floats, Task
from rung.metrics.base import Metric
from rung.metrics.interval import value_of

LUCK = 1e-9  # by which two ways to add up the same score may differ


def collapsed(
    task: Task,
    prediction: Floats,
    *,
    metric: Metric | None = None,
    score: Score | None = None,
    prior_score: float | None = None,
    target: NDArray[Any] | None = None,
) -> str:
    """Why this prediction is a collapse, or "" when it is none.

    prediction: (N, C) or (R, N, C), of rows whose target has several values. Reasons: values that are not finite; one
    class (one set of labels, one value) for every row; a score whose whole interval is worse than the prior baseline's.
    With a metric, scores and the target (N,), one class for every row is no collapse when it scores better than the
    prior and than its own mean answer given to all: on rare positives a useful ranking may never cross one half.

    >>> collapsed(Task.BINARY, np.array([[0.9, 0.1], [0.8, 0.2]], np.float32))
    'predicts one class for every row'
    """
    flat = prediction.reshape(-1, prediction.shape[-1])
    if broken := int((~np.isfinite(flat)).any(axis=1).sum()):
        return f"{broken} of {len(flat)} predictions are not finite numbers"
    same = _same(task, flat) if len(flat) > 1 else ""
    if metric is None or score is None or prior_score is None or target is None:
        return same
    sign = metric.sign
    if same:
        mean = np.broadcast_to(flat.mean(axis=0), prediction.shape)
        guessed = max(sign * prior_score, sign * value_of(metric, target, mean))
        return same if sign * score.value <= guessed + LUCK else ""
    best = score.high if metric.better == "higher" else score.low
    worse = f"{metric.title} {score.value:.4g} is surely worse than the prior's {prior_score:.4g}"
    return worse if sign * best < sign * prior_score else ""


def _same(task: Task, flat_NC: NDArray[Any]) -> str:
    if task is Task.REGRESSION:
        return "predicts one value for every row" if np.ptp(flat_NC) == 0 else ""
    if task is Task.MULTILABEL:
        said_NL = flat_NC >= 0.5
        return "predicts the same labels for every row" if (said_NL == said_NL[0]).all() else ""
    return "predicts one class for every row" if np.ptp(flat_NC.argmax(axis=1)) == 0 else ""
