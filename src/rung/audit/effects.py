"""Sizes of differences between two samples, and the correction for asking often."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from rung.core.types import Ints

BINS = 10
SOFT = 0.5  # added to each bin's count, so that an empty one does not divide


def cramers_v(count_XY: NDArray[np.int64]) -> tuple[float, float]:
    """Cramer's V of a table of counts, less what chance alone would give, and the p-value of chi-squared.

    V is 0 where rows and columns have nothing to do with each other, 1 where one follows from the other.
    Source: Bergsma 2013, A bias-correction for Cramer's V, Journal of the Korean Statistical Society 42.

    >>> cramers_v(np.array([[50, 0], [0, 50]]))[0], cramers_v(np.array([[25, 25], [25, 25]]))
    (1.0, (0.0, 1.0))
    """
    count_XY = count_XY[count_XY.sum(1) > 0][:, count_XY.sum(0) > 0]
    n, (rows, columns) = float(count_XY.sum()), count_XY.shape
    if min(rows, columns) < 2:
        return 0.0, 1.0
    expected_XY = count_XY.sum(1, keepdims=True) * count_XY.sum(0, keepdims=True) / n
    chi2 = float((np.square(count_XY - expected_XY) / expected_XY).sum())
    free = (rows - 1) * (columns - 1)
    shared = max(0.0, chi2 / n - free / (n - 1))
    most = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return float(min(1.0, np.sqrt(shared / max(most, 1e-12)))), float(chdtrc(free, chi2))


def counts(x_N: Ints, y_N: Ints) -> NDArray[np.int64]:
    """(X, Y): how often each pair of codes comes; codes are 0 or more."""
    count_XY = np.zeros((int(x_N.max(initial=0)) + 1, int(y_N.max(initial=0)) + 1), np.int64)
    np.add.at(count_XY, (x_N, y_N), 1)
    return count_XY


def variation(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> float:
    """Total variation between two rows of counts: the share that would have to change.

    >>> variation(np.array([50, 50]), np.array([30, 10]))
    0.25
    """
    return float(np.abs(ours / max(1, ours.sum()) - theirs / max(1, theirs.sum())).sum() / 2)


def stability(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Population stability index of numbers over tenths of ours: below 0.1 none to speak of, above 0.25 large.

    Source: Siddiqi 2006, Credit Risk Scorecards, chapter 8.

    >>> stability(np.arange(100.0), np.arange(100.0))
    0.0
    """
    edges = np.unique(np.quantile(ours, np.linspace(0, 1, BINS + 1)[1:-1]))
    share = []
    for values in (ours, theirs):
        count = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1) + SOFT
        share.append(count / count.sum())
    return float(((share[0] - share[1]) * np.log(share[0] / share[1])).sum())


def holm(p: Sequence[float]) -> list[float]:
    """P-values adjusted for how many there are: the chance that any so small comes where nothing is.

    Source: Holm 1979, Scandinavian Journal of Statistics 6.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted, largest = [0.0] * len(p), 0.0
    for place, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        largest = max(largest, min(1.0, (len(p) - place) * p[index]))
        adjusted[index] = largest
    return adjusted
