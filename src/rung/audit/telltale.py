"""Columns that tell the target almost alone: they were often made after it, or of it."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.audit.alone import Skill, skill, truth_of
from rung.audit.base import check
from rung.core.audited import Audited
from rung.core.types import TABLE_FEATURES, Column, Finding, Role, Target, Task
from rung.data.copies import classes_of, codes, copies
from rung.data.inputs import cast
from rung.data.numbers import to_numbers

NEAR = 0.8  # skill, at the interval's lower end, that a column rarely has which was known before the target
NEAR_NUMBER = 0.97  # the same of a numeric target: sizes in one unit and another
ROWS = 100  # below which it may be luck


@check("telltale", "Columns that tell the target almost alone", says=("telltale", "telltale_length"))
def telltale(seen: Audited) -> Iterator[Finding]:
    """Each column alone, out of fold; copies that were told of already are left to them."""
    pool, target = seen.pool, seen.target
    truth = truth_of(target, pool.cluster, seed=seen.seed)
    if len(pool.row) < ROWS or not truth.tells:
        return
    least = NEAR_NUMBER if target.task is Task.REGRESSION else NEAR
    frame = pool.frame[truth.rows]
    for column in _not_copies(seen):
        series = cast(frame[column.name], column)
        code = column.role is Role.CATEGORY
        if code and series.n_unique() > len(series) / 2:
            continue
        found = skill(_numbers(series, code=code), truth, code=code, least=least)
        if found.low >= least:
            yield _finding(column, seen.target_name, how_far(found, target))
        elif code and _follows(series, target.take(truth.rows)):
            yield _finding(column, seen.target_name, "each class has one value of it")
    for name in seen.names(Role.TEXT):
        length = frame[name].cast(pl.String).fill_null("").str.len_chars()
        found = skill(_numbers(length, code=False), truth, code=False, least=least)
        if found.low >= least:
            what = f"the length of {name!r} alone tells {seen.target_name!r}: {how_far(found, target)}"
            effect = "A model may learn lengths, and fail where they mean nothing."
            fix = "Find out whether the texts of a class were cut or gathered in a way of their own."
            yield Finding("telltale_length", what, (), "note", fix, effect=effect, sure="likely")


def how_far(found: Skill, target: Target) -> str:
    """Skill in words.

    >>> how_far(Skill(0.951, 0.94, 0.96), Target(Task.BINARY, np.zeros(2), ("a", "b")))
    '95 % (94 to 96) of the way from chance to always right'
    """
    of = "of its ranks' variance" if target.task is Task.REGRESSION else "of the way from chance to always right"
    return f"{100 * found.value:.0f} % ({100 * found.low:.0f} to {100 * found.high:.0f}) {of}"


def _finding(column: Column, target: str, said: str) -> Finding:
    what = f"column {column.name!r} alone tells {target!r}: {said}"
    effect = "If it was made of the target, or after it, the score is flattered."
    fix = f"If it is not known before the target is, leave it out: --column {column.name}=ignore."
    return Finding("telltale", what, (), "warn", fix, effect=effect, sure="likely")


def _not_copies(seen: Audited) -> list[Column]:
    told = copies(seen.pool.frame, seen.columns, seen.target)
    return [column for column in seen.columns if column.role in TABLE_FEATURES and column.name not in told]


def _numbers(series: pl.Series, *, code: bool) -> NDArray[np.float64]:
    if code:
        return codes(series).astype(np.float64)
    return to_numbers(series).fill_null(np.nan).to_numpy().astype(np.float64)


def _follows(series: pl.Series, target: Target) -> bool:
    """Whether a column of fewer values than classes is a function of the class: kinds of classes, say."""
    if target.task is Task.REGRESSION:
        return False
    x_N, y_N = codes(series), classes_of(target)
    values = len(np.unique(x_N))
    pairs = len(np.unique(np.stack([x_N, y_N]), axis=1).T)
    each = np.unique(y_N, return_counts=True)[1]
    return bool(1 < values < len(each) and pairs == len(each) and each.min() >= 2)
