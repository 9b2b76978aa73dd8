"""Linear models on sparse rows: support vectors for classes, ridge for numbers, margins made probabilities."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax
from sklearn.linear_model import Ridge
from sklearn.svm import LinearSVC

from rung.adapt.linear import LINK
from rung.bundle.heads import LinearHead
from rung.core.types import Floats, Target, Task

STEEPEST = 8.0  # log of the slope: beyond, smoothed truths no longer ask for more
Margins = NDArray[np.float64]  # (n, C): how far on a class's side; (n, 1) standardised values for regression


def fit_margins(
    target: Target, x: Any, strength: float, *, weighted: bool, shift: float, spread: float, tolerance: float
) -> LinearHead:
    """One linear head on sparse x (N, D): squared-hinge support vectors a class, or ridge; margins, not probabilities.

    strength: C of the support vectors, 1 / alpha of ridge. tolerance: of their solver.
    A class without rows gets the margin of "surely not".
    Source: Fan et al. 2008 (LIBLINEAR); Joachims 1998 for support vectors on words.
    """
    if target.task is Task.REGRESSION:
        model = Ridge(1 / strength, solver="sparse_cg", tol=1e-4).fit(x, (target.value - shift) / spread)
        return LinearHead(_column(model.coef_), np.array([model.intercept_], np.float32), "identity")
    weight, bias = np.zeros((x.shape[1], target.outputs), np.float32), np.full(target.outputs, -2.0, np.float32)
    if target.task is Task.MULTILABEL:
        for c in range(target.outputs):
            truth = target.value[:, c]
            if truth.min() == truth.max():
                bias[c] = 2.0 if truth[0] else -2.0
            else:
                weight[:, c], bias[c] = _supported(x, truth, strength, tolerance, weighted=weighted)
        return LinearHead(weight, bias, "identity")
    present = np.unique(target.value)
    if len(present) > 1:
        coefficients, intercepts = _supported(x, target.value, strength, tolerance, weighted=weighted)
        places = present if len(present) > 2 else present[1:]
        weight[:, places], bias[places] = coefficients, intercepts
        if len(present) == 2:
            weight[:, present[0]], bias[present[0]] = -coefficients[:, 0], -intercepts[0]
    if target.task is Task.BINARY:
        weight[:, 0], bias[0] = 0.0, 0.0  # the positive side's margin says it all
    return LinearHead(weight, bias, "identity")


def _supported(x: Any, truth: NDArray[Any], strength: float, tolerance: float, *, weighted: bool) -> tuple[Any, Any]:
    """Weights (D, K) and biases (K,) of one-vs-rest support vectors; (D,) and a number for a label of its own."""
    model = LinearSVC(C=strength, tol=tolerance, random_state=0, class_weight="balanced" if weighted else None)
    with warnings.catch_warnings():  # that few rows of many classes look like numbers: they are classes
        warnings.filterwarnings("ignore", message="The number of unique classes")
        model.fit(x, truth)
    if truth.dtype == np.uint8:
        return model.coef_[0], float(model.intercept_[0])
    return model.coef_.T, model.intercept_


def slope(target: Target, margins: Sequence[Margins], truths: Sequence[NDArray[Any]]) -> tuple[float, float]:
    """The (a, b) with which a margin m becomes the logit a m + b: least log-loss on held-out rows.

    b shifts the positive side of binary and of label sets; softmax over classes needs none. (1, 0) for regression.
    Rows of two sides that margins tell apart would ask for an endless slope: their truths are drawn a little towards
    each other, as if one more row of either had been seen. Source: Platt 1999, section 2.2 for those targets.
    """
    if target.task is Task.REGRESSION:
        return 1.0, 0.0
    m, y = np.concatenate(list(margins)), np.concatenate(list(truths))
    if target.task is Task.MULTICLASS:

        def spread_out(log_a: float) -> float:
            return float(-log_softmax(np.exp(log_a) * m, axis=1)[np.arange(len(y)), y].mean())

        found = minimize_scalar(spread_out, bounds=(-3, 4), method="bounded", options={"xatol": 1e-3})
        return float(np.exp(found.x)), 0.0
    side = m[:, 1] if target.task is Task.BINARY else m
    yes = float(y.sum())
    soft = np.where(y > 0, (yes + 1) / (yes + 2), 1 / (y.size - yes + 2))

    # in units of the margins around their middle, so that a threshold far from zero is found as fast as one near
    middle = float(np.mean([side[y > 0].mean(), side[y == 0].mean()])) if 0 < yes < y.size else 0.0
    unit = float(side.std()) or 1.0
    u = (side - middle) / unit

    def loss(ab: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = ab[0] * u + ab[1]
        rest = expit(z) - soft
        return float((np.logaddexp(0, z) - soft * z).mean()), np.array([(rest * u).mean(), rest.mean()])

    ends = (np.exp(-3) * unit, np.exp(STEEPEST) * unit)
    found = minimize(
        loss, [np.clip(1.0, *ends), 0.0], jac=True, method="L-BFGS-B", bounds=[ends, (None, None)],
        options={"ftol": 1e-12, "gtol": 1e-8, "maxiter": 300},
    )  # fmt: skip
    a, b = (float(each) for each in found.x / (unit, 1.0))
    return a, b - a * middle


def sloped(target: Target, margins: Margins, ab: tuple[float, float]) -> Floats:
    """Margins (n, C) as probabilities, or as they are for regression."""
    a, b = ab
    if target.task is Task.REGRESSION:
        return margins.astype(np.float32)
    if target.task is Task.MULTICLASS:
        return np.asarray(np.exp(log_softmax(a * margins, axis=1)), dtype=np.float32)
    if target.task is Task.BINARY:
        yes = expit(a * margins[:, 1] + b)
        return np.stack([1 - yes, yes], axis=1).astype(np.float32)
    return np.asarray(expit(a * margins + b), dtype=np.float32)


def with_slope(target: Target, head: LinearHead, ab: tuple[float, float]) -> LinearHead:
    """The same head answering with probabilities."""
    if target.task is Task.REGRESSION:
        return head
    a, b = np.float32(ab[0]), np.float32(ab[1])
    bias = a * head.bias
    if target.task is Task.BINARY:
        bias = bias + np.array([0, b], np.float32)
    elif target.task is Task.MULTILABEL:
        bias = bias + b
    return LinearHead(a * head.weight, bias.astype(np.float32), LINK[target.task])


def _column(weight: NDArray[Any]) -> Floats:
    return np.asarray(weight, dtype=np.float32).reshape(-1, 1)
