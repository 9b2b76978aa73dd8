"""Whether more labels would help: a power law through the scores of nested training sets, carried on with its doubt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.errors import BadOption
from rung.core.evidence import CurvePoint, LearningCurve
from rung.core.rng import generator
from rung.core.types import Floats, Ints
from rung.metrics.base import Metric
from rung.metrics.interval import TIMES, interval, replicates, resamples

POWERS = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0)  # exponents seen in practice lie within
LEAST_POINTS = 3


@dataclass(frozen=True)
class Gain:
    """What more rows are expected to bring, positive is better, with a 95 % interval."""

    value: float
    low: float
    high: float


def curve(
    metric: Metric,
    target: NDArray[Any],
    predictions: Sequence[tuple[int, Floats]],
    *,
    cluster: Ints | None = None,
    seed: int = 0,
    rung: str = "frozen",
    more_rows: int = 1000,
) -> LearningCurve:
    """Score of each training size with its interval, and what `more_rows` more would bring.

    predictions: (training rows, (R, V, C) or (V, C) prediction of the same judged rows), at least 3 sizes.
    All sizes are scored on the same resamples, so that what is hard in the judged rows cancels.
    Raises BadOption with fewer than 3 distinct sizes.
    """
    ordered = sorted(predictions, key=lambda point: point[0])
    draws = resamples(len(target), seed=seed, times=TIMES, cluster=cluster)
    points = tuple(CurvePoint(rows, interval(metric, target, said, draws)) for rows, said in ordered)
    score_BP = np.stack([replicates([metric], target, said, draws)[0] for _, said in ordered], axis=1)
    gain = extrapolate(
        np.array([point.rows for point in points]),
        np.array([point.score.value for point in points]),
        score_BP,
        more_rows,
        metric=metric,
        seed=seed,
    )
    return LearningCurve(rung, points, more_rows, gain.value, gain.low, gain.high)


def extrapolate(
    rows_P: Ints,
    score_P: NDArray[np.float64],
    score_BP: NDArray[np.float64],
    more_rows: int,
    *,
    metric: Metric,
    seed: int = 0,
) -> Gain:
    """Gain of `more_rows` above the largest size, by score = a - b n^-c with b >= 0 (signed so that higher is better).

    score_BP: the scores again in each of B resamples. Each replicate is fitted anew, after noise of the size of the
    fit's own residuals is added: resampling judged rows does not know that another training subset of the same
    size would have scored a little differently. With 3 or 4 points the interval is wide, as it should be. More
    rows are never predicted to harm, so low is at least 0.
    Source: power law: Hestness et al. 2017, arXiv 1712.00409, eq. 1; Mukherjee et al. 2003, J. Comp. Biology 10(2).
    """
    if len(set(rows_P.tolist())) < LEAST_POINTS:
        raise BadOption("learning curve", wanted=f"{LEAST_POINTS} training sizes", got=len(set(rows_P.tolist())))
    best = metric.span[1] if metric.sign == 1 else -metric.span[0]
    point_1P = metric.sign * score_P[None]
    known_BP = metric.sign * score_BP[np.isfinite(score_BP).all(axis=1)]
    value = float(_gain(rows_P, point_1P, more_rows, best)[0])
    squares = _fit(rows_P, point_1P, (0.5,))[3, 0]  # one power: two numbers fitted, so P - 2 are free
    spread = np.sqrt(squares / (len(rows_P) - 2))
    noisy_BP = known_BP + generator(seed, "learning curve noise").normal(scale=spread, size=known_BP.shape)
    low, high = np.quantile(_gain(rows_P, noisy_BP, more_rows, best), [0.025, 0.975]) if len(noisy_BP) else (0.0, best)
    return Gain(value, min(float(low), value), max(float(high), value))


def _gain(rows_P: Ints, score_BP: NDArray[np.float64], more_rows: int, best: float) -> NDArray[np.float64]:
    most = int(rows_P.max())
    top_B, slope_B, power_B, _ = _fit(rows_P, score_BP)
    now_B = np.minimum(top_B - slope_B * float(most) ** -power_B, best)
    then_B = np.minimum(top_B - slope_B * float(most + more_rows) ** -power_B, best)
    result: NDArray[np.float64] = then_B - now_B
    return result


def _fit(rows_P: Ints, score_BP: NDArray[np.float64], powers: Sequence[float] = POWERS) -> NDArray[np.float64]:
    """Least squares for every replicate and power at once; returns a, b, c and squared error as rows of (4, B)."""
    mean_B1 = score_BP.mean(axis=1, keepdims=True)
    fits = []
    for power in powers:
        x_P = rows_P.astype(np.float64) ** -power
        x_P, middle = x_P - x_P.mean(), x_P.mean()
        slope_B = np.maximum(0.0, -(score_BP - mean_B1) @ x_P / (x_P @ x_P))
        error_B = ((score_BP - mean_B1 + slope_B[:, None] * x_P) ** 2).sum(axis=1)
        fits.append(np.stack([mean_B1[:, 0] + slope_B * middle, slope_B, np.full(len(score_BP), power), error_B]))
    fit_K4B = np.stack(fits)
    chosen_B = fit_K4B[:, 3].argmin(axis=0)
    result: NDArray[np.float64] = fit_K4B[chosen_B, :, np.arange(len(score_BP))].T
    return result
