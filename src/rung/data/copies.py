"""Columns that are the target under another name: renamed, re-encoded, one-hot, rescaled."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import gammaln

from rung.core.types import TABLE_FEATURES, Column, Finding, Ints, Role, Target, Task
from rung.data.numbers import to_numbers
from rung.data.words import as_words, reads_as_none

CHECK, COPIED = "target_copy", "a copy of the target"
CHANCE = 1e-6  # how often a column that knows nothing would fit as well, at most, over all columns
KNOWN = 0.1  # share of rows in which a copy has a value: one that is filled in late tells the target where it is
CLASSES, CODES, EACH = 10, 5, 5  # classes at least, codes a class at most, rows a code at least: finer codes, a copy
AGREE = 0.98  # share of rows that a copy of three classes or more has right: some cells were edited
RARE = 0.02  # of the rows, that the rarest classes may have together: what is dealt there is no sign against a copy
ODD = 0.01  # share of rows that may stand against the order of a numeric target: wrong values of either
LEVELS = 20  # values of a numeric target from which order alone is no accident
NAMED = "named with --column"  # the user wants it
GROUPED = "where they are people or sources, keep rows of one together: --group {}"


def target_copies(
    frame: pl.DataFrame, columns: Sequence[Column], target: Target
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """The columns, copies of the target left out, and a finding for each.

    frame: the rows that train, target: theirs. A copy goes with the target one to one, spelling aside, in all rows (of
    three classes or more, in 98 % of those where it has a value), labels such as "n/a" and classes of 2 % aside; has
    some codes a class where classes are many; is a class's yes or no, where its name says so or the other classes have
    theirs; or never runs against a numeric target's order. No fit counts that shuffled values would reach once in a
    million times. A column that merely predicts well is no copy, nor is one that the user named; the latter is told of.

    >>> table = pl.DataFrame({"n": range(40), "code": ["A", "b"] * 20, "y": ["no", "yes"] * 20})
    >>> roles = (Column("n", Role.NUMBER), Column("code", Role.CATEGORY), Column("y", Role.TARGET))
    >>> left, found = target_copies(table, roles, Target(Task.BINARY, np.arange(40) % 2, ("no", "yes")))
    >>> [column.role.value for column in left], found[0].check
    (['number', 'ignore', 'target'], 'target_copy')
    """
    name = next(column.name for column in columns if column.role is Role.TARGET)
    said = copies(frame, columns, target)
    left, found = [], []
    for column in columns:
        if column.name not in said:
            left.append(column)
            continue
        stays = column.why == NAMED
        what = f"column {column.name!r} is {name!r} itself: {said[column.name]}" + ("" if stays else "; it is left out")
        fix = f"If it is known before the target is, keep it with --column {column.name}={column.role}."
        effect = "With it a score says nothing of rows whose target is unknown."
        found.append(Finding(CHECK, what, (), "block", "Leave it out." if stays else fix, effect=effect))
        left.append(column if stays else replace(column, role=Role.IGNORE, why=COPIED))
    return tuple(left), tuple(found)


def copies(frame: pl.DataFrame, columns: Sequence[Column], target: Target) -> dict[str, str]:
    """Why a column is a copy of the target, by name, for those that are; see `target_copies`."""
    looked = [column for column in columns if column.role in (*TABLE_FEATURES, Role.TEXT)]
    sure = float(np.log(max(1, len(looked)) / CHANCE))
    if target.task is not Task.REGRESSION:
        ids = [column for column in columns if column.role is Role.ID]
        return _of_classes(frame, [*looked, *ids], target, sure)
    return {each.name: why for each in looked if (why := _in_order(frame[each.name], each, target.value, sure))}


def codes(series: pl.Series) -> Ints:
    """(N,) number of each value, case and outer spaces aside; -1 where it is missing.

    >>> codes(pl.Series(["Spam", "ham", "spam ", None])).tolist()
    [1, 0, 1, -1]
    """
    words = as_words(series).str.strip_chars().str.to_lowercase()
    return np.asarray((words.rank("dense").cast(pl.Int64) - 1).fill_null(-1).to_numpy(), np.int64)


def classes_of(target: Target) -> Ints:
    """(N,) class of each row; of several labels, the number of their set."""
    if target.task is not Task.MULTILABEL:
        return np.asarray(target.value, np.int64)
    return np.asarray(np.unique(target.value, axis=0, return_inverse=True)[1].ravel(), np.int64)


def _of_classes(frame: pl.DataFrame, looked: Sequence[Column], target: Target, sure: float) -> dict[str, str]:
    y_N, said = classes_of(target), {}
    if target.task is not Task.MULTILABEL:  # one class in two spellings is one
        y_N = codes(pl.Series(target.labels, dtype=pl.String))[y_N]
    classes, clear_N = int(y_N.max(initial=0)) + 1, _clear(target)
    yes_no: dict[str, int] = {}
    for column in looked:
        series = frame[column.name]
        if series.n_unique() > (CODES + 1) * classes + 10:
            continue
        x_N = codes(series)
        if share := _one_to_one(x_N, y_N, sure):
            of = "the rows" if (x_N >= 0).all() else f"the {(x_N >= 0).sum():,} rows that have one"
            said[column.name] = f"its values go with the classes one to one, in {100 * share:.4g} % of {of}"
        elif not clear_N.all() and (share := _one_to_one(x_N[clear_N], y_N[clear_N], sure)):
            of = f"the {clear_N.sum():,} rows of classes that are not rare and no word for none"
            said[column.name] = f"its values go with the classes one to one, in {100 * share:.4g} % of {of}"
        elif finer := _finer(x_N, y_N, sure):
            said[column.name] = f"each of its {finer:,} values goes with one class ({GROUPED.format(column.name)})"
        elif (label := _class_told(x_N, target, sure)) is not None:
            yes_no[column.name] = label
    whole = len(set(yes_no.values())) >= max(2, len(target.labels) - 1)
    for name, label in yes_no.items():
        if whole or _names(name, target.labels[label]):
            said[name] = f"it says whether a row is {target.labels[label]!r}"
    return said


def _clear(target: Target) -> NDArray[np.bool_]:
    """(N,) rows that a copy would have right: not those of labels that say none, nor of the rarest classes."""
    if not target.task.one_label:
        return np.ones(len(target), np.bool_)
    count_C = np.bincount(target.value, minlength=len(target.labels))
    odd_C = np.array([reads_as_none(label) for label in target.labels], np.bool_)
    for label in np.argsort(count_C, kind="stable"):
        if count_C[odd_C].sum() + count_C[label] * (not odd_C[label]) > RARE * len(target):
            break
        odd_C[label] = True
    return np.asarray(~odd_C[target.value], np.bool_)


def _one_to_one(x_N: Ints, y_N: Ints, sure: float) -> float:
    """Share of the rows with a value that one value a class fits; 0 where it is too small, or may be chance."""
    known = x_N >= 0
    if known.sum() < KNOWN * len(x_N) or not known.any():
        return 0.0
    x_N, y_N = x_N[known], np.unique(y_N[known], return_inverse=True)[1]
    size_Y = np.bincount(y_N)
    if _arrangements(size_Y) < sure:
        return 0.0
    together_XY = np.zeros((int(x_N.max()) + 1, len(size_Y)), np.int64)
    np.add.at(together_XY, (x_N, y_N), 1)
    best_Y, best_X = together_XY.argmax(0), together_XY.argmax(1)
    mutual_Y = best_X[best_Y] == np.arange(len(size_Y))
    share = float(together_XY.max(0).sum() / len(y_N))
    return share if mutual_Y.all() and share >= (1.0 if len(size_Y) == 2 else AGREE) else 0.0


def _finer(x_N: Ints, y_N: Ints, sure: float) -> int:
    """How many codes there are, where several stand for one of many classes; 0 where it is not so."""
    known = x_N >= 0
    if known.sum() < max(1, KNOWN * len(x_N)):
        return 0
    x_N, y_N = (np.unique(each[known], return_inverse=True)[1] for each in (x_N, y_N))
    size_Y, values = np.bincount(y_N), int(x_N.max()) + 1
    if len(size_Y) < CLASSES or not len(size_Y) < values <= min(CODES * len(size_Y), len(x_N) // EACH):
        return 0
    together_XY = np.zeros((values, len(size_Y)), np.int64)
    np.add.at(together_XY, (x_N, y_N), 1)
    luck = values * float(np.log(len(size_Y)))  # a code may stand for any class
    fits = together_XY.max(1).sum() >= AGREE * len(x_N) and _arrangements(size_Y) - luck >= sure
    return values if fits else 0


def _class_told(x_N: Ints, target: Target, sure: float) -> int | None:
    """The class or label whose yes and no a column of two values is; missing counts as a value."""
    x_N = np.unique(x_N, return_inverse=True)[1]
    if len(x_N) == 0 or x_N.max() != 1 or len(target.labels) < 2 + (target.task is not Task.MULTILABEL):
        return None
    if _arrangements(np.bincount(x_N)) < sure:
        return None
    if target.task is Task.MULTILABEL:
        is_NL = target.value[:, : len(target.labels)] > 0
        fits = (is_NL == (x_N == 1)[:, None]).all(0) | (is_NL == (x_N == 0)[:, None]).all(0)
        return int(fits.argmax()) if fits.any() else None
    for value in (0, 1):
        inside = np.unique(target.value[x_N == value])
        if len(inside) == 1 and not (target.value[x_N != value] == inside[0]).any():
            return int(inside[0])
    return None


def _names(column: str, label: str) -> bool:
    """Whether a column is named for a class.

    >>> _names("is_Spam", "spam"), _names("feathers", "bird")
    (True, False)
    """
    words = [[word for word in re.split(r"[\W_]+", name.lower()) if word] for name in (column, label)]
    return bool(words[1]) and f" {' '.join(words[1])} " in f" {' '.join(words[0])} "


def _in_order(series: pl.Series, column: Column, y_N: NDArray[np.float64], sure: float) -> str | None:
    """Why a column is a numeric target: it rises, or falls, wherever the target rises."""
    if len(np.unique(y_N)) < LEVELS or column.role is Role.DATETIME:
        return None
    free = 0.0
    if column.role is Role.NUMBER:
        x_N = to_numbers(series).fill_null(np.nan).to_numpy().astype(np.float64)
    elif series.n_unique() <= len(series) / 4:
        x_N = _by_mean(codes(series), y_N)
        free = float(gammaln(np.unique(x_N[np.isfinite(x_N)]).size + 1))  # values may stand in any order
    else:
        return None
    known = np.isfinite(x_N)
    if known.sum() < KNOWN * len(known) or _counts_rows(x_N):
        return None
    x_N, y_N = x_N[known], y_N[known]
    ties_X, ties_Y = (np.unique(values, return_counts=True)[1] for values in (x_N, y_N))
    luck = float(gammaln(ties_Y + 1.0).sum()) + free
    if len(ties_X) < 3 or _arrangements(ties_X) - luck < sure:
        return None
    most = int(ODD * len(x_N))
    off = _off(x_N[np.lexsort((x_N, y_N))])
    if off <= most:
        said = "it rises wherever the target rises" if column.role is Role.NUMBER else "its values are ranges of it"
        return said + _but(off)
    off = _off(-x_N[np.lexsort((-x_N, y_N))])
    return f"it falls wherever the target rises{_but(off)}" if off <= most else None


def _counts_rows(x_N: NDArray[np.float64]) -> bool:
    """Whether numbers only count rows, as the target may where it grows with them."""
    step_N = np.diff(x_N[np.isfinite(x_N)])
    return bool((step_N > 0).all() or (step_N < 0).all()) and bool((step_N == np.round(step_N)).all())


def _by_mean(x_N: Ints, y_N: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) mean target of each row's value; not-a-number where it is missing."""
    known = x_N >= 0
    if not known.any():
        return np.full(len(x_N), np.nan)
    size = np.maximum(1, np.bincount(x_N[known]))
    mean = np.bincount(x_N[known], y_N[known]) / size
    return np.where(known, mean[np.maximum(x_N, 0)], np.nan)


def _off(x_N: NDArray[np.float64]) -> int:
    """How many values have to go until the others never fall: all but the longest run that does not (Fredman 1975).

    >>> _off(np.array([1.0, 2.0, 9.0, 3.0, 3.0, 4.0]))
    1
    """
    if (np.diff(x_N) >= 0).all():
        return 0
    if (np.diff(x_N) < 0).sum() > max(1, 2 * ODD * len(x_N)):  # each that has to go makes a fall or two
        return len(x_N)
    ends: list[float] = []
    for value in x_N.tolist():
        place = bisect_right(ends, value)
        ends[place : place + 1] = [value]
    return len(x_N) - len(ends)


def _but(off: int) -> str:
    return f", {off} row{'s' if off > 1 else ''} aside" if off else ""


def _arrangements(size: Ints) -> float:
    """Logarithm of in how many ways rows can be dealt into groups of these sizes.

    >>> round(float(np.exp(_arrangements(np.array([2, 3])))))
    10
    """
    return float(gammaln(size.sum() + 1.0) - gammaln(size + 1.0).sum())
