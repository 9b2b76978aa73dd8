"""H-score: how far the means of the classes lie apart, in units of the embeddings' own spread."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import svd

from rung.core.errors import BadShape
from rung.core.types import Floats

Doubles = NDArray[np.float64]
RANK = 1e-10  # of the greatest singular value: what lies below is rounding


def hscore(x_ND: Floats | Doubles, y_NK: Doubles) -> float:
    """Sum of squared canonical correlations of embeddings and target, the embeddings' covariance shrunk; 0 to K.

    H = tr(S^-1 (1 - t) B), where B is the covariance of the embeddings' best guess from y (for classes: of the class
    means) and S = (1 - t) C + t tr(C) / D I their covariance C shrunk by Ledoit and Wolf's t: without it N < D has no
    inverse, and a pseudo-inverse would call any wide embedding perfect. For a regression target it is a shrunk R2.
    0 where embeddings or target never vary.
    x (N, D), y (N, K): see `answers`; both are centred here. All in float64. Raises BadShape when rows disagree.
    Source: Bao et al. 2019, An Information-Theoretic Approach to Transferability in Task Transfer Learning; shrinkage:
    Ibrahim et al. 2022, Newer is Not Always Better, with t of Ledoit and Wolf 2004, J. Multivariate Analysis 88(2).

    >>> x = np.array([[0.0], [0.1], [1.0], [1.1]])
    >>> round(hscore(x, np.array([[1.0], [1.0], [0.0], [0.0]])), 2)
    0.99
    """
    if len(x_ND) != len(y_NK):
        raise BadShape("targets", wanted=f"{len(x_ND)} rows", got=len(y_NK))
    n, width = x_ND.shape
    centred_ND = np.asarray(x_ND, np.float64)
    centred_ND = centred_ND - centred_ND.mean(0)
    basis_NQ = _basis(y_NK - y_NK.mean(0))
    u_NR, s_R, _ = svd(centred_ND, full_matrices=False)
    kept = s_R > RANK * s_R.max(initial=0.0)
    if not kept.any() or not basis_NQ.shape[1]:
        return 0.0
    power_R = s_R[kept] ** 2 / n
    shrink = shrinkage(power_R, (centred_ND**2).sum(1), width)
    told_R = ((basis_NQ.T @ u_NR[:, kept]) ** 2).sum(0)
    shrunk_R = (1 - shrink) * power_R + shrink * power_R.sum() / width
    return float(((1 - shrink) * power_R * told_R / shrunk_R).sum())


def shrinkage(power_R: Doubles, length_N: Doubles, width: int) -> float:
    """Ledoit and Wolf's share of the identity, 0 to 1, from eigenvalues of the covariance and squared lengths of rows.

    power_R: the eigenvalues that are not 0, length_N: of each centred row, width: D.
    Source: Ledoit and Wolf 2004, J. Multivariate Analysis 88(2), section 3.3.

    >>> shrinkage(np.array([1.0]), np.ones(10), 1)
    0.0
    """
    far = float((power_R**2).sum() - power_R.sum() ** 2 / width)  # from the nearest multiple of the identity
    noise = float((length_N**2).mean() - (power_R**2).sum()) / len(length_N)
    return min(noise, far) / far if far > 0 and noise > 0 else 0.0


def _basis(y_NK: Doubles) -> Doubles:
    """(N, Q) orthonormal columns that span the centred target."""
    u_NK, s_K, _ = svd(y_NK, full_matrices=False) if y_NK.size else (y_NK, np.zeros(0), None)
    return u_NK[:, : len(s_K)][:, s_K > RANK * s_K.max(initial=0.0)]
