"""How much of a column any function of later rows' targets tells, judged on rows that did not teach it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from rung.core.extras import need
from rung.core.types import Ints

AHEAD = 7  # later rows whose targets a column is compared with, and as many earlier ones
NEAREST = (2, 3, 5, AHEAD)  # so many rows a window
FEWEST = 150  # rows below which trees see what is not there
MOST = 2000  # rows, evenly thinned: more only cost time
BLOCK = 8 * AHEAD  # rows in a stretch that is held out whole, where there are enough of them
STRETCHES = 6  # at least, of either fold half: a level that wanders is then known to both
SURE = 0.75  # share of what else leaves open that later targets have to tell, in either fold
CLEAR = 6.0  # gain in its own standard errors: a few rows on which one of two good fits fails are no proof
ROUGH = 0.02  # share of x below which what one fit by trees leaves and another doesn't is a matter of single rows
FEW_VALUES = 10  # with no more there is nothing to rank
ROUNDS = 40
TREES = {
    "num_leaves": 15,
    "min_data_in_leaf": 8,
    "learning_rate": 0.2,
    "max_bin": 127,
    "force_col_wise": True,
    "deterministic": True,
    "num_threads": 1,
    "seed": 0,
    "verbose": -1,
}
Table = NDArray[np.float64]


@dataclass(frozen=True)
class Around:
    """What stands around the n rows that are looked at, as (n, D): own and earlier targets, and later ones.

    Each holds the targets themselves, less the row's own, and what is commonly made of the nearest: order statistics,
    means, deviations, the share that exceeds the row's own.
    """

    row: Ints
    past: Table
    future: Table


def around(truth_NC: Table, within_N: Ints) -> Around:
    """The surroundings of each row of an ordered table that has AHEAD rows of its group on either side.

    truth_NC: the target, or a column a class; NaN counts as 0.

    >>> around(np.arange(400.0)[:, None], np.zeros(400, np.int64)).row[[0, -1]].tolist()
    [7, 392]
    """
    row = np.arange(AHEAD, len(truth_NC) - AHEAD)
    row = row[(within_N[row - AHEAD] == within_N[row]) & (within_N[row + AHEAD] == within_N[row])]
    row = row[np.linspace(0, len(row) - 1, min(MOST, len(row))).astype(np.int64)]
    past, future = [], []
    for truth in np.nan_to_num(truth_NC).T:
        beside = truth[row[:, None] + np.arange(-AHEAD, AHEAD + 1)]
        own = truth[row][:, None]
        past += [own, *_shapes(beside[:, AHEAD - 1 :: -1], own)]
        future += _shapes(beside[:, AHEAD + 1 :], own)
    return Around(row, np.concatenate(past, axis=1), np.concatenate(future, axis=1))


def _shapes(beside_NK: Table, own_N1: Table) -> list[Table]:
    step = beside_NK - own_N1
    means = [beside_NK[:, :k].mean(axis=1, keepdims=True) for k in NEAREST]
    if np.isin(beside_NK, (0.0, 1.0)).all():  # of a class: whether it comes, and how often, says all
        return [beside_NK, *means]
    made = [beside_NK, step, *means]
    for k in NEAREST:
        ordered = np.sort(beside_NK[:, :k], axis=1)
        above = (step[:, :k] > 0).mean(axis=1, keepdims=True)
        made += [ordered, ordered[:, [0, -1]] - own_N1, ordered.std(axis=1, keepdims=True), above]
    return made


def told(x_N: Table, near: Around) -> float:
    """Share of what own and earlier targets and x's own past leave of x that later targets tell; 0 where unsure.

    x is predicted in one half of the stretches of time by the other: by lines and boosted trees, and by lines between
    ranks, which see through any scale. What later targets tell has to hold in either half and on many rows, against
    the best of the fits without them, which also know x itself up to the row before: seasons, trends and all that
    wanders slowly are known from there, lags and windows of the past from the earlier targets.

    >>> draw = np.random.default_rng(0)
    >>> y = draw.normal(size=400)
    >>> near = around(y[:, None], np.zeros(400, np.int64))
    >>> highest = np.array([y[i + 1 : i + 8].max() if i < 392 else np.nan for i in range(400)])
    >>> round(told(highest**3, near), 2), told(np.roll(y, 1) ** 2, near)
    (1.0, 0.0)
    """
    known = np.isfinite(x_N[near.row])
    if known.sum() < FEWEST:
        return 0.0
    row, past = near.row[known], near.past[known]
    x, lags = x_N[row], np.nan_to_num(x_N)[row[:, None] - np.arange(1, AHEAD + 1)]
    tables = past, np.concatenate([past, lags], axis=1), np.concatenate([past, near.future[known]], axis=1)
    block = int(np.clip((row[-1] - row[0]) // (2 * STRETCHES), AHEAD, BLOCK))
    fold = (row // block) % 2
    share = _share(x, tables, fold, trees=True)
    if share == 0 and len(np.unique(x)) > FEW_VALUES:
        share = _share(_ranks(x), tuple(map(_ranks, tables)), fold, trees=False)
    return share


def _share(x_N: Table, tables: tuple[Table, ...], fold_N: Ints, *, trees: bool) -> float:
    """Share of the least error without later targets that the least error with them saves, in the worse half.

    tables: past targets; these and x's own past; these and later targets. The fits that cost most come last, and only
    where they may still decide.
    """
    past, base, full = tables
    spread = np.square(x_N - x_N.mean())
    left = _least(fold_N, spread, _lines(x_N, past, fold_N), _lines(x_N, base, fold_N))
    if left.sum() <= 1e-6 * spread.sum():
        return 0.0
    after = _lines(x_N, full, fold_N)
    if trees and left.sum() > ROUGH * spread.sum():
        after = min(after, _trees(x_N, full, fold_N), key=np.sum)
    if after.sum() > (1 - SURE) * left.sum():
        return 0.0
    left = _least(fold_N, left, _trees(x_N, base, fold_N))
    gain = left - after
    share = min(1 - after[fold_N == f].sum() / max(left[fold_N == f].sum(), 1e-300) for f in (0, 1))
    clear = gain.sum() > CLEAR * np.sqrt(np.square(gain).sum())
    return float(share) if clear and share >= SURE else 0.0


def _least(fold_N: Ints, *wrong: Table) -> Table:
    """In either half the errors of the fit that is best there."""
    found: Table = sum(min((each * (fold_N == f) for each in wrong), key=np.sum) for f in (0, 1))
    return found


def _ranks(table: Table) -> Table:
    ranked: Table = rankdata(table, axis=0) / len(table)
    return ranked


def _lines(x_N: Table, by_ND: Table, fold_N: Ints) -> Table:
    """Squared error of each row under least squares on the other half."""
    scaled = (by_ND - by_ND.mean(axis=0)) / (by_ND.std(axis=0) + 1e-9)
    design = np.concatenate([np.ones((len(x_N), 1)), scaled], axis=1)
    ridge = 1e-6 * len(x_N) * np.eye(design.shape[1])  # windows are sums of each other
    wrong = np.empty(len(x_N))
    for f in (0, 1):
        known, asked = design[fold_N != f], design[fold_N == f]
        weight = np.linalg.solve(known.T @ known + ridge, known.T @ x_N[fold_N != f])
        wrong[fold_N == f] = np.square(x_N[fold_N == f] - asked @ weight)
    return wrong


def _trees(x_N: Table, by_ND: Table, fold_N: Ints) -> Table:
    """Squared error of each row under boosted trees of the other half."""
    lightgbm: Any = need("lightgbm")
    wrong = np.empty(len(x_N))
    for f in (0, 1):
        model = lightgbm.train(TREES, lightgbm.Dataset(by_ND[fold_N != f], x_N[fold_N != f]), ROUNDS)
        wrong[fold_N == f] = np.square(x_N[fold_N == f] - model.predict(by_ND[fold_N == f]))
    return wrong
