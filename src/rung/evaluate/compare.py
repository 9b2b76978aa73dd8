"""Challenger against incumbent on the same rows: paired bootstrap, exact McNemar, Holm's correction."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from rung.core.evidence import SURE, Difference
from rung.core.types import Floats, Ints
from rung.metrics.base import Metric
from rung.metrics.interval import TIMES, Resamples, over_repeats, quantiles, resamples, value_of


def compare(
    metric: Metric,
    target: NDArray[Any],
    challenger_RVC: Floats,
    incumbent_RVC: Floats,
    *,
    cluster: Ints | None = None,
    seed: int = 0,
    times: int = TIMES,
    confidence: float = SURE,
) -> Difference:
    """How much better the challenger is, with its interval, bound and p, signed so that positive is better.

    Every resample scores both sides on the same draws (whole clusters where rows belong together), averaged over
    the repeats of the folds that judged both: where one side has fewer, the other's first ones. low and high:
    percentile 95 %; bound: one-sided, at `confidence`; p, one-sided: (1 + resamples without gain) / (1 + resamples),
    but exact McNemar for accuracy on independent rows judged once.
    Predictions (R, V, C) or (V, C). Raises BadShape when rows disagree.
    Source: Efron and Tibshirani 1993, chapters 13 and 16; p with +1: Davison and Hinkley 1997, eq. 4.11.

    >>> from rung.metrics.accuracy import accuracy
    >>> y, good, bad = np.zeros(50, np.int64), np.tile([1, 0], (50, 1)), np.tile([0, 1], (50, 1))
    >>> compare(accuracy, y, good.astype(np.float32), bad.astype(np.float32)).low
    1.0
    """
    challenger_RVC, incumbent_RVC = alike(challenger_RVC, incumbent_RVC)
    draws = resamples(len(target), seed=seed, times=times, cluster=cluster)
    value = metric.sign * (value_of(metric, target, challenger_RVC) - value_of(metric, target, incumbent_RVC))
    gain_B = metric.sign * paired(metric, target, challenger_RVC, incumbent_RVC, draws)
    low, bound, high = quantiles(gain_B, 0.025, 1 - confidence, 0.975)
    once = len(challenger_RVC) == 1
    if metric.name == "accuracy" and once and not draws.clustered:
        columns = challenger_RVC.shape[-1]
        p = mcnemar(target, challenger_RVC.reshape(-1, columns), incumbent_RVC.reshape(-1, columns))
    else:
        p = one_sided(gain_B)
    return Difference(value, low, high, bound, p)


def alike(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Both as (R, V, C), in the first repeats of the folds, as many as judged both.

    Folds drawn anew move few rows' scores as much as the gains that are judged: of 62 rows of TREC-6 one head was right
    on 0.82 in one repeat and on 0.50 in the other.

    >>> one, other = alike(np.zeros((2, 5, 3), np.float32), np.zeros((5, 3), np.float32))
    >>> one.shape, other.shape
    ((1, 5, 3), (1, 5, 3))
    """
    one, other = (each[None] if each.ndim == 2 else each for each in (one, other))
    both = min(len(one), len(other))
    return one[:both], other[:both]


def paired(
    metric: Metric, target: NDArray[Any], challenger_RVC: Floats, incumbent_RVC: Floats, draws: Resamples
) -> NDArray[np.float64]:
    """Challenger's metric minus incumbent's in each resample: (B,), unsigned."""
    return np.concatenate(
        [
            over_repeats(metric, target, challenger_RVC, part) - over_repeats(metric, target, incumbent_RVC, part)
            for part in draws
        ]
    )


def paired_error(
    metric: Metric,
    target: NDArray[Any],
    first_RVC: Floats,
    second_RVC: Floats,
    *,
    cluster: Ints | None = None,
    seed: int = 0,
    times: int = TIMES,
) -> float:
    """Standard error of the difference of two candidates on the same rows: the deviation of its resamples.

    Rows on which both do alike add nothing to it: where they err on the same rows it is smaller than the errors of
    the two scores tell, and 0 where they agree on every row. Whole clusters are drawn where rows belong together; NaN
    where the metric is defined in no resample. Predictions (R, V, C) or (V, C). Raises BadShape when rows disagree.
    Source: Efron and Tibshirani 1993, chapter 6.

    >>> from rung.metrics.accuracy import accuracy
    >>> y, said = np.zeros(50, np.int64), np.tile([[1, 0], [0, 1]], (25, 1)).astype(np.float32)
    >>> paired_error(accuracy, y, said, said)
    0.0
    """
    gain_B = paired(
        metric, target, first_RVC, second_RVC, resamples(len(target), seed=seed, times=times, cluster=cluster)
    )
    known = gain_B[~np.isnan(gain_B)]
    return float(known.std()) if len(known) else float("nan")


def one_sided(gain_B: NDArray[np.float64]) -> float:
    """Share of resamples in which nothing is gained, never 0; NaN (undefined) resamples are left out.

    >>> one_sided(np.array([1.0, 2.0, -1.0]))
    0.5
    """
    known = gain_B[~np.isnan(gain_B)]
    return float((1 + (known <= 0).sum()) / (1 + len(known)))


def mcnemar(target_N: Ints, challenger_NC: Floats, incumbent_NC: Floats) -> float:
    """Exact one-sided p that the challenger is right where the incumbent is wrong more often than the reverse.

    Under no difference the rows on which only one is right fall to either like a fair coin.
    Source: McNemar 1947, Psychometrika 12(2); exact form: binomial(only one right, 1/2).

    >>> eye = np.eye(2, dtype=np.float32)
    >>> mcnemar(np.zeros(3, np.int64), eye[[0, 0, 0]], eye[[1, 1, 1]])
    0.125
    """
    challenger_N = challenger_NC.argmax(axis=1) == target_N
    incumbent_N = incumbent_NC.argmax(axis=1) == target_N
    won, lost = int((challenger_N & ~incumbent_N).sum()), int((incumbent_N & ~challenger_N).sum())
    return 1.0 if won == 0 else float(bdtrc(won - 1, won + lost, 0.5))


def holm(ps: Sequence[float]) -> list[float]:
    """p-values that may be read one by one although several rungs were tried, in the given order.

    adjusted_(i) = max over j <= i of min(1, (m - j + 1) p_(j)).
    Source: Holm 1979, Scandinavian Journal of Statistics 6(2).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(ps)), key=ps.__getitem__)
    adjusted, floor = [0.0] * len(ps), 0.0
    for place, index in enumerate(order):
        floor = max(floor, min(1.0, (len(ps) - place) * ps[index]))
        adjusted[index] = floor
    return adjusted
