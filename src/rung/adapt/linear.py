"""Linear heads over any features: a path of strengths tried on folds, one strength fitted for good."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.adapt.choose import Candidate
from rung.adapt.loss import LossName
from rung.adapt.solver import LinearPath
from rung.bundle.heads import Features, LinearHead, Link, linked
from rung.core.contracts import Job
from rung.core.named import Named
from rung.core.types import Floats, Fold, Ints, Target, Task

MOST_STEPS = 40  # of the solver at one strength: what is left to gain then does not show in held-out scores
EXACT = 1e-4  # of the head that is kept
TOLERANCE = 1e-3  # while strengths are compared: held-out accuracy moves by less than 0.1 points
IMBALANCE = 1.5  # largest class over smallest from which class weights are tried
LOSS: dict[Task, LossName] = {
    Task.BINARY: "softmax",
    Task.MULTICLASS: "softmax",
    Task.MULTILABEL: "sigmoid",
    Task.REGRESSION: "squared",
}
LINK: dict[Task, Link] = {
    Task.BINARY: "softmax",
    Task.MULTICLASS: "softmax",
    Task.MULTILABEL: "sigmoid",
    Task.REGRESSION: "identity",
}


Groups = Callable[[], Iterator[tuple[Features, Sequence[int]]]]


@dataclass(frozen=True)
class Problem:
    """What F heads are solved for: features, values, the rows that train each, and their weights."""

    x: Features
    value: NDArray[Any]
    train_FN: NDArray[np.bool_]
    weight_FN: Floats | None

    def with_names(self, named: Named | None, weight: float) -> "Problem":
        """The names of the classes as rows more, which train every head; `weight` is all rows' of one class together.

        A class's name is a row that nobody had to label: of 8 rows a class of four emotions a head was right on 0.46
        of the test rows without and on 0.58 with a weight of 16.
        """
        if named is None or not weight:
            return self
        heads, more = len(self.train_FN), len(named.label)
        each = weight * len(np.unique(named.label)) / more
        weight_FN = np.ones(self.train_FN.shape, np.float32) if self.weight_FN is None else self.weight_FN
        return Problem(
            np.vstack([np.asarray(self.x), named.embed()]),
            np.concatenate([self.value, named.label]),
            np.hstack([self.train_FN, np.ones((heads, more), bool)]),
            np.hstack([weight_FN, np.full((heads, more), each, np.float32)]),
        )

    def path(self, target: Target, tolerance: float) -> LinearPath:
        """The solver of it."""
        outputs = target.outputs
        return LinearPath(self.x, self.value, LOSS[target.task], outputs, self.train_FN, self.weight_FN, tolerance)


def standard(target: Target, rows: Ints) -> tuple[float, float]:
    """Shift and spread of a regression target on training rows; (0, 1) for classes."""
    if target.task is not Task.REGRESSION:
        return 0.0, 1.0
    value = target.value[rows]
    return float(value.mean()), float(value.std()) or 1.0


def fit_value(target: Target, shift: float, spread: float) -> NDArray[Any]:
    """What the solver fits: class indices, label sets as floats, or standardised values (N, 1)."""
    if target.task.one_label:
        return target.value
    if target.task is Task.MULTILABEL:
        return target.value.astype(np.float32)
    return ((target.value - shift) / spread).astype(np.float32)[:, None]


def balance(target: Target, rows: Ints) -> Floats | None:
    """Row weights (N,) that make classes count alike on `rows`, mean 1; None where classes are about even.

    n / (C n_c): scikit-learn's "balanced" (King and Zeng 2001).
    """
    if not target.task.one_label:
        return None
    counts = np.bincount(target.value[rows], minlength=len(target.labels))
    present = counts[counts > 0]
    if present.max() < IMBALANCE * present.min():
        return None
    weight_C = len(rows) / (len(present) * np.maximum(counts, 1))
    return np.asarray(weight_C[target.value], dtype=np.float32)


def path(
    job: Job,
    folds: Sequence[Fold],
    groups: Groups,
    strengths: Sequence[float],
    extra: dict[str, Any],
    complexity: int = 0,
) -> list[Candidate]:
    """Candidates from strong to weak regularisation, then class weights (one more complex) at the best strength.

    groups: features of all pool rows with the folds that share them; folds of one group are solved together.
    The whole path is walked: a score may dip before it rises. extra goes into each choice.
    """
    plain = _over_groups(job, folds, groups, strengths, extra)
    found = [
        Candidate({**extra, "strength": strength, "class_weight": "none"}, complexity, said)
        for strength, said in sorted(plain.items())
    ]
    if all(balance(job.target, fold.train) is None for fold in folds):
        return found
    best = max(found, key=lambda candidate: _mean(job, folds, candidate.held_out)).choice["strength"]
    choice = {**extra, "strength": best, "class_weight": "balanced"}
    weighted = _over_groups(job, folds, groups, [best], choice)
    return [*found, Candidate(choice, complexity + 1, weighted[best])]


def held_out(job: Job, folds: Sequence[Fold], groups: Groups, choice: dict[str, Any]) -> list[Floats]:
    """Predictions of each fold's held-out rows at one choice, all folds of a group solved together."""
    strength = choice["strength"]
    return _over_groups(job, folds, groups, [strength], choice)[strength]


def _over_groups(
    job: Job, folds: Sequence[Fold], groups: Groups, strengths: Sequence[float], choice: Mapping[str, Any]
) -> dict[float, list[Floats]]:
    """Held-out predictions by strength, of the strengths that every group reached."""
    said: dict[float, dict[int, Floats]] = {}
    for x, members in groups():
        for strength, each in _walk(job, x, [folds[f] for f in members], strengths, choice):
            said.setdefault(strength, {}).update(zip(members, each, strict=True))
    return {
        strength: [by_fold[f] for f in range(len(folds))]
        for strength, by_fold in said.items()
        if len(by_fold) == len(folds)
    }


def _walk(
    job: Job, x: Features, folds: Sequence[Fold], strengths: Sequence[float], choice: Mapping[str, Any]
) -> Iterator[tuple[float, list[Floats]]]:
    target, n = job.target, len(job.target)
    train_FN = np.zeros((len(folds), n), bool)
    for f, fold in enumerate(folds):
        train_FN[f, fold.train] = True
    shift, spread = standard(target, np.flatnonzero(train_FN.any(0)))
    weight_FN = None
    if choice.get("class_weight") == "balanced":
        ones = np.ones(n, np.float32)
        weights = [balance(target, fold.train) for fold in folds]
        weight_FN = np.stack([ones if weight is None else weight for weight in weights])
    problem = Problem(x, fit_value(target, shift, spread), train_FN, weight_FN)
    solver = problem.with_names(job.named, choice.get("names", 0.0)).path(target, TOLERANCE)
    for strength in strengths:
        solution = solver.solve(strength / solver.scale**2, most=MOST_STEPS)
        said = []
        for f, fold in enumerate(folds):
            z = np.asarray(x[fold.validation] @ solution.weight_FDC[f]) + solution.bias_FC[f]
            said.append(linked(z, LINK[target.task]) * np.float32(spread) + np.float32(shift))
        yield strength, said


def _mean(job: Job, folds: Sequence[Fold], said: Sequence[Floats | None]) -> float:
    found = [
        job.metric.sign * job.metric(job.target.value[fold.validation], each)
        for fold, each in zip(folds, said, strict=True)
        if each is not None
    ]
    return float(np.nanmean(found))


def fit_linear(  # house: a problem, its settings, and what stands beside the rows
    target: Target, x: Features, choice: dict[str, Any], shift: float, spread: float, named: Named | None = None
) -> LinearHead:
    """One head on all rows of x and target, at the strength, class weight and weight of names of `choice`."""
    weight = balance(target, np.arange(len(target))) if choice.get("class_weight") == "balanced" else None
    every, weight_1N = np.ones((1, len(target)), bool), None if weight is None else weight[None]
    problem = Problem(x, fit_value(target, shift, spread), every, weight_1N)
    solver = problem.with_names(named, choice.get("names", 0.0)).path(target, EXACT)
    solution = solver.solve(choice["strength"] / solver.scale**2)
    return LinearHead(solution.weight_FDC[0], solution.bias_FC[0], LINK[target.task])
