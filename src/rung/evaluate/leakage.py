"""What test rows that training rows repeat do to the score."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.evidence import Leak
from rung.core.types import Floats, Ints
from rung.metrics.base import Metric
from rung.metrics.interval import interval_of, over_repeats, quantiles, resamples, value_of

FEWEST = 10  # other rows from which the score without copies says something


def leak(
    metric: Metric,
    target: NDArray[Any],
    prediction_NC: Floats,
    copied_N: NDArray[np.bool_],
    *,
    cluster: Ints | None = None,
    seed: int = 0,
) -> Leak | None:
    """The score without the copied rows, and how much more all rows show; None where no row is copied.

    price is positive where copies flatter the score, whichever way the metric runs; its interval comes from resamples
    of all rows that both scores share.

    >>> from rung.metrics.accuracy import accuracy
    >>> said, copied = np.eye(2, dtype=np.float32)[[0] * 40], np.arange(40) < 20
    >>> found = leak(accuracy, (np.arange(40) >= 30).astype(int), said, copied)
    >>> found.rows, found.without.value, found.price
    (20, 0.5, 0.25)
    """
    rows = int(copied_N.sum())
    if not rows:
        return None
    kept = np.flatnonzero(~copied_N)
    if len(kept) < FEWEST:
        return Leak(rows, len(target))
    own = None if cluster is None else cluster[kept]
    without = interval_of(metric, target[kept], prediction_NC[kept], cluster=own, seed=seed)
    price_B = np.concatenate(
        [
            over_repeats(metric, target, prediction_NC, weight_BN)
            - over_repeats(metric, target[kept], prediction_NC[kept], weight_BN[:, kept])
            for weight_BN in resamples(len(target), seed=seed, cluster=cluster)
        ]
    )
    low, high = quantiles(metric.sign * price_B, 0.025, 0.975)
    price = metric.sign * (value_of(metric, target, prediction_NC) - without.value)
    return Leak(rows, len(target), without, price, low, high)
