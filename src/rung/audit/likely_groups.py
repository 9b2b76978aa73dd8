"""Columns that look like groups, while no group was named: users, patients, sources, sessions."""

import re
from collections.abc import Iterator
from typing import Literal

import numpy as np
import polars as pl

from rung.audit.alike import Alike, agreeing, nearest
from rung.audit.base import check, numbered, rows_of
from rung.core.audited import Audited, Part
from rung.core.rng import generator
from rung.core.types import Column, Finding, Floats, Ints, Role, Target, Task
from rung.data.copies import COPIED, classes_of, codes
from rung.data.inputs import cast
from rung.data.numbers import to_numbers
from rung.data.strata import row_strata
from rung.data.words import as_words

NAMED = re.compile(
    r"(^|[^a-z])(user|patient|source|session|speaker|author|subject|person|customer|client|device|site|hospital|host"
    r"|owner|account|household|family|doctor|student|pupil|school|store|shop|machine|batch|participant|respondent|rater"
    r"|annotator|writer|reader|reviewer|drawer|signer|singer|artist|album|movie|book|document|article|thread"
    r"|conversation|dialog|dialogue|video|recording|group|cluster)s?(_?(id|ids|no|nr|name|key|code|number))?$",
    re.IGNORECASE,
)
Sure = Literal["certain", "likely", "possible"]
FEWEST = 5  # values
ROWS = 50  # known rows
KNOWN = 0.8  # share of them that have a value
MORE = 0.2  # of the way from chance to all rows, from which rows of a value are alike
MOST = 2000  # rows compared with each other
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@check("likely_groups", "Columns that look like groups", says=("likely_group",))
def likely_groups(seen: Audited) -> Iterator[Finding]:
    """Columns named like groups whose rows are alike: in the target, or in the numbers and categories."""
    if seen.group is not None:
        return
    for name, value_N in named(seen):
        how = evidence(seen, name, value_N)
        if how:
            yield group_finding("likely_group", f"column {name!r}", how, seen, words_of(seen, name), name)


def named(seen: Audited) -> list[tuple[str, Ints]]:
    """Columns named like groups that repeat their values, and the number of each row's value; no copy of the target."""
    found = []
    for column in seen.columns:
        role, series = column.role, seen.pool.frame[column.name]
        if (
            column.why == COPIED
            or role in (Role.TARGET, Role.GROUP, Role.DATETIME, Role.SERIES)
            or series.dtype.is_nested()
        ):
            continue
        if not NAMED.search(CAMEL.sub("_", column.name)) or series.dtype == pl.Binary:
            continue
        value_N = codes(series)
        if may_group(value_N, seen.target):
            found.append((column.name, value_N))
    return found


def may_group(value_N: Ints, target: Target) -> bool:
    """Whether values come back often enough to hold rows together, and are no classes by another name."""
    known = value_N >= 0
    if known.sum() < max(ROWS, KNOWN * len(value_N)):
        return False
    size = np.unique(value_N[known], return_counts=True)[1]
    if not FEWEST <= len(size) <= known.sum() / 2 or size.max() > known.sum() / 2:
        return False
    if target.task is Task.REGRESSION:
        return True
    label_N = classes_of(target)[known]
    pairs = len(np.unique(value_N[known] * (int(label_N.max()) + 1) + label_N))
    return not (len(size) <= len(np.unique(label_N)) and pairs <= 1.05 * len(size))


def evidence(seen: Audited, name: str, value_N: Ints) -> str:
    """How rows of one value are alike, in target or table; "" where they are not."""
    label_N = labels_of(seen.target)
    told = agreeing(value_N, label_N)
    if told.clear(MORE):
        return as_agreeing(told, seen.target.task)
    columns = [column for column in seen.columns if column.role in (Role.NUMBER, Role.CATEGORY) and column.name != name]
    rows = some(len(value_N), seen.seed)
    x_ND = _table(seen.pool.frame[rows], columns)
    if x_ND is None:
        return ""
    return as_nearest(nearest(x_ND, value_N[rows], label_N[rows]))


def as_agreeing(found: Alike, task: Task) -> str:
    """The finding's clause about rows of one and the target."""
    what = "lie in one tenth of the target" if task is Task.REGRESSION else "have one target"
    return f"{100 * found.share:.0f} % of pairs of rows of one {what} ({100 * found.chance:.0f} % by chance)"


def as_nearest(found: Alike) -> str:
    """The finding's clause about nearest rows; "" where they are not clearly of one value."""
    if not found.clear(MORE):
        return ""
    return (
        f"{100 * found.share:.0f} % of rows are most like another of their own ({100 * found.chance:.0f} % by chance)"
    )


def labels_of(target: Target) -> Ints:
    """(N,) class, set of labels, or tenth of a numeric target."""
    return row_strata(target) if target.task is Task.REGRESSION else classes_of(target)


def some(rows: int, seed: int) -> Ints:
    """Places of at most 2,000 of so many rows."""
    every = np.arange(rows)
    return every if rows <= MOST else np.sort(generator(seed, "groups").choice(every, MOST, replace=False))


def words_of(seen: Audited, name: str) -> tuple[pl.Series, pl.Series | None]:
    """A column's values in the pool, and in the test where it is there."""
    test = as_words(seen.test.frame[name]) if name in seen.test.frame.columns else None
    return as_words(seen.pool.frame[name]), test


def group_finding(
    check_name: str,
    what: str,
    how: str,
    seen: Audited,
    words: tuple[pl.Series, pl.Series | None],
    column: str,
    sure: Sure = "likely",
) -> Finding:
    """A warning; of the rows that straddle where the test was given, a note where none does. column: "" for a name."""
    pool, test = words
    count = pool.n_unique() - int(pool.null_count() > 0)
    said = f"{what} looks like a group ({count:,} values): {how}"
    fix = (
        f"Keep rows of one together: --group {column}." if column else "Make a column of it, and name it: --group NAME."
    )
    effect = "What is learnt of one's rows helps on its other rows: the score is flattered."
    if not seen.test_given or test is None:
        return Finding(check_name, said, (), "warn", fix, effect=effect, sure=sure)
    part: Part = seen.test
    known = test.is_in(pool.drop_nulls().unique().to_list()).fill_null(value=False).to_numpy()
    rows = numbered(part, np.flatnonzero(known))
    if not rows:
        effect = "The test is not touched; rungs are chosen on rows of values that train."
        return Finding(check_name, f"{said}; none is on both sides", (), "note", fix, effect=effect, sure=sure)
    said += f"; {rows_of(len(rows))} of the test have one that trains too"
    return Finding(check_name, said, rows, "warn", fix, "test", effect=effect, sure=sure)


def _table(frame: pl.DataFrame, columns: list[Column]) -> Floats | None:
    """(N, D) numbers by rank and categories as indicators, centred; None without at least three columns."""
    parts = []
    for column in columns:
        if column.role is Role.NUMBER:
            rank = to_numbers(frame[column.name]).rank("average") / max(1, frame.height)
            parts.append(rank.fill_null(0.5).to_numpy().astype(np.float32)[:, None] * 2)
        else:
            value_N = codes(cast(frame[column.name], column))
            if value_N.max(initial=0) < 50:
                parts.append((value_N[:, None] == np.arange(value_N.max(initial=0) + 1)[None]).astype(np.float32))
    if len(parts) < 3:
        return None
    x_ND = np.concatenate(parts, axis=1)
    return np.asarray(x_ND - x_ND.mean(0), np.float32)
