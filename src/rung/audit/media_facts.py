"""Size, format, rate or length of files that tell the target: how they were made, not what they show."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.audit.alone import NONE, Skill, Truth, skill, truth_of
from rung.audit.base import check
from rung.audit.telltale import how_far
from rung.core.audited import Audited
from rung.core.errors import RungError
from rung.core.types import MEDIA, Finding, Role, Target, Task
from rung.data.album import items_of
from rung.data.copies import codes
from rung.data.media import File
from rung.data.series import Series

MADE = ("format", "colours", "size", "width", "height", "encoding", "rate", "channels")  # not by what is shown
MUCH, NEARLY = 0.5, 0.9  # skill at the interval's lower end: of what was made so, and of what content decides too
ONE = 0.8  # skill in telling one class from all others
MOST = 1000  # files opened
MOST_CLASSES = 30  # each is told from the others
ENOUGH = 20  # rows of such a class


@check("media_facts", "Files whose size or format tells the target", says=("media_made", "media_extent"))
def media_facts(seen: Audited) -> Iterator[Finding]:
    """The strongest fact of a column's files about how they were made, and about their extent."""
    pool, target = seen.pool, seen.target
    truth = truth_of(target, pool.cluster, seed=seen.seed, most=MOST)
    if not truth.tells:
        return
    for column in seen.columns:
        if column.role not in MEDIA:
            continue
        known = _facts(pool.frame[column.name][truth.rows], column.role)
        made = {name: x for name, x in known.items() if name in MADE}
        extent = {name: x for name, x in known.items() if name not in MADE}
        yield from _made(column.name, made, truth, seen)
        name, found = _best(extent, truth, NEARLY)
        if found.low >= NEARLY:
            what = f"the {name} of {column.name!r} alone tell {seen.target_name!r}: {how_far(found, target)}"
            effect = "A model may learn it, and fail where it means nothing."
            fix = "Find out whether the files of a class were cut or stored in a way of their own."
            yield Finding("media_extent", what, (), "note", fix, effect=effect, sure="likely")


def _made(column: str, made: dict[str, pl.Series], truth: Truth, seen: Audited) -> Iterator[Finding]:
    target = seen.target
    name, found = _best(made, truth, MUCH)
    effect = "A backbone sees how files were made (blur, edges, missing high tones): the score is flattered."
    fix = "Make all files alike before the labels are known, or gather each class from all sources."
    if found.low >= MUCH:
        what = f"the {name} of {column!r} alone tells {seen.target_name!r}: {how_far(found, target)}"
        yield Finding("media_made", what, (), "warn", fix, effect=effect, sure="likely")
        return
    if target.task is Task.REGRESSION or not 2 < truth.classes <= MOST_CLASSES:
        return
    for label in np.flatnonzero(np.bincount(truth.y_N.astype(np.int64)) >= ENOUGH):
        one = replace(truth, y_N=(truth.y_N == label).astype(np.float64), classes=2)
        name, found = _best({each: x for each, x in made.items() if x.dtype == pl.String}, one, ONE)
        if found.low >= ONE:
            said = _label(target, truth, int(label))
            what = f"the {name} of {column!r} tells whether a row is {said}: {how_far(found, target)}"
            yield Finding("media_made", what, (), "warn", fix, effect=effect, sure="likely")


def _label(target: Target, truth: Truth, code: int) -> str:
    row = truth.rows[np.flatnonzero(truth.y_N == code)[0]]
    return repr(target.labels[int(target.value[row])]) if target.task.one_label else "of one set of labels"


def _best(known: dict[str, pl.Series], truth: Truth, least: float) -> tuple[str, Skill]:
    best = "", NONE
    for name, series in known.items():
        if series.n_unique() < 2:
            continue
        code = series.dtype == pl.String
        found = skill(_numbers(series), truth, code=code, least=least)
        if found.low > best[1].low:
            best = name, found
    return best


def _numbers(series: pl.Series) -> NDArray[np.float64]:
    if series.dtype == pl.String:
        return codes(series).astype(np.float64)
    return series.fill_null(np.nan).to_numpy().astype(np.float64)


def _facts(series: pl.Series, role: Role) -> dict[str, pl.Series]:
    """What is known of each row's file, a series a fact; null where it can't be read."""
    rows = [_fact(item, role) for item in items_of(series, role)]
    names = sorted({name for row in rows for name in row})
    found = {}
    for name in names:
        values = [row.get(name) for row in rows]
        words = any(isinstance(value, str) for value in values)
        found[name] = pl.Series(name, values, dtype=pl.String if words else pl.Float64)
    return found


def _fact(item: File | Series | None, role: Role) -> dict[str, str | float]:
    if item is None:
        return {}
    try:
        if role is Role.SERIES:
            return {"steps": float(item.values().shape[1])}
        file = cast("File", item)
        return file.header() if role is Role.IMAGE else file.sound_header()
    except RungError:
        return {}
