"""Split conformal intervals for regression: as wide as the held-out errors say."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.errors import BadOption
from rung.core.types import Floats

COVERAGE = 0.9


def half_width(residuals: NDArray[Any], coverage: float = COVERAGE) -> float:
    """Half the width of an interval that holds the truth of a new row with at least this probability.

    The ceil((n + 1) coverage)-th smallest |residual| of n rows that the model was not trained on, in the target's
    unit; infinite when n is too small to promise that much (fewer than 9 rows for 90 %). The promise holds when
    new rows come from the same source as those n.
    Raises BadOption without residuals or with a coverage outside 0..1.
    Source: Lei et al. 2018, Journal of the American Statistical Association 113(523), algorithm 2.

    >>> half_width(np.arange(-9.0, 10.0))
    9.0
    """
    if not 0 < coverage < 1:
        raise BadOption("coverage", wanted="a share between 0 and 1", got=coverage)
    if not len(residuals):
        raise BadOption("residuals", wanted="at least one", got="none")
    n = len(residuals)
    place = int(np.ceil(round((n + 1) * coverage, 9)))  # 0.9 * 10 must be 9, not 9.000000000000002
    if place > n:
        return float("inf")
    return float(np.partition(np.abs(residuals), place - 1)[place - 1])


def inside(target_N: NDArray[Any], prediction_N1: Floats, width: float) -> NDArray[np.bool_]:
    """Which rows' truth lies within prediction +- width, ends included.

    The difference is rounded as float32 predictions are, so that the row that set the width counts as inside.
    """
    error_N = np.abs(target_N - prediction_N1[:, 0].astype(np.float64))
    result: NDArray[np.bool_] = error_N <= width * (1 + 1e-6)
    return result


def coverage(target_N: NDArray[Any], prediction_N1: Floats, width: float) -> float:
    """Share of rows whose truth lies within prediction +- width.

    >>> coverage(np.array([0.0, 2.0]), np.array([[0.5], [0.5]], np.float32), 1.0)
    0.5
    """
    return float(inside(target_N, prediction_N1, width).mean())
