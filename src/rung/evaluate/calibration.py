"""Temperature scaling that has to earn its place, and what calibration looks like bin by bin."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from rung.bundle.temperature import EPSILON, apply_temperature, logit
from rung.core.errors import BadOption
from rung.core.evidence import Calibration
from rung.core.rng import generator
from rung.core.types import Floats, Ints, Task
from rung.metrics.ece import BINS, bin_of
from rung.metrics.log_loss import log_loss

FOLDS = 5
COLDEST, HOTTEST = 0.05, 20.0


@dataclass(frozen=True)
class ReliabilityBin:
    """Cases of one range of confidence: what was promised, what came true, how many they are."""

    confidence: float
    accuracy: float
    count: int


def fit_temperature(probability: Floats, target: NDArray[Any]) -> float:
    """The temperature T in 0.05..20 at which softmax(log p / T) has the least log-loss.

    target: (N,) classes, rows with -1 left out; or (N, L) uint8: one T for sigmoid(logit p / T) of all labels.
    Source: Guo et al. 2017, ICML, section 4.2, eq. 9.

    >>> fit_temperature(np.array([[0.9, 0.1]] * 4, np.float32), np.array([0, 0, 0, 1])) > 1  # said 90 %, was 75 %
    True
    """
    loss = _multilabel_loss(probability, target) if target.ndim == 2 else _class_loss(probability, target)
    best = minimize_scalar(
        lambda log_t: loss(float(np.exp(log_t))),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(best.x))


def calibrate(
    prediction_RVC: Floats, target: NDArray[Any], task: Task, *, cluster: Ints | None = None, seed: int = 0
) -> Calibration:
    """Temperature from validation rows, kept only if it lowers the log-loss of rows that it was not fitted on.

    Five folds of whole clusters: each fold is scored at the temperature of the other four. log_loss_after is that
    cross-fitted loss; temperature is fitted on all rows when kept, else 1. Where every row was right, any temperature
    that makes sure surer would be best: one row more, of middling confidence and wrong, keeps chances near 1 / n.
    Source: Laplace's rule of succession; Platt 1999, section 2.2, for targets that are never quite sure.
    Raises BadOption for regression, which has conformal intervals instead.
    """
    if task is Task.REGRESSION:
        raise BadOption("calibrate", wanted="a task with probabilities", got=task, fix="See conformal.half_width.")
    repeats, _, outputs = prediction_RVC.shape
    probability = prediction_RVC.reshape(-1, outputs)
    truth = np.concatenate([target] * repeats)
    fold = np.tile(folds_of(len(target), cluster, seed), repeats)
    crossed = probability.copy()
    for k in range(FOLDS):
        judged = fold == k
        if judged.any() and not judged.all():
            temperature = fit_temperature(*_and_one_wrong(probability[~judged], truth[~judged]))
            crossed[judged] = apply_temperature(probability[judged], temperature, task)
    before, after = log_loss(truth, probability), log_loss(truth, crossed)
    kept = after < before
    return Calibration(fit_temperature(*_and_one_wrong(probability, truth)) if kept else 1.0, kept, before, after)


def suited(prediction: Floats, target: NDArray[Any], task: Task) -> Floats:
    """Predictions (R, V, C) or (V, C) at the temperature that suits them best on these very rows.

    For comparing, not for delivery: one number of many rows. Raises BadOption for regression.
    """
    if task is Task.REGRESSION:
        raise BadOption("suited", wanted="a task with probabilities", got=task, fix="See conformal.half_width.")
    flat = prediction.reshape(-1, prediction.shape[-1])
    truth = np.concatenate([target] * (len(flat) // len(target)))
    return apply_temperature(prediction, fit_temperature(*_and_one_wrong(flat, truth)), task)


def _and_one_wrong(probability: Floats, truth: NDArray[Any]) -> tuple[Floats, NDArray[Any]]:
    """The rows and one more, of the median confidence, whose label is the runner-up; label sets as they are."""
    if truth.ndim == 2 or not len(truth):
        return probability, truth
    middle = int(np.argsort(probability.max(axis=1), kind="stable")[len(truth) // 2])
    runner_up = int(np.argsort(-probability[middle], kind="stable")[1])
    return np.concatenate([probability, probability[[middle]]]), np.append(truth, runner_up)


def folds_of(n: int, cluster: Ints | None, seed: int) -> Ints:
    """Fold 0..FOLDS-1 of each row; rows of a cluster share theirs.

    >>> fold = folds_of(4, np.array([3, 3, 5, 5]), 0)
    >>> bool(fold[0] == fold[1]), bool(fold[1] == fold[2])
    (True, False)
    """
    ids, unit = np.unique(np.arange(n) if cluster is None else cluster, return_inverse=True)
    fold_U = generator(seed, "calibration").permutation(len(ids)) % FOLDS
    result: Ints = fold_U[unit]
    return result


def reliability(probability: Floats, target: NDArray[Any], bins: int = 10) -> tuple[ReliabilityBin, ...]:
    """Mean confidence, share right and count in each equal-width bin of confidence that has cases.

    The case is a row and its top class; for multilabel (N, L) a row-label pair and the label's probability.
    Source: DeGroot and Fienberg 1983, The Statistician 32; Guo et al. 2017, section 2.

    >>> reliability(np.array([[0.8, 0.2], [0.4, 0.6]], np.float32), np.array([0, 0]))[0]
    ReliabilityBin(confidence=0.6..., accuracy=0.0, count=1)
    """
    confidence, right = cases(probability, target)
    bin_N = bin_of(confidence, bins)
    count = np.bincount(bin_N, minlength=bins)
    promised = np.bincount(bin_N, confidence, minlength=bins)
    came_true = np.bincount(bin_N, right, minlength=bins)
    return tuple(
        ReliabilityBin(float(promised[k] / count[k]), float(came_true[k] / count[k]), int(count[k]))
        for k in np.flatnonzero(count)
    )


def cases(probability: Floats, target: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Confidence and outcome (1 right, 0 wrong) of each case that calibration is about, flat."""
    if target.ndim == 2:
        return probability.astype(np.float64).ravel(), (target > 0).astype(np.float64).ravel()
    right = probability.argmax(axis=1) == target
    return probability.max(axis=1).astype(np.float64), right.astype(np.float64)


def noise(probability: Floats, task: Task, *, seed: int = 0, times: int = 200) -> float:
    """The ECE that perfectly calibrated probabilities like these stay under in 95 % of draws of so many rows.

    ECE is above 0 even then, because bins hold few rows; an ECE below this is no evidence of a fault.
    Source: consistency resampling, Bröcker and Smith 2007, Weather and Forecasting 22(3), section 3.

    >>> few, many = (np.tile(np.float32([0.7, 0.3]), (n, 1)) for n in (20, 2000))
    >>> noise(few, Task.BINARY) > noise(many, Task.BINARY)
    True
    """
    flat = probability if task is Task.MULTILABEL else probability.max(axis=1)
    confidence = flat.astype(np.float64).ravel()
    bin_N = bin_of(confidence, BINS)
    draw = generator(seed, "calibration noise")
    drawn = [
        np.abs(np.bincount(bin_N, (draw.random(len(confidence)) < confidence) - confidence, minlength=BINS)).sum()
        for _ in range(times)
    ]
    return float(np.quantile(drawn, 0.95) / len(confidence))


def _class_loss(probability: Floats, target: NDArray[Any]) -> Any:
    known = target >= 0
    log_p = np.log(np.maximum(probability[known], EPSILON), dtype=np.float32)
    log_p -= log_p.max(axis=1, keepdims=True)
    truth = log_p[np.arange(len(log_p)), target[known]].astype(np.float64)

    def loss(temperature: float) -> float:
        mass = np.exp(log_p / np.float32(temperature)).sum(axis=1, dtype=np.float64)
        return float((np.log(mass) - truth / temperature).mean())

    return loss


def _multilabel_loss(probability: Floats, target: NDArray[Any]) -> Any:
    signed = np.where(target > 0, -1.0, 1.0) * logit(probability)

    def loss(temperature: float) -> float:
        return float(np.logaddexp(0.0, signed / temperature).mean())

    return loss
