"""How much one column tells of the target, measured on rows that it was not learnt from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.extras import need
from rung.core.rng import generator
from rung.core.types import Ints, Target, Task
from rung.data.copies import classes_of

FOLDS = 5
MOST = 5000  # rows looked at: intervals are narrow then
GLANCE = 1500  # rows of the first look
FEWEST = 40  # rows below which nothing can be said
LEAF = 3  # rows in which a value has to stand before it is believed
LEVELS = 1000  # values up to which a number may be a code
TIMES = 500  # resamples of an interval


@dataclass(frozen=True)
class Skill:
    """0 is chance, 1 is all of it: the way that one column goes alone. low, high: 95 % interval.

    Of classes: balanced accuracy, from 1 / C to 1. Of numbers: share of the variance of their ranks.
    """

    value: float
    low: float
    high: float


NONE = Skill(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Truth:
    """The target as skill is measured against it. y_N: class, or rank in [0, 1]; fold_N keeps units whole."""

    y_N: NDArray[np.float64]
    fold_N: Ints
    rows: Ints  # (N,) places in the pool
    classes: int  # 0: numbers

    @property
    def tells(self) -> bool:
        """Whether there is something to tell, and enough rows to see it."""
        return len(self.y_N) >= FEWEST and len(np.unique(self.y_N)) > 1


def truth_of(target: Target, cluster: Ints, *, seed: int, most: int = MOST) -> Truth:
    """Target and folds of at most `most` rows, the same for every column."""
    rows = np.arange(len(target))
    draw = generator(seed, "alone")
    if len(rows) > most:
        rows = np.sort(draw.choice(rows, most, replace=False))
    taken, unit = target.take(rows), np.unique(cluster[rows], return_inverse=True)[1].ravel()
    fold_U = draw.permutation(int(unit.max(initial=-1)) + 1) % FOLDS
    if target.task is Task.REGRESSION:
        _, place, count = np.unique(taken.value, return_inverse=True, return_counts=True)
        rank = (np.cumsum(count) - (count + 1) / 2)[place] / max(1, len(rows) - 1)
        return Truth(rank, fold_U[unit], rows, 0)
    labels = np.unique(classes_of(taken), return_inverse=True)[1].ravel()
    return Truth(labels.astype(np.float64), fold_U[unit], rows, int(labels.max(initial=-1)) + 1)


def skill(x_N: NDArray[np.float64], truth: Truth, *, code: bool, least: float = 0.0) -> Skill:
    """How far a column alone gets, out of fold, each unit's rows in one fold.

    x_N: numbers of the rows that `truth` looks at, not-a-number where missing. code: they name values and have no
    order. least: skill of interest; NONE below it. A value is guessed to be of the class that has it most often for its
    size; a number by a small tree.

    >>> target = Target(Task.BINARY, np.arange(200) % 2, ("no", "yes"))
    >>> truth = truth_of(target, np.arange(200), seed=0)
    >>> skill(1.0 - target.value, truth, code=True).value
    1.0
    >>> skill(np.arange(200) // 2 % 5.0, truth, code=True).value < 0.3
    True
    """
    if not truth.tells or len(np.unique(x_N[np.isfinite(x_N)])) < 1:
        return NONE
    ways = [_codes(x_N)] if code else [None, *([_codes(x_N)] if len(np.unique(x_N)) <= LEVELS else [])]
    best = NONE
    for codes in ways:
        if codes is None and least and _glance(x_N, truth) < least:
            continue
        said_N = _by_code(codes, truth) if codes is not None else _by_tree(x_N, truth)
        value = _score(said_N, truth.y_N, truth.classes)
        if value > max(best.value, least):
            best = _measured(said_N, truth, value)
    return best


def _codes(x_N: NDArray[np.float64]) -> Ints:
    return np.asarray(np.unique(x_N, return_inverse=True)[1].ravel(), np.int64)  # all nan are one value


def _by_code(x_N: Ints, truth: Truth) -> NDArray[np.float64]:
    """What the other folds' rows of the same value say; the middle, or the largest class, where they are few."""
    said_N, values = np.empty(len(x_N)), int(x_N.max(initial=0)) + 1
    for fold in range(FOLDS):
        judged = truth.fold_N == fold
        x, y = x_N[~judged], truth.y_N[~judged]
        seen_X = np.bincount(x, minlength=values)
        if truth.classes:
            size_C = np.bincount(y.astype(np.int64), minlength=truth.classes)
            table_XC = np.zeros((values, truth.classes))
            np.add.at(table_XC, (x, y.astype(np.int64)), 1.0)
            table_XC /= np.maximum(1, size_C)
            said_X = np.where(seen_X >= LEAF, table_XC.argmax(1), size_C.argmax())
        else:
            said_X = np.where(seen_X >= LEAF, np.bincount(x, y, minlength=values) / np.maximum(1, seen_X), y.mean())
        said_N[judged] = said_X[x_N[judged]]
    return said_N


def _tree(truth: Truth) -> Any:
    tree, usual = (
        need("sklearn.tree"),
        {"min_samples_leaf": LEAF, "random_state": 0},
    )  # loads slowly, few columns need it
    if truth.classes:
        return tree.DecisionTreeClassifier(max_leaf_nodes=4 * truth.classes + 8, class_weight="balanced", **usual)
    return tree.DecisionTreeRegressor(max_leaf_nodes=128, **usual)


def _by_tree(x_N: NDArray[np.float64], truth: Truth) -> NDArray[np.float64]:
    said_N, x_N1 = np.empty(len(x_N)), x_N[:, None].astype(np.float32)
    for fold in range(FOLDS):
        judged = truth.fold_N == fold
        if judged.any():
            tree = _tree(truth).fit(x_N1[~judged], truth.y_N[~judged])
            said_N[judged] = tree.predict(x_N1[judged])
    return said_N


def _glance(x_N: NDArray[np.float64], truth: Truth) -> float:
    """Skill on the very rows that a tree was grown on, some of them: no less than any that is out of fold."""
    some = np.linspace(0, len(x_N) - 1, min(GLANCE, len(x_N))).astype(np.int64)
    x_N1, few = x_N[some, None].astype(np.float32), Truth(truth.y_N[some], truth.fold_N[some], some, truth.classes)
    if len(np.unique(few.y_N)) < 2:
        return 1.0
    tree = _tree(few).fit(x_N1, few.y_N)
    return _score(tree.predict(x_N1), few.y_N, few.classes)


def _score(said_N: NDArray[np.float64], y_N: NDArray[np.float64], classes: int) -> float:
    if not classes:
        spread = float(np.square(y_N - y_N.mean()).sum())
        return 1.0 - float(np.square(y_N - said_N).sum()) / spread if spread else 0.0
    y = y_N.astype(np.int64)
    size_C = np.bincount(y, minlength=classes)
    there = size_C > 0
    recall = np.bincount(y, said_N == y_N, minlength=classes)[there] / size_C[there]
    chance = 1 / max(2, int(there.sum()))
    return (float(recall.mean()) - chance) / (1 - chance)


def _measured(said_N: NDArray[np.float64], truth: Truth, value: float) -> Skill:
    """With a percentile interval over resampled rows."""
    draw = generator(0, "alone", "interval")
    drawn = (draw.integers(len(said_N), size=len(said_N)) for _ in range(TIMES))
    value_B = [_score(said_N[rows], truth.y_N[rows], truth.classes) for rows in drawn]
    low, high = np.quantile(value_B, [0.025, 0.975])
    return Skill(value, float(low), float(high))
