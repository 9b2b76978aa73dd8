"""LogME: how much evidence the embeddings give for a linear model of the target, without training one."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import svd

from rung.core.errors import BadShape
from rung.core.types import Floats

Doubles = NDArray[np.float64]
SPAN = (-12.0, 8.0)  # log10 of prior precision over noise precision, in units of the greatest squared singular value
POINTS, ZOOMS = 41, 5  # a grid over the span, then finer ones about its best point: 1e-5 of a decade in the end
ROUNDING = 1e-12  # of a column's squared length: no residual is believed to be smaller


def logme(x_ND: Floats | Doubles, y_NK: Doubles) -> float:
    """Log maximum evidence a row, averaged over the K columns of y; NaN where y has no column.

    For each column  max over a, b of  log p(y | X, a, b) / N  with  y = X w + noise,  w ~ Normal(0, I / a)  and noise
    of variance 1 / b: higher is better, and embeddings of different width may be compared. With r = a / b fixed the
    best noise has a closed form, so one singular value decomposition and a search over r alone find the maximum to
    which the paper's fixed point goes, also where a target without noise would send that to infinity: r keeps to SPAN.
    x (N, D): embeddings, not centred, as in the paper. y (N, K): see `answers`. All in float64.
    Raises BadShape when rows disagree.
    Source: You et al. 2021, LogME: Practical Assessment of Pre-trained Models for Transfer Learning, eq. 2 to 5.

    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> good, noise = (x[:, :1] > 0).astype(float), (np.arange(50)[:, None] % 2).astype(float)
    >>> logme(x, good) > logme(x, noise)
    True
    """
    if len(x_ND) != len(y_NK):
        raise BadShape("targets", wanted=f"{len(x_ND)} rows", got=len(y_NK))
    if not y_NK.shape[1]:
        return float("nan")
    u_NR, s_R, _ = svd(np.asarray(x_ND, np.float64), full_matrices=False)
    power_R = s_R**2
    length_K = (y_NK**2).sum(0)
    z_RK = (u_NR.T @ y_NK) ** 2
    rest_K = np.maximum(length_K - z_RK.sum(0), 0.0)
    return float(np.mean([_best(power_R, *column, len(x_ND)) for column in zip(z_RK.T, rest_K, length_K, strict=True)]))


def _best(power_R: Doubles, z_R: Doubles, rest: float, length: float, n: int) -> float:
    """The greatest evidence a row over r; z: squared projections of y, rest: what lies outside the embeddings' span."""
    top = float(power_R.max(initial=0.0)) or 1.0
    low, high = SPAN
    for _ in range(ZOOMS):
        decade_G = np.linspace(low, high, POINTS)
        r_G1 = top * 10.0 ** decade_G[:, None]
        square_G = rest + (z_R * (r_G1 / (power_R + r_G1))).sum(1)  # y' (I + XX' / r)^-1 y
        square_G = np.maximum(square_G, ROUNDING * length)
        volume_G = np.log1p(power_R / r_G1).sum(1)  # log det(I + XX' / r)
        evidence_G = -0.5 * (np.log(2 * np.pi * square_G / n) + 1 + volume_G / n)
        best = int(evidence_G.argmax())
        low, high = decade_G[max(best - 1, 0)], decade_G[min(best + 1, POINTS - 1)]
    return float(evidence_G[best])
