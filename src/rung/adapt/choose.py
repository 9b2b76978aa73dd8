"""Choosing settings from rows that did not train them, so that no row's own label chooses its prediction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.bundle.temperature import apply_temperature
from rung.core.contracts import Job
from rung.core.rng import generator
from rung.core.types import Floats, Fold, Ints, Task
from rung.metrics.log_loss import log_loss

LossOf = Callable[[int], NDArray[np.float64]]  # of a candidate: (2, F)
TEMPERATURES = tuple(float(t) for t in np.geomspace(0.1, 10, 13))
LOOK = 512  # rows that tell which temperature suits a candidate
SURPRISE = 2.0  # over the root of the rows: points of the metric that a nat of log-loss is worth
TIE = 1e-4  # weight of the log-loss: decides between equals, never against a row more or less


@dataclass(frozen=True)
class Candidate:
    """One setting: what it is (JSON-ready), how complex its variant is, its predictions of each fold's held-out rows.

    held_out: one (n, C) array a fold, None for a fold on which a dear variant was not tried.
    """

    choice: dict[str, Any]
    complexity: int
    held_out: Sequence[Floats | None]


def scores(job: Job, candidates: Sequence[Candidate], folds: Sequence[Fold]) -> NDArray[np.float64]:
    """Metric of each candidate on each fold's held-out rows, (A, F): signed so that higher is better; NaN: untried.

    Candidates of equal metric (on few rows accuracy often ties) are told apart by their log-loss.
    """
    table = np.full((len(candidates), len(folds)), np.nan)
    for f, fold in enumerate(folds):
        for a, candidate in enumerate(candidates):
            said = candidate.held_out[f]
            if said is not None:
                table[a, f] = score(job, fold.validation, said)
    return table


def losses(job: Job, candidates: Sequence[Candidate], folds: Sequence[Fold], at: Sequence[int]) -> LossOf | None:
    """A function from a candidate's index to its log-loss on the held-out rows of the folds `at`; None for regression.

    (2, F), NaN where untried: as it speaks, and at the temperature that suits it on these folds. A heavily penalised
    head that ranks well says everything too softly, and as it speaks loses to one that knows less.
    Source: Guo et al. 2017, ICML, section 4.2.
    """
    if job.target.task is Task.REGRESSION:
        return None

    def of(a: int) -> NDArray[np.float64]:
        found = np.full((2, len(at)), np.nan)
        held_out = [candidates[a].held_out[f] for f in at]
        tried = [(i, said, folds[at[i]].validation) for i, said in enumerate(held_out) if said is not None]
        if tried:
            every, rows = (np.concatenate([each[part] for each in tried]) for part in (1, 2))
            suits = _suits(job, rows, every)
            for i, said, own in tried:
                found[:, i] = _loss(job, own, said, 1.0), _loss(job, own, said, suits)
        return found

    return of


def reads(candidates: Sequence[Candidate]) -> list[str]:
    """What each candidate reads of a row, in words that are equal where that is."""
    return [f"{each.choice.get('features')} of {each.choice.get('parts')}" for each in candidates]


def surprise(job: Job, rows: Ints, said: Floats) -> float:
    """Log-loss of predictions (n, C) of these pool rows at the temperature that suits them; 0 for regression."""
    return 0.0 if job.target.task is Task.REGRESSION else _loss(job, rows, said, _suits(job, rows, said))


def _suits(job: Job, rows: Ints, said: Floats) -> float:
    some = np.linspace(0, len(rows) - 1, min(len(rows), LOOK)).astype(np.int64)
    return min(TEMPERATURES, key=lambda temperature: _loss(job, rows[some], said[some], temperature))


def _loss(job: Job, rows: Ints, said: Floats, temperature: float) -> float:
    return float(log_loss(job.target.value[rows], apply_temperature(said, temperature, job.target.task)))


def score(job: Job, rows: Ints, said: Floats) -> float:
    """Metric of predictions (n, C) of these pool rows, higher is better; equals are told apart by their log-loss."""
    truth = job.target.value[rows]
    found = float(job.metric.sign * job.metric(truth, said))
    return found if job.target.task is Task.REGRESSION else found - TIE * float(log_loss(truth, said))


def finer(job: Job, rows: Ints, said: Floats) -> float:
    """`score`, less what the log-loss says: a nat counts as much as four standard errors of a share of so many rows.

    On few rows the metric can't tell models apart whose log-loss differs surely. Banking77, 500 rows: epochs that
    gained half a point lost to the start by chance, while log-loss fell from 0.31 to 0.24.
    """
    return score(job, rows, said) - SURPRISE / sqrt(len(rows)) * surprise(job, rows, said)


def pick(
    table_AF: NDArray[np.float64],
    complexity: Sequence[int],
    loss_of: LossOf | None = None,
    reads: Sequence[str] | None = None,
) -> int:
    """The best simple candidate, unless a more complex one gains more than one standard error over it.

    Within one complexity the best mean wins, the first of equals. Between complexities, in rising order, the
    challenger's mean gain over the folds that both were tried on must exceed its standard error; or it gains less, and
    its log-loss falls by more than a standard error: on few rows a share of right answers says little. Of two that read
    the same of a row (reads) it must not fall by tone alone; one that reads more may be surer for a reason.
    Source: the one-standard-error rule of Breiman et al. 1984, Classification and Regression Trees, section 3.4.3.

    >>> pick(np.array([[0.80, 0.82, 0.81], [0.80, 0.83, 0.81]]), [0, 1])
    0
    >>> pick(np.array([[0.80, 0.82, 0.81], [0.90, 0.93, 0.91]]), [0, 1])
    1
    >>> loss = np.array([[[0.5, 0.5, 0.5]] * 2, [[0.3, 0.2, 0.3]] * 2])
    >>> pick(np.array([[0.80, 0.82, 0.81], [0.80, 0.83, 0.81]]), [0, 1], loss.__getitem__)
    1
    """
    levels = np.asarray(complexity)
    chosen: int | None = None
    for level in sorted(set(complexity)):
        own = [a for a in np.flatnonzero(levels == level) if np.isfinite(table_AF[a]).any()]
        if not own:
            continue
        best = int(max(own, key=lambda a: (np.nanmean(table_AF[a]), -a)))
        if chosen is None:
            chosen = best
            continue
        gain, error = _mean(table_AF[best] - table_AF[chosen])
        sure = gain > max(error, 1e-9)
        if not sure and gain > 0 and loss_of is not None:
            (less, error), (tuned, _) = map(_mean, loss_of(chosen) - loss_of(best))
            alike = reads is not None and reads[chosen] == reads[best]
            sure = less > max(error, 1e-9) and (tuned > 0 or not alike)
        chosen = best if sure else chosen
    return 0 if chosen is None else chosen


def _mean(gain_F: NDArray[np.float64]) -> tuple[float, float]:
    """Over the folds that both were tried on, and its standard error."""
    gain = gain_F[np.isfinite(gain_F)]
    if not len(gain):
        return 0.0, np.inf
    return float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else np.inf


def inner_folds(job: Job, rows: Ints, k: int = 5) -> tuple[Fold, ...]:
    """K folds of `rows` (pool indices) that keep clusters whole and classes spread; seeded.

    Fewer folds when there are fewer clusters.
    """
    clusters, member = np.unique(job.plan.cluster[rows], return_inverse=True)
    order = generator(job.seed, "inner folds").permutation(len(clusters))
    stratum = np.zeros(len(clusters))
    if job.target.task.one_label:
        stratum[member] = job.target.value[rows]
    elif job.target.task is Task.REGRESSION:
        stratum[member] = np.argsort(np.argsort(job.target.value[rows])) * 10 // max(len(rows), 1)
    order = order[np.argsort(stratum[order], kind="stable")]
    k = max(2, min(k, len(clusters)))
    fold_of = np.empty(len(clusters), np.int64)
    fold_of[order] = np.arange(len(clusters)) % k
    of_row = fold_of[member]
    return tuple(Fold(rows[of_row != f], rows[of_row == f]) for f in range(k))
