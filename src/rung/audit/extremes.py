"""Numbers that no other row comes near: slips of the pen, other units, and stand-ins for missing values."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rung.audit.base import check, numbered, rows_of
from rung.core.audited import Audited
from rung.core.types import Finding, Role
from rung.data.numbers import to_numbers

FEWEST = 60
BEYOND = 10.0  # interquartile ranges beyond a quartile
LOG_BEYOND = 4.0  # the same of logarithms, where all numbers are positive: skewed ones have long tails
SHARE, FEW = 0.01, 3  # of the rows, or rows, at most: more of them are a tail
STANDS_IN = (-1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0)
OFTEN = 3  # rows from which one stands for missing values


@check("extremes", "Numbers that no other row comes near", says=("extreme_number",))
def extremes(seen: Audited) -> Iterator[Finding]:
    """For each column of numbers, those far outside, the farthest first."""
    for name in seen.names(Role.NUMBER):
        for side, part in seen.sides():
            x_N = to_numbers(part.frame[name]).fill_null(np.nan).to_numpy().astype(np.float64)
            far_N = beyond(x_N)
            places = np.flatnonzero(far_N > 0)
            places = places[np.argsort(-far_N[places], kind="stable")]
            if not len(places):
                continue
            values, count = np.unique(x_N[places], return_counts=True)
            stands = [value for value in values[count >= OFTEN] if value in STANDS_IN]
            said = f"; {stands[0]:.12g} may stand for missing values" if stands else ""
            range_ = "outside of {:.6g} to {:.6g}".format(*np.quantile(x_N[(far_N == 0) & np.isfinite(x_N)], [0, 1]))
            what = f"{rows_of(len(places))} with a number in {name!r} far {range_}{said}"
            fix = "Empty those cells." if stands else "Check units and digits."
            effect = "Little for trees; linear models bend to them."
            names = tuple(f"{value:.6g}" for value in x_N[places])
            rows = numbered(part, places)
            yield Finding("extreme_number", what, rows, "note", fix, side, names, effect, sure="possible")


def beyond(x_N: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) interquartile ranges by which a number lies outside, 0 where it does not; all 0 where many do.

    >>> beyond(np.array([*range(100), 1e6])).nonzero()[0].tolist()
    [100]
    """
    known = np.isfinite(x_N)
    none = np.zeros(len(x_N))
    if known.sum() < FEWEST:
        return none
    far_N = _beyond(x_N, known, BEYOND)
    if (x_N[known] > 0).all():
        far_N = np.where(_beyond(np.log(np.where(known, x_N, 1.0)), known, LOG_BEYOND) > 0, far_N, 0.0)
    return far_N if (far_N > 0).sum() <= max(FEW, SHARE * known.sum()) else none


def _beyond(x_N: NDArray[np.float64], known: NDArray[np.bool_], limit: float) -> NDArray[np.float64]:
    low, high = np.quantile(x_N[known], [0.25, 0.75])
    if high <= low:
        return np.zeros(len(x_N))
    out_N = np.maximum(low - x_N, x_N - high) / (high - low)
    return np.where(known & (out_N > limit), out_N, 0.0)
