"""What word counts will cost: a few rows are walked for real, at two sizes, and drawn out to all rows."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from rung.adapt.words import Words, counts_of, held_apart
from rung.core.contracts import Job
from rung.core.types import Fold, Inputs, Ints, Plan, silent

SIZES = (400, 1200)  # rows, where there are so many: what a fold costs whatever its rows is told from what a row costs
STRENGTHS = (0.3, 1.0)  # the middle of what is tried
GROWTH = 0.1  # power of the rows by which a row takes more: most sets were told too little in proportion


@dataclass(frozen=True)
class WordCost:
    """Seconds to cut all texts into terms; of one fold at one strength, at rest and a training row; numbers held."""

    cutting: float
    at_rest: float
    a_row: float
    numbers: int
    rows: int = SIZES[1] // 2  # of a fold, up to which that was measured

    def walk(self, folds: Sequence[Fold], settings: int, denser: float = 1.0) -> float:
        """Seconds of so many settings on each of these folds; denser: times as many numbers in a row."""
        return settings * sum(self.solve(denser * len(fold.train)) for fold in folds)

    def solve(self, rows: float) -> float:
        """Seconds of one setting on so many training rows."""
        return max(self.at_rest, 0.0) + self.a_row * rows * float(max(1.0, rows / self.rows) ** GROWTH)


_LAST: list[tuple[weakref.ref[Inputs], WordCost]] = []  # classic and frozen ask of the same texts, seconds apart


def measured(job: Job) -> WordCost:
    """What this machine takes for these texts, measured once for as long as these inputs live."""
    if not (_LAST and _LAST[0][0]() is job.inputs):
        _LAST[:] = [(weakref.ref(job.inputs, lambda _: _LAST.clear()), _measured(job))]
    return _LAST[0][1]


def _measured(job: Job) -> WordCost:
    n = len(job.target)
    order = np.random.default_rng(job.seed).permutation(n)
    with held_apart():
        _walk(job, order[: SIZES[0] // 10])  # what a first call loads is no part of the rate
        few = _walk(job, order[: min(SIZES[0], n // 2)])
        more = _walk(job, order[: SIZES[1]])
    cut_row = _slope((few.rows, few.cutting), (more.rows, more.cutting))
    a_row = _slope((few.rows // 2, few.fold), (more.rows // 2, more.fold))
    at_rest = more.fold - a_row * (more.rows // 2)
    cutting = more.cutting + cut_row * (n - more.rows)
    return WordCost(cutting, at_rest, a_row, more.numbers * n // more.rows, more.rows // 2)


@dataclass(frozen=True)
class _Point:
    """So many rows: seconds to cut them, seconds of a fold of half of them at one strength, numbers held."""

    rows: int
    cutting: float
    fold: float
    numbers: int


def _slope(first: tuple[int, float], second: tuple[int, float]) -> float:
    """Seconds that one more row takes, from two counts of rows."""
    return max((second[1] - first[1]) / (second[0] - first[0]), 0.0)


def _walk(job: Job, rows: Ints) -> _Point:
    """What these rows take."""
    rows = np.sort(rows)
    sample = replace(job, inputs=job.inputs.take(rows), target=job.target.take(rows), tell=silent, notebook=None)
    begun = perf_counter()
    held = sum(counts.nnz for counts, _ in counts_of(sample.inputs).values())
    cutting = perf_counter() - begun
    even, odd = np.arange(0, len(rows), 2), np.arange(1, len(rows), 2)
    plan = Plan("folds", (Fold(even, odd), Fold(odd, even)), np.arange(len(rows)))
    begun = perf_counter()
    found = Words(STRENGTHS).candidates(replace(sample, plan=plan), plan.folds)
    spent = perf_counter() - begun
    return _Point(len(rows), cutting, spent / (len(found) * len(plan.folds)), held)
