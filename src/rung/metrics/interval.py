"""Intervals for any metric: percentile bootstrap over rows or whole clusters, Wilson's for shares of rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from rung.core.errors import BadShape
from rung.core.evidence import Score
from rung.core.rng import generator
from rung.core.types import Floats, Ints
from rung.metrics.base import Metric, as_wide

TIMES = 2000
MOST_COUNTS, LEAST_TIMES = 20_000 * TIMES, 400  # above 20,000 rows intervals are narrow: fewer draws do
CHUNK = 8_000_000  # counts held at once: 64 MB of float64
DRAWN = 20_000  # drawn and counted at once: few rows would cost a call of each a resample


@dataclass(frozen=True)
class Resamples:
    """B resamples of N rows as counts, drawn chunk by chunk; every iteration gives the same ones.

    unit: (N,) id 0..units-1 of what is drawn: the row itself, or its cluster.
    """

    n: int
    times: int
    seed: int
    units: int
    unit: Ints | None

    @property
    def clustered(self) -> bool:
        """True when some unit has more than one row."""
        return self.unit is not None

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        """Chunks weight_bN of at most 64 MB; together (B, N)."""
        small = self.times * self.units <= MOST_COUNTS
        rows = iter(_counts(self.times, self.seed, self.units)) if small else _drawn(self.times, self.seed, self.units)
        step = max(1, CHUNK // max(1, self.n))
        while len(chunk := list(islice(rows, step))):
            count_bU = np.array(chunk, dtype=np.float64)
            yield count_bU if self.unit is None else count_bU[:, self.unit]

    def matrix(self) -> NDArray[np.float64]:
        """All counts at once, (B, N): for few rows."""
        return np.concatenate(list(self))


@lru_cache(maxsize=2)  # every score of the same rows is resampled alike: the judged rows' draws and the test rows'
def _counts(times: int, seed: int, units: int) -> NDArray[np.uint8]:
    """All of `_drawn` at once, (B, U): 40 MB at most, as MOST_COUNTS says. Counts above 255 never happen."""
    return np.stack(list(_drawn(times, seed, units)))


def _drawn(times: int, seed: int, units: int) -> Iterator[NDArray[np.uint8]]:
    """How often each unit comes, (U,), resample by resample."""
    draw = generator(seed, "resamples")
    step = max(1, DRAWN // max(1, units))
    for begin in range(0, times, step):
        many = min(step, times - begin)
        place_bU = draw.integers(units, size=(many, units)) + units * np.arange(many)[:, None]
        yield from np.bincount(place_bU.ravel(), minlength=many * units).reshape(many, units).astype(np.uint8)


def resamples(n: int, *, seed: int, times: int = TIMES, cluster: Ints | None = None) -> Resamples:
    """How often each of n rows is drawn in each of `times` resamples.

    cluster: (n,) ids; rows of one cluster are drawn together, as often as there are clusters. Above 20,000 rows
    times falls as 1 / n, down to 400. Raises BadShape when cluster has another length.
    Source: Efron 1979, Annals of Statistics 7(1); clusters: Davison and Hinkley 1997, section 3.8.

    >>> weight_BN = resamples(4, seed=0, times=3, cluster=np.array([7, 7, 9, 9])).matrix()
    >>> bool((weight_BN[:, 0] == weight_BN[:, 1]).all()), weight_BN.shape
    (True, (3, 4))
    """
    times = min(times, max(LEAST_TIMES, MOST_COUNTS // max(1, n)))
    if cluster is None:
        return Resamples(n, times, seed, n, None)
    if len(cluster) != n:
        raise BadShape("cluster", wanted=f"{n} rows", got=len(cluster))
    ids, unit = np.unique(cluster, return_inverse=True)
    return Resamples(n, times, seed, len(ids), unit if len(ids) < n else None)


def over_repeats(
    metric: Metric, target: NDArray[Any], prediction: Floats, weight_BN: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The metric in each resample, averaged over repeats under the same counts: (B,).

    prediction: (N, C), or (R, N, C) for R repeats.
    """
    prediction_RNC = prediction[None] if prediction.ndim == 2 else prediction
    if prediction_RNC.shape[1] != len(target):
        raise BadShape("prediction", wanted=f"{len(target)} rows", got=prediction_RNC.shape[1])
    result: NDArray[np.float64] = np.mean(
        [metric.weigh(target, as_wide(one, target), weight_BN) for one in prediction_RNC], axis=0
    )
    return result


def value_of(metric: Metric, target: NDArray[Any], prediction: Floats) -> float:
    """The plain score of all rows, averaged over repeats where there are any."""
    return float(over_repeats(metric, target, prediction, np.ones((1, len(target))))[0])


def replicates(
    metrics: Sequence[Metric], target: NDArray[Any], prediction: Floats, draws: Resamples
) -> NDArray[np.float64]:
    """Every metric in every resample, all on the same draws: (M, B)."""
    return np.concatenate(
        [np.stack([over_repeats(metric, target, prediction, part) for metric in metrics]) for part in draws], axis=1
    )


def quantiles(value_B: NDArray[np.float64], *shares: float) -> tuple[float, ...]:
    """Quantiles of the defined values; NaN (a resample with one class only, say) is left out.

    >>> quantiles(np.array([0.0, np.nan, 1.0]), 0.5)
    (0.5,)
    """
    known = value_B[~np.isnan(value_B)]
    if not len(known):
        return tuple(float("nan") for _ in shares)
    return tuple(float(q) for q in np.quantile(known, shares))


def wilson(share: float, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share of n independent rows: never empty, never outside 0..1.

    Source: Wilson 1927, Journal of the American Statistical Association 22(158).

    >>> low, high = wilson(1.0, 20)
    >>> round(low, 3), high
    (0.839, 1.0)
    """
    z = float(ndtri(0.5 + confidence / 2))
    middle = share + z * z / (2 * n)
    half = z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    scale = 1 + z * z / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def intervals(
    metrics: Sequence[Metric], target: NDArray[Any], prediction: Floats, draws: Resamples
) -> dict[str, Score]:
    """Score with 95 % interval of each metric, all on the same resamples.

    Percentile interval; for a share of independent rows Wilson's. A share of clustered rows that is 0 or 1 takes
    Wilson's on the number of clusters, because its bootstrap knows no doubt. NaN where a metric is not defined, and
    for the bounds of anything but a share of a lone row or cluster, which tells nothing of others.
    """
    bootstrapped = [metric for metric in metrics if draws.clustered or not metric.proportion]
    sampled = iter(replicates(bootstrapped, target, prediction, draws)) if bootstrapped else iter(())
    found = {}
    for metric in metrics:
        value = value_of(metric, target, prediction)
        value_B = next(sampled) if metric in bootstrapped else None
        if metric.proportion and (value_B is None or value in (0.0, 1.0)):
            low, high = wilson(value, draws.units)
        else:
            assert value_B is not None
            low, high = quantiles(value_B, 0.025, 0.975) if draws.units > 1 else (float("nan"), float("nan"))
        found[metric.name] = Score(metric.name, value, low, high)
    return found


def interval(metric: Metric, target: NDArray[Any], prediction: Floats, draws: Resamples) -> Score:
    """Score of one metric with its 95 % interval; see `intervals`.

    prediction: (N, C), or (R, N, C): the metric is averaged over R repeats.
    """
    return intervals([metric], target, prediction, draws)[metric.name]


def interval_of(
    metric: Metric, target: NDArray[Any], prediction: Floats, *, cluster: Ints | None = None, seed: int = 0
) -> Score:
    """`interval` on resamples drawn for this call.

    >>> from rung.metrics.accuracy import accuracy
    >>> interval_of(accuracy, np.array([0, 0]), np.array([[1, 0], [0, 1]], np.float32)).value
    0.5
    """
    return interval(metric, target, prediction, resamples(len(target), seed=seed, cluster=cluster))
