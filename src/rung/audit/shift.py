"""Test rows that are of another kind than those that train: column by column, in the target, in embeddings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.audit.base import check
from rung.audit.effects import counts, cramers_v, holm, stability, variation
from rung.core.audited import Audited
from rung.core.extras import need
from rung.core.types import TABLE_FEATURES, Column, Finding, Role, Task
from rung.data.copies import codes
from rung.data.inputs import cast
from rung.data.numbers import to_numbers

CHANCE = 0.001
FEWEST = 30  # known values on either side
SMALL, LARGE = 0.2, 0.4  # greatest distance of two distributions: of numbers, or total variation of categories
MOST_CODES = 50  # values of a category that are told apart; the others are one
Severity = Literal["warn", "note"]


@dataclass(frozen=True)
class Moved:
    """How far one column moved. size: the part of either side that is not where it was, 0 to 1."""

    name: str
    size: float
    p: float
    said: str


@check("shift", "Columns that differ between train and test", says=("column_shift",), needs=("test",))
def shift(seen: Audited) -> Iterator[Finding]:
    """Numbers by Kolmogorov and Smirnov's distance, categories by total variation, texts by their length."""
    moved = []
    for column in seen.columns:
        if column.name in seen.test.frame.columns and column.role in (*TABLE_FEATURES, Role.TEXT):
            ours, theirs = (part.frame[column.name] for part in (seen.pool, seen.test))
            found = _category(column, ours, theirs) if column.role is Role.CATEGORY else _number(column, ours, theirs)
            if found is not None:
                moved.append(found)
    for each, p in zip(moved, holm([one.p for one in moved]), strict=True):
        if p < CHANCE and each.size >= SMALL:
            yield _finding("column_shift", f"{each.name} differs between train and test: {each.said}", each.size)


@check(
    "label_shift", "Target that differs between train and test", says=("label_shift",), needs=("test", "test labels")
)
def label_shift(seen: Audited) -> Iterator[Finding]:
    """Shares of classes, or the distribution of a numeric target; labels that training does not know are left aside."""
    if seen.test_target is None:
        return
    ours, theirs = seen.target.value, seen.test_target.value
    if seen.target.task is Task.REGRESSION:
        found = _numbers(seen.target_name, ours, theirs)
    elif seen.target.task is Task.MULTILABEL:
        rate = ours.mean(0)[: seen.target.outputs], theirs.mean(0)[: seen.target.outputs]
        at = int(np.abs(rate[0] - rate[1]).argmax())
        found = _shares(seen.target_name, ours[:, at].astype(np.int64), theirs[:, at].astype(np.int64))
        found = found and replace(found, p=found.p * len(rate[0]))  # the largest of so many
    else:
        found = _shares(seen.target_name, ours, theirs[theirs >= 0])
    if found is not None and found.p < CHANCE and found.size >= SMALL / 2:
        what = f"{seen.target_name!r} is distributed differently in train and test: {found.said}"
        yield _finding("label_shift", what, found.size)


def _finding(name: str, what: str, size: float) -> Finding:
    effect = "The test is about other rows than training: its score does not say how well this data is learnt."
    fix = "Find out why. If new rows will be like the test, label more of those."
    severity: Severity = "warn" if size >= LARGE else "note"
    return Finding(name, what, (), severity, fix, "test", effect=effect)


def _number(column: Column, ours: pl.Series, theirs: pl.Series) -> Moved | None:
    name, sides = repr(column.name), []
    for series in (ours, theirs):
        if column.role is Role.TEXT:
            values = series.cast(pl.String).drop_nulls().str.len_chars().cast(pl.Float64)
        else:
            values = to_numbers(cast(series, column)).drop_nulls()
        sides.append(values.to_numpy())
    shown = _date if column.role is Role.DATETIME else _plain
    found = _numbers(f"the length of {name}" if column.role is Role.TEXT else f"column {name}", *sides, shown=shown)
    if found is not None and column.role is Role.DATETIME and sides[1].max() < sides[0].min():
        return replace(found, said=f"{found.said}; all of the test is older than what trains")
    return found


def _plain(value: float) -> str:
    return f"{value:.4g}"


def _date(seconds: float) -> str:
    """The day of a second since 1970."""
    return str(datetime.fromtimestamp(seconds, UTC).date())


def _numbers(
    name: str, ours: NDArray[np.float64], theirs: NDArray[np.float64], *, shown: Callable[[float], str] = _plain
) -> Moved | None:
    if min(len(ours), len(theirs)) < FEWEST:
        return None
    found = need("scipy.stats").ks_2samp(ours, theirs, method="asymp")
    middle = f"median {shown(float(np.median(ours)))} in train, {shown(float(np.median(theirs)))} in test"
    said = f"{middle}; distance {found.statistic:.2f} (KS), PSI {stability(ours, theirs):.2f}"
    return Moved(name, float(found.statistic), float(found.pvalue), said)


def _category(column: Column, ours: pl.Series, theirs: pl.Series) -> Moved | None:
    every = pl.concat([cast(ours, column), cast(theirs, column)])
    value_N = codes(every)
    most = np.argsort(-np.bincount(value_N + 1), kind="stable")[:MOST_CODES]
    place = np.full(int(value_N.max(initial=-1)) + 2, len(most), np.int64)
    place[most] = np.arange(len(most))
    value_N = place[value_N + 1]
    return _shares(f"column {column.name!r}", value_N[: len(ours)], value_N[len(ours) :])


def _shares(name: str, ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> Moved | None:
    if min(len(ours), len(theirs)) < FEWEST:
        return None
    side = np.repeat([0, 1], [len(ours), len(theirs)])
    count_XY = counts(np.concatenate([ours, theirs]), side)
    v, p = cramers_v(count_XY)
    size = variation(count_XY[:, 0], count_XY[:, 1])
    return Moved(name, size, p, f"{100 * size:.0f} % of the rows would have to change; Cramer's V {v:.2f}")
