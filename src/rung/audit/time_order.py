"""Time: test rows older than those that train, and targets that drift while no time was named."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rung.audit.base import check, numbered, rows_of
from rung.core.audited import Audited
from rung.core.extras import need
from rung.core.types import Finding, Role, Target, Task
from rung.data.copies import classes_of
from rung.data.dates import instants, parse
from rung.data.numbers import to_numbers

DRIFT = 0.06  # share of a rank variance that counts as a medium effect (Cohen 1988, 8.2)
CHANCE = 0.001
ROWS = 100


@check("time_order", "Test rows older than those that train, and drift", says=("old_test_rows", "target_drifts"))
def time_order(seen: Audited) -> Iterator[Finding]:
    """With a time and test rows of their own: rows out of order. Without one: dates with which the target drifts."""
    if seen.time is not None:
        if seen.test_given and {seen.time} <= {*seen.pool.frame.columns} & {*seen.test.frame.columns}:
            yield from _out_of_order(seen, seen.time)
        return
    names = seen.names(Role.DATETIME)
    shares = {name: share for name in names if (share := drift(seen.pool.frame[name], seen.target)) >= DRIFT}
    for name, share in sorted(shares.items(), key=lambda each: -each[1])[:1]:
        what = (
            f"{seen.target_name!r} drifts with {name!r}: ranks of the two share {100 * share:.0f} % of their variance"
        )
        effect = "Where new rows come later than these, the score is flattered."
        fix = f"If so, test on the newest: --time {name}."
        yield Finding("target_drifts", what, (), "note", fix, effect=effect, sure="possible")


def _out_of_order(seen: Audited, time: str) -> Iterator[Finding]:
    ours, theirs = (part.frame[time] for part in (seen.pool, seen.test))
    if ours.dtype != theirs.dtype:
        ours, theirs = ours.cast(pl.String), theirs.cast(pl.String)
    if parse(pl.concat([ours, theirs])) is None and not ours.dtype.is_numeric():
        return
    when_N = instants(pl.concat([ours, theirs]), time)
    newest, test_N = when_N[: len(ours)].max(initial=-1), when_N[len(ours) :]
    rows = np.flatnonzero((test_N >= 0) & (test_N < newest))
    if len(rows):
        share = 100 * len(rows) / len(test_N)
        what = f"{rows_of(len(rows))} of the test ({share:.1f} %) are older by {time!r} than the newest that train"
        effect = "What came later is known when they are predicted: the score is flattered."
        fix = "Test on rows newer than all that train."
        yield Finding("old_test_rows", what, numbered(seen.test, rows), "warn", fix, "test", effect=effect)


def drift(when: pl.Series, target: Target) -> float:
    """Share of the rank variance of a time that the target explains; 0 where it may be chance.

    Spearman's r squared of a number; epsilon squared of Kruskal and Wallis's H of classes, of their sets for several.
    """
    dates = parse(when)
    numbers = to_numbers(when if dates is None else dates.values)
    known = numbers.is_not_null().to_numpy()
    if known.sum() < ROWS:
        return 0.0
    x_N, stats = numbers.drop_nulls().to_numpy(), need("scipy.stats")
    if len(np.unique(x_N)) < 2:
        return 0.0
    if target.task is Task.REGRESSION:
        if len(np.unique(target.value[known])) < 2:
            return 0.0
        found = stats.spearmanr(x_N, target.value[known])
        return float(found.statistic) ** 2 if found.pvalue < CHANCE else 0.0
    label_N = classes_of(target)[known]
    groups = [x_N[label_N == label] for label in np.unique(label_N)]
    if len(groups) < 2:
        return 0.0
    found = stats.kruskal(*groups)
    share = (float(found.statistic) - len(groups) + 1) / (len(x_N) - len(groups))
    return share if found.pvalue < CHANCE else 0.0
