"""Columns that hold groups whatever they are called: codes that come back, of rows that are one in other ways."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rung.audit.alike import Alike, agreeing
from rung.audit.base import check
from rung.audit.likely_groups import as_agreeing, evidence, group_finding, labels_of, may_group, named, words_of
from rung.core.audited import Audited
from rung.core.types import Column, Finding, Ints, Role
from rung.data.copies import COPIED, codes
from rung.data.guess import CODE_NAME
from rung.data.numbers import to_numbers

VALUES, CLASSES = 20, 2  # values at least, and so many times the classes: fewer are kinds of things
BACK = 0.9  # share of rows whose value comes back
LARGEST = 0.1  # of the rows, in one value at most
MORE = 0.5  # of the way from chance to all rows, from which rows of a value are alike
NEXT = 0.75  # of that, where values next to each other are one: above, the column is a quantity
CONSTANT, OFTEN = 0.98, 0.5  # of pairs of rows of one value, with one number; and different numbers a value


@check("unnamed_groups", "Columns that hold groups by another name", says=("possible_group",))
def unnamed_groups(seen: Audited) -> Iterator[Finding]:
    """The column of codes whose rows of one value most have one target, or one number that others do not have.

    Others may only repeat it, or a group that was named: what is one in all rows of a person comes with the person.
    """
    told = dict(named(seen)) | {name: codes(seen.pool.frame[name]) for name in seen.names(Role.ID)}
    if seen.group is not None or any(
        may_group(value_N, seen.target) and evidence(seen, name, value_N) for name, value_N in told.items()
    ):
        return
    found = []
    for column in seen.columns:
        if column.name in told or not _may_be_codes(seen, column):
            continue
        value_N = _ordered(seen.pool.frame[column.name], column.role)
        if _comes_back(seen, value_N) and (how := _evidence(seen, column, value_N)):
            found.append((_excess(agreeing(value_N, labels_of(seen.target))), column.name, how))
    if found:
        _, name, how = max(found)
        yield group_finding("possible_group", f"column {name!r}", how, seen, words_of(seen, name), name, "possible")


def _may_be_codes(seen: Audited, column: Column) -> bool:
    series = seen.pool.frame[column.name]
    if column.role not in (Role.CATEGORY, Role.NUMBER) or column.why == COPIED or CODE_NAME.search(column.name):
        return False
    numbers = to_numbers(series) if column.role is Role.NUMBER else None
    return numbers is None or bool((numbers == numbers.round(0)).fill_null(value=True).all())


def _ordered(series: pl.Series, role: Role) -> Ints:
    """(N,) number of each value, in the order of numbers where they are such; -1 where it is missing."""
    if role is not Role.NUMBER:
        return codes(series)
    return np.asarray(
        (to_numbers(series).fill_nan(None).rank("dense").cast(pl.Int64) - 1).fill_null(-1).to_numpy(), np.int64
    )


def _comes_back(seen: Audited, value_N: Ints) -> bool:
    if not may_group(value_N, seen.target):
        return False
    size = np.unique(value_N[value_N >= 0], return_counts=True)[1]
    classes = len(np.unique(labels_of(seen.target)))
    few = len(size) < max(VALUES, CLASSES * classes)
    return not few and size[size > 1].sum() >= BACK * size.sum() and size.max() <= LARGEST * size.sum()


def _evidence(seen: Audited, column: Column, value_N: Ints) -> str:
    """What rows of one value have in common beyond chance, and beyond what the next value has; "" for nothing."""
    label_N = labels_of(seen.target)
    found, blurred = agreeing(value_N, label_N), agreeing(value_N // 2, label_N)
    if found.clear(MORE) and _excess(blurred) <= NEXT * _excess(found):
        return as_agreeing(found, seen.target.task)
    for other in seen.columns:
        if other.role is Role.NUMBER and other.name != column.name and _its_own(seen, value_N, other.name):
            return f"rows of one have one {other.name!r}, which others do not have"
    return ""


def _excess(found: Alike) -> float:
    return found.share - found.chance


def _its_own(seen: Audited, value_N: Ints, other: str) -> bool:
    """Whether a column of numbers is one in all rows of a value, and another in most other values' rows.

    Not where it runs in the order of the values: it is the same quantity in another unit then.
    """
    number_N = _ordered(seen.pool.frame[other], Role.NUMBER)
    both = (value_N >= 0) & (number_N >= 0)
    if both.sum() < BACK * len(both):
        return False
    values, numbers = len(np.unique(value_N[both])), len(np.unique(number_N[both]))
    if numbers < OFTEN * values or abs(np.corrcoef(value_N[both], number_N[both])[0, 1]) > NEXT:
        return False
    return agreeing(np.where(both, value_N, -1), number_N).share >= CONSTANT
