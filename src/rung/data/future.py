"""Columns that know the target of later rows: what nobody could know at a row's own time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.types import Column, Finding, Ints, Role
from rung.data.ahead import AHEAD, SURE, around, told
from rung.data.dates import instants
from rung.data.numbers import to_numbers
from rung.data.words import as_words

FEWEST = 60  # rows below which a match may be chance
MOST_CLASSES = 10  # each has a column of its own at each distance
MOST_VALUES = 3  # of a category, the commonest: each costs a fit of its own
MOST_STEPS = 8  # of a series, evenly spaced, first and last among them
COMES_BACK, SHORTEST = 0.9, 15  # distinct times a row, from which none comes back; rows a value of a panel has
HALF = 0.5  # the older rows alone are looked at: none of them is a test row


def future_columns(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    *,
    time: str,
    group: str | None = None,
    kept: Mapping[str, Role] | None = None,
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """The columns, those left out that are made of the targets of later rows, and a finding for each.

    Rows are ordered by `time`, within `group` where given, else within a column whose values have each time once. A
    number, a category as numbers of its values, or some steps of a series are such a column when the targets of the
    next rows explain most of it that its own row's and earlier rows' targets, and its own earlier values, don't: as a
    line (share of the residual sum of squares) or, of 150 rows and more, as any function that trees or ranks see
    (share of the error on rows held out; see rung.data.ahead). Lags and windows of the past are explained by the past
    and stay. kept: roles that the user named; such columns stay, and are still told of.
    """
    target = next(column for column in columns if column.role is Role.TARGET)
    order_N, within_N = _order(frame, time, group or _panel(frame, columns, time))
    truth_NC = _target(frame[target.name])
    if truth_NC is None or len(order_N) < FEWEST:
        return tuple(columns), ()
    truth_NC = truth_NC[order_N]
    near = around(truth_NC, within_N)
    left, found = [], []
    for column in columns:
        share = 0.0
        if column.role in (Role.NUMBER, Role.CATEGORY, Role.SERIES) and column.name != time:
            read = _steps if column.role is Role.SERIES else _numbers
            made = [x_N[order_N] for x_N in read(frame[column.name])]
            share = max((_explained(x_N, truth_NC, within_N) for x_N in made), default=0.0)
            if share < SURE:
                some = made if column.role is Role.SERIES else made[:MOST_VALUES]
                share = max((told(x_N, near) for x_N in some), default=0.0)
        if share < SURE:
            left.append(column)
            continue
        stays = column.name in (kept or {})
        what = f"column {column.name!r} follows from {target.name!r} of later rows by {time!r} ({share:.0%} of it)"
        fix = "Leave it out, or fill it with what was known then."
        if not stays:
            what += "; it is left out"
            fix = f"If it was known at that time, keep it with --column {column.name}={column.role}."
        found.append(Finding("future_column", what, (), "warn", fix))
        left.append(column if stays else replace(column, role=Role.IGNORE, why="made of later rows' targets"))
    return tuple(left), tuple(found)


def _panel(frame: pl.DataFrame, columns: Sequence[Column], time: str) -> str | None:
    """The column whose rows of one value have each time once, where times come back: shops by day, say."""
    when = pl.Series("when", instants(frame[time], time))
    if when.n_unique() > COMES_BACK * len(when):
        return None
    for column in columns:
        if column.role in (Role.CATEGORY, Role.ID, Role.GROUP, Role.NUMBER, Role.IGNORE) and column.name != time:
            words = as_words(frame[column.name]).alias("word")
            if 2 <= words.n_unique() <= len(words) // SHORTEST and words.null_count() == 0:
                pairs = pl.DataFrame([words, when])
                if pairs.n_unique() == len(pairs):
                    return column.name
    return None


def _order(frame: pl.DataFrame, time: str, group: str | None) -> tuple[Ints, Ints]:
    """The older half of the rows with a time, by group and time; the group of each."""
    when_N = instants(frame[time], time)
    group_N = np.zeros(len(frame), np.int64)
    if group is not None:
        words = as_words(frame[group])
        group_N = words.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    known = np.flatnonzero(when_N >= 0)
    if len(known):
        known = known[when_N[known] <= np.quantile(when_N[known], HALF)]
    order_N = known[np.lexsort((known, when_N[known], group_N[known]))]
    return order_N, group_N[order_N]


def _target(series: pl.Series) -> NDArray[np.float64] | None:
    """(N, C): the number, or a column a class; None where classes are too many, or it is neither."""
    if series.dtype.is_nested():
        return None
    numbers = to_numbers(series)
    if numbers.null_count() < 0.2 * len(series) and numbers.n_unique() > MOST_CLASSES:
        return numbers.to_numpy()[:, None].astype(np.float64)
    words = as_words(series)
    classes = words.drop_nulls().unique().sort().to_list()
    if not 2 <= len(classes) <= MOST_CLASSES:
        return None
    missing = words.is_null().to_numpy()
    found = np.stack([(words == name).fill_null(value=False).to_numpy() for name in classes[1:]], axis=1)
    return np.where(missing[:, None], np.nan, found.astype(np.float64))


def _numbers(series: pl.Series) -> list[NDArray[np.float64]]:
    numbers = to_numbers(series)
    if numbers.null_count() < len(series):
        return [numbers.to_numpy().astype(np.float64)]
    words = as_words(series).alias("word")  # a column may be named as the counts are
    some = words.drop_nulls().value_counts(name="n", sort=True)["word"][:MOST_CLASSES].to_list()
    return [(words == name).fill_null(value=False).to_numpy().astype(np.float64) for name in some]


def _steps(series: pl.Series) -> list[NDArray[np.float64]]:
    """Some steps of each channel of a series, as columns of numbers; none of what holds no lists."""
    if not isinstance(series.dtype, pl.List):
        return []
    if isinstance(series.dtype.inner, pl.List):
        channels = _longest(series)
        return [
            x_N for c in range(channels) for x_N in _steps(series.list.get(c, null_on_oob=True))[:: max(1, channels)]
        ]
    if not series.dtype.inner.is_numeric():
        return []
    at = np.unique(np.linspace(0, max(0, _longest(series) - 1), MOST_STEPS).astype(np.int64))
    return [series.list.get(int(k), null_on_oob=True).cast(pl.Float64).to_numpy().astype(np.float64) for k in at]


def _longest(series: pl.Series) -> int:
    return max(series.list.len().drop_nulls().to_list(), default=0)


def _explained(x_N: NDArray[np.float64], truth_NC: NDArray[np.float64], within_N: Ints) -> float:
    """Share of what own and earlier targets and x's own past leave of x that a line of later targets explains.

    0 where nothing is left. Its own past counts on one side alone: what moves slowly is better seen in the middle of
    fifteen noisy targets than at the end of eight, and yet is no leak.
    """
    n = len(x_N)
    rows = np.arange(AHEAD, n - AHEAD)
    rows = rows[(within_N[rows - AHEAD] == within_N[rows]) & (within_N[rows + AHEAD] == within_N[rows])]
    rows = rows[np.isfinite(x_N[rows])]
    shifts = [np.nan_to_num(truth_NC[rows + k]) for k in range(-AHEAD, AHEAD + 1)]
    past, future = np.concatenate(shifts[: AHEAD + 1], axis=1), np.concatenate(shifts[AHEAD + 1 :], axis=1)
    if len(rows) < FEWEST // 2 or len(rows) < 3 * (past.shape[1] + future.shape[1]):
        return 0.0
    lags = np.nan_to_num(x_N)[rows[:, None] - np.arange(1, AHEAD + 1)]
    before = min(_residual(x_N[rows], past), _residual(x_N[rows], np.concatenate([past, lags], axis=1)))
    after = _residual(x_N[rows], np.concatenate([past, future], axis=1))
    total = float(np.square(x_N[rows] - x_N[rows].mean()).sum())
    return 0.0 if before <= 1e-6 * max(total, 1e-12) else 1.0 - after / before


def _residual(x_N: NDArray[np.float64], by_ND: NDArray[np.float64]) -> float:
    design = np.concatenate([np.ones((len(by_ND), 1)), by_ND], axis=1)
    weight, *_ = np.linalg.lstsq(design, x_N, rcond=None)
    return float(np.square(x_N - design @ weight).sum())
