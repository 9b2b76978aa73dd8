"""Whether rows that a backbone puts side by side share their class."""

from dataclasses import dataclass

import numpy as np

from rung.core.types import Floats, Ints

NEAREST = 5
AT_ONCE = 1024  # rows whose similarities to all others are held together


@dataclass(frozen=True)
class Agreement:
    """Share of a row's nearest neighbours that are of its class, the mean over rows; what any other order would give.

    lift: how much of the way from chance to full agreement, with the upper end of its 95 % interval over rows.
    """

    share: float
    chance: float
    lift: float
    high: float


def agreement(x_ND: Floats, class_N: Ints, *, k: int = NEAREST) -> Agreement:
    """Leave-one-out agreement of the `k` nearest by cosine; chance is what neighbours drawn at random would give.

    x_ND: vectors. class_N: classes from 0 on. The interval takes rows as independent draws.
    Raises ValueError for fewer than three rows, or for a single class: nothing could disagree.
    Source: Cover and Hart 1967, Nearest neighbor pattern classification (the leave-one-out estimate).

    >>> x = np.array([[1, 0], [1, 0.1], [1, 0.2], [0, 1], [0.1, 1], [0.2, 1]], np.float32)
    >>> agreement(x, np.array([0, 0, 0, 1, 1, 1]), k=2).lift
    1.0
    """
    rows = len(x_ND)
    size_C = np.bincount(class_N)
    if rows < 3 or (size_C > 0).sum() < 2:
        raise ValueError(f"agreement wants three rows of two classes, got {rows} rows of {(size_C > 0).sum()}")
    k = min(k, rows - 1)
    unit_ND = x_ND / np.maximum(np.linalg.norm(x_ND, axis=1, keepdims=True), 1e-12)
    share_N = np.empty(rows)
    for begin in range(0, rows, AT_ONCE):
        at = np.arange(begin, min(begin + AT_ONCE, rows))
        near_MN = unit_ND[at] @ unit_ND.T
        near_MN[np.arange(len(at)), at] = -np.inf
        found_MK = np.argpartition(-near_MN, k - 1, axis=1)[:, :k]
        share_N[at] = (class_N[found_MK] == class_N[at, None]).mean(1)
    chance = float((size_C * (size_C - 1.0)).sum() / (rows * (rows - 1.0)))
    share, spread = float(share_N.mean()), float(share_N.std(ddof=1) / np.sqrt(rows))
    return Agreement(share, chance, (share - chance) / (1 - chance), (share + 1.96 * spread - chance) / (1 - chance))
