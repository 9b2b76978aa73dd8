"""Rows or ids whose order carries the target: class after class, batch after batch."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.audit.alone import skill, truth_of
from rung.audit.base import check
from rung.audit.telltale import how_far
from rung.core.audited import Audited
from rung.core.types import MEDIA, TABLE_FEATURES, Finding, Role
from rung.data.numbers import to_numbers

MUCH = 0.5  # skill, at the interval's lower end, of a row's place alone
DIGITS = r"([0-9]+)[^0-9]*$"
ROWS = 100


@check("order", "Order of rows or ids that carries the target", says=("telltale_order",))
def order(seen: Audited) -> Iterator[Finding]:
    """Numbers that only count rows and are learnt from; else ids, and the order of the file itself."""
    pool = seen.pool
    truth = truth_of(seen.target, pool.cluster, seed=seen.seed)
    if len(pool.row) < ROWS or not truth.tells:
        return
    told = False
    for name, used in _counters(seen):
        found = skill(_counted(pool.frame[name])[truth.rows], truth, code=False, least=MUCH)
        if found.low >= MUCH:
            told = True
            what = f"the order of {name!r} tells {seen.target_name!r}: {how_far(found, seen.target)}"
            fix = f"Leave it out: --column {name}=ignore." if used else ""
            effect = "New rows come behind all these: the score is flattered." if used else NONE
            yield Finding("telltale_order", what, (), "warn" if used else "note", fix, effect=effect, sure="likely")
    if told or seen.names(*MEDIA):  # files are listed folder by folder
        return
    found = skill(pool.row[truth.rows].astype(np.float64), truth, code=False, least=MUCH)
    if found.low >= MUCH:
        what = f"the order of the rows tells {seen.target_name!r}: {how_far(found, seen.target)}"
        yield Finding("telltale_order", what, (), "note", "", effect=NONE, sure="likely")


NONE = "A split by content, as Rung's own, does not mind. A head or tail of the file is no sample of it."


def _counters(seen: Audited) -> list[tuple[str, bool]]:
    """Columns that are different in each row and, as numbers, only count; whether a model would learn from them."""
    found = []
    for column in seen.columns:
        used = column.role in TABLE_FEATURES
        if column.role is not Role.ID and not (used and column.role is Role.NUMBER):
            continue
        x_N = _counted(seen.pool.frame[column.name])
        whole = np.isfinite(x_N).all() and bool((x_N == np.round(x_N)).all()) and len(np.unique(x_N)) == len(x_N)
        if whole and (not used or bool((np.diff(x_N[np.argsort(seen.pool.row)]) > 0).all())):
            found.append((column.name, used))
    return found


def _counted(series: pl.Series) -> NDArray[np.float64]:
    """(N,) the number at the end of each id."""
    if series.dtype == pl.String:
        series = series.str.extract(DIGITS).cast(pl.Float64, strict=False)
    return to_numbers(series).fill_null(np.nan).to_numpy().astype(np.float64)
