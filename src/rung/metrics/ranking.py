"""Rows sorted by a score once, then cumulative counts over the sort in every resample."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Ints


@dataclass(frozen=True)
class Sorted:
    """An ascending order of rows and where each run of equal scores starts in it.

    order: (N,) row indices. start: (G,) position of each distinct score's first row. run: (N,) sorted position -> run.
    """

    order: Ints
    start: Ints
    run: Ints

    @property
    def ties(self) -> bool:
        """True when two rows share a score."""
        return len(self.start) < len(self.order)

    def totals(self, weight_BN: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight of each distinct score, ascending: (B, G). weight_BN is already in sorted order."""
        return np.add.reduceat(weight_BN, self.start, axis=1) if self.ties else weight_BN


def by_score(score_N: NDArray[Any]) -> Sorted:
    """Sort rows by score.

    >>> by_score(np.array([0.5, 0.1, 0.5])).start
    array([0, 1])
    """
    order = np.argsort(score_N, kind="stable")
    ranked = score_N[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = ranked[1:] != ranked[:-1]
    return Sorted(order, np.flatnonzero(fresh), np.cumsum(fresh) - 1)


def positives(target_N: NDArray[Any], probability_NC: Floats) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which rows are of class 1, and the score that ranks them.

    A row with an unknown label (-1) is no positive and is ranked above all others: the worst error a ranking can make.
    """
    score_N = probability_NC[:, 1].astype(np.float64)
    return target_N == 1, np.where(target_N < 0, np.inf, score_N)
