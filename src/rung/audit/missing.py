"""Missing values: how many, and whether they come with a class or on one side."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.audit.base import check, numbered, rows_of
from rung.audit.effects import counts, cramers_v, holm
from rung.core.audited import Audited
from rung.core.extras import need
from rung.core.types import FEATURES, TABLE_FEATURES, Column, Finding, Role, Task
from rung.data.copies import classes_of
from rung.data.inputs import cast

MANY = 0.2  # share of a table column from which it is said
CHANCE = 0.001
SMALL, LARGE = 0.2, 0.5  # Cramer's V, or the distance of two distributions
APART = 0.1  # difference of the shares of train and test
FEWEST = 10  # cells that are missing, and that are not


@check("missing", "Missing values, and what they come with", says=("missing_values", "missing_tells", "missing_shift"))
def missing(seen: Audited) -> Iterator[Finding]:
    """Table columns with many holes; columns whose holes come with a class; with one side of a given test."""
    holes = {
        column.name: _holes(seen.pool.frame[column.name], column) for column in seen.columns if column.role in FEATURES
    }
    for name in seen.names(*TABLE_FEATURES):
        rows = np.flatnonzero(holes[name])
        if MANY * len(holes[name]) <= len(rows) < len(holes[name]):
            what = f"{rows_of(len(rows))} ({100 * len(rows) / len(holes[name]):.0f} %) have no {name!r}"
            yield Finding("missing_values", what, numbered(seen.pool, rows), "note", "Fill it in where you can.")
    yield from _with_target(seen, holes)
    if seen.test_given:
        yield from _by_side(seen, holes)


def _with_target(seen: Audited, holes: dict[str, NDArray[np.bool_]]) -> Iterator[Finding]:
    named = [name for name, holes_N in holes.items() if FEWEST <= holes_N.sum() <= len(holes_N) - FEWEST]
    found = [_association(seen, holes[name]) for name in named]
    for name, (size, _, said), p in zip(named, found, holm([each[1] for each in found]), strict=True):
        if size < SMALL or p >= CHANCE:
            continue
        what = f"whether {name!r} is missing goes with {seen.target_name!r}: {said}"
        effect = "Models learn from holes. Where new rows are filled otherwise, the score is flattered."
        fix = f"Find out when {name!r} is filled. If that is after the target is known: --column {name}=ignore."
        if size >= LARGE:
            yield Finding("missing_tells", what, (), "warn", fix, effect=effect, sure="likely")
        else:
            yield Finding("missing_tells", what, (), "note", fix, effect=effect, sure="possible")


def _association(seen: Audited, holes_N: NDArray[np.bool_]) -> tuple[float, float, str]:
    """How strongly holes go with the target, the p-value, and that in words."""
    target = seen.target
    if target.task is Task.REGRESSION:
        gone, there = target.value[holes_N], target.value[~holes_N]
        test = need("scipy.stats").ks_2samp(gone, there, method="asymp")
        said = f"median {np.median(gone):.4g} where it is, {np.median(there):.4g} where not"
        return float(test.statistic), float(test.pvalue), f"{said} (KS {test.statistic:.2f})"
    label_N = classes_of(target)
    count_XY = counts(label_N, holes_N.astype(np.int64))
    v, p = cramers_v(count_XY)
    size_X = count_XY.sum(1)
    rate_X = np.where(size_X >= FEWEST, count_XY[:, 1] / np.maximum(1, size_X), np.nan)
    if not np.isfinite(rate_X).any():
        return 0.0, 1.0, ""
    low, high = int(np.nanargmin(rate_X)), int(np.nanargmax(rate_X))
    if not target.task.one_label:
        said = (
            f"in {100 * rate_X[high]:.0f} % of the rows with one set of labels, {100 * rate_X[low]:.0f} % with another"
        )
        return v, p, f"{said} (Cramer's V {v:.2f})"
    most, least = target.labels[high], target.labels[low]
    said = f"in {100 * rate_X[high]:.0f} % of {most!r}, {100 * rate_X[low]:.0f} % of {least!r}"
    return v, p, f"{said} (Cramer's V {v:.2f})"


def _by_side(seen: Audited, holes: dict[str, NDArray[np.bool_]]) -> Iterator[Finding]:
    found = []
    for column in seen.columns:
        if column.name not in holes or column.name not in seen.test.frame.columns:
            continue
        ours, theirs = holes[column.name], _holes(seen.test.frame[column.name], column)
        if min(len(ours), len(theirs)) >= FEWEST and abs(ours.mean() - theirs.mean()) >= APART:
            side = np.repeat([0, 1], [len(ours), len(theirs)])
            p = cramers_v(counts(np.concatenate([ours, theirs]).astype(np.int64), side))[1]
            found.append((column.name, ours.mean(), theirs.mean(), p))
    for (name, ours, theirs, _), p in zip(found, holm([each[3] for each in found]), strict=True):
        if p < CHANCE:
            what = (
                f"{name!r} is missing in {100 * ours:.0f} % of the rows that train and {100 * theirs:.0f} % of the test"
            )
            effect = "What is learnt of filled rows is asked of empty ones, or the other way about."
            fix = "Find out why, and fill both sides alike."
            yield Finding("missing_shift", what, (), "warn", fix, "test", effect=effect)


def _holes(series: pl.Series, column: Column) -> NDArray[np.bool_]:
    """(N,) whether a model sees nothing there."""
    if column.role in TABLE_FEATURES:
        return cast(series, column).is_null().to_numpy()
    gone = series.is_null()
    if series.dtype == pl.String and column.role is not Role.SERIES:
        gone = gone | (series.str.strip_chars() == "").fill_null(value=True)
    return gone.to_numpy()
