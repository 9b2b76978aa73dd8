"""Class means as a head: nothing is solved, so that a few rows a class give an answer."""

import numpy as np

from rung.bundle.heads import LinearHead
from rung.core.types import Floats, Ints, Target

SHARPNESS = (3.0, 10.0, 30.0)  # what cosines are multiplied by before the softmax
MOST = 20  # rows a class; beyond, a solved head has always been better


def worth_trying(target: Target, rows: int) -> bool:
    """Whether there are classes, and few rows of each."""
    return target.task.one_label and rows <= MOST * target.outputs


def fit_prototypes(target: Target, x_ND: Floats, sharpness: float) -> LinearHead:
    """A head that scores sharpness * (x - m) . p_c / (|p_c| s) for class c before a softmax.

    m: the mean row; s: the mean length of x - m; p_c: the mean of the rows of c, each x - m of unit length. A class
    without rows is never predicted.
    Source: Snell et al. 2017, Prototypical Networks for Few-shot Learning, section 2.3; Wang et al. 2019, SimpleShot,
    for centring.

    >>> from rung.core.types import Task
    >>> target = Target(Task.BINARY, np.array([0, 1]), ("a", "b"))
    >>> head = fit_prototypes(target, np.array([[0.0, 1.0], [1.0, 0.0]], np.float32), 10.0)
    >>> int(head(np.array([[0.1, 0.8]])).argmax())
    0
    """
    centre_D = x_ND.mean(0)
    centred_ND = x_ND - centre_D
    length_N1 = np.linalg.norm(centred_ND, axis=1, keepdims=True)
    unit_ND = centred_ND / np.maximum(length_N1, 1e-12)
    rows_of: list[Ints] = [np.flatnonzero(target.value == c) for c in range(target.outputs)]
    mean_CD = np.stack([unit_ND[rows].mean(0) if len(rows) else np.zeros_like(centre_D) for rows in rows_of])
    mean_CD /= np.maximum(np.linalg.norm(mean_CD, axis=1, keepdims=True), 1e-12)
    weight_DC = (sharpness / max(float(length_N1.mean()), 1e-12)) * mean_CD.T
    absent_C = np.array([0.0 if len(rows) else -1e4 for rows in rows_of])
    return LinearHead(weight_DC.astype(np.float32), (absent_C - centre_D @ weight_DC).astype(np.float32), "softmax")
