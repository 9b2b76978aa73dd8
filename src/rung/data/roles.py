"""What each column is to the task: inferred, explained, overridden."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import polars as pl

from rung.core.errors import BadOption, NoSuchColumn, NothingToLearnFrom, nearest
from rung.core.types import FEATURES, Column, Role
from rung.data.dates import parse, stranger
from rung.data.gather import find, gathered
from rung.data.guess import guess, holds_files, words_each
from rung.data.numbers import to_numbers
from rung.data.series import holds_series, written_series

FILES = (Role.IMAGE, Role.AUDIO)
SUPPORTED = (
    "Rung learns from text, images, sounds, series, numbers, categories and dates. If one of these columns is such a "
    "one, say so: --column NAME=text, =number, =category, =datetime, =image, =audio or =series."
)


def infer(
    frame: pl.DataFrame,
    *,
    target: str | None,
    overrides: Mapping[str, Role] | None = None,
    group: str | None = None,
    time: str | None = None,
) -> tuple[Column, ...]:
    """Every column of `gathered(frame, ...)` once, in table order, with its role and the reason.

    A series that is spread over columns or rows becomes one column first: see rung.data.gather.

    overrides: role by column name or wildcard ("t*"); they win over inference, not over `target`.
    group, time: columns that rows may not straddle, or that order them.
    Raises NoSuchColumn, BadOption for an unknown role or one that the values can't have, NothingToLearnFrom when no
    column is left to learn from.

    >>> table = pl.DataFrame({"text": ["so good", "not bad", "so bad"], "label": ["y", "y", "n"]})
    >>> [column.role.value for column in infer(table, target="label")]
    ['text', 'target']
    """
    for name in (target, group, time):
        if name is not None and name not in frame.columns:
            raise NoSuchColumn(name, among=frame.columns)
    for option, name in (("group", group), ("time", time)):
        if name is not None and name == target:
            raise BadOption(f"--{option} {name}", wanted="another column than the target", got="the target")
    found = find(frame, overrides or {}, target=target, others=(group, time))
    made = {column.name: column for column in found.columns}
    frame = gathered(frame, [*made.values(), *([Column(target, Role.TARGET)] if target else [])])
    for name in (group, time):
        if name is not None and name not in frame.columns:  # it went into a series
            raise NoSuchColumn(name, among=frame.columns)
    chosen = _chosen(frame.columns, found.overrides, target) | dict.fromkeys(made, Role.SERIES)
    columns = [made.get(name) or _column(frame[name], target, chosen, group, time) for name in frame.columns]
    columns = _with_text(frame, columns, chosen)
    if not any(column.role in FEATURES for column in columns):
        raise _nothing(columns)
    return tuple(columns)


def _chosen(names: Sequence[str], overrides: Mapping[str, Role], target: str | None) -> dict[str, Role]:
    chosen: dict[str, Role] = {}
    for pattern, word in overrides.items():
        role = _role(pattern, word)
        matched = [pattern] if pattern in names else [name for name in names if fnmatchcase(name, pattern)]
        if not matched:
            raise NoSuchColumn(pattern, among=names)
        if pattern == target:
            fix = "Name another column as the target, or leave this override out."
            raise BadOption(
                f"--column {pattern}={role}", wanted="a column that is not the target", got=pattern, fix=fix
            )
        chosen.update(dict.fromkeys(matched, role))
    return {name: role for name, role in chosen.items() if name != target}


def _role(pattern: str, word: str) -> Role:
    what = f"--column {pattern}={word}"
    known = [role.value for role in Role if role is not Role.TARGET]
    if word == Role.TARGET:
        raise BadOption(what, wanted=f"one of {', '.join(known)}", got="target", fix="Say --target instead.")
    if word not in known:
        raise BadOption(what, wanted=f"one of {', '.join(known)}", got=word, fix=nearest(word, known))
    return Role(word)


def _column(
    series: pl.Series, target: str | None, chosen: Mapping[str, Role], group: str | None, time: str | None
) -> Column:
    name = series.name
    if name == target:
        return Column(name, Role.TARGET, "named as the target")
    if name == group:
        return Column(name, Role.GROUP, "named with --group")
    if name in chosen:
        return _overridden(series, chosen[name])
    if name == time:
        return _time(series)
    return guess(series)


def _overridden(series: pl.Series, role: Role) -> Column:
    column = Column(series.name, role, "named with --column")
    if role is Role.DATETIME:
        dates = parse(series)
        if dates is None:
            raise _unfit(series, role)
        return replace(column, form=dates.form)
    if role is Role.NUMBER and to_numbers(series).null_count() == len(series):
        raise _unfit(series, role)
    if role is Role.SERIES and not (holds_series(series.dtype) or written_series(series)):
        raise _unfit(series, role)
    if role in FILES and not (series.dtype in (pl.String, pl.Binary) or holds_files(series.dtype)):
        raise _unfit(series, role)
    if role in (Role.TEXT, Role.CATEGORY) and (series.dtype.is_nested() or series.dtype == pl.Binary):
        raise _unfit(series, role)
    return column


def _unfit(series: pl.Series, role: Role) -> BadOption:
    kept = series.drop_nulls()
    got = f"values such as {str(kept[0])[:40]!r}" if len(kept) else "no value at all"
    return BadOption(f"--column {series.name}={role}", wanted=f"a column of {role} values", got=got)


def _time(series: pl.Series) -> Column:
    dates = parse(series)
    if dates is None:
        fix = "Rows count from 0. Write dates as 2024-12-31."
        wanted = "a column of dates or numbers"
        raise BadOption(f"--time {series.name}", wanted=wanted, got=stranger(series), fix=fix)
    return Column(series.name, Role.IGNORE, "named with --time: it orders the rows", dates.form)


def _with_text(frame: pl.DataFrame, columns: list[Column], chosen: Mapping[str, Role]) -> list[Column]:
    """Where there is no other column, let one of phrases be text although few of them differ."""
    if sum(column.role in FEATURES for column in columns) != 1:
        return columns
    return [
        replace(column, role=Role.TEXT, why="the table's only phrases")
        if column.role is Role.CATEGORY
        and column.name not in chosen
        and frame[column.name].dtype == pl.String
        and words_each(frame[column.name].drop_nulls()) >= 2
        else column
        for column in columns
    ]


def _nothing(columns: Sequence[Column]) -> NothingToLearnFrom:
    others = [column for column in columns if column.role is not Role.TARGET]
    said = ", ".join(f"{column.name} ({column.role}: {column.why})" for column in others[:8])
    more = f" and {len(others) - 8} more" if len(others) > 8 else ""
    wanted = "a column of text, images, sounds, series, numbers, categories or dates"
    return NothingToLearnFrom("table", wanted=wanted, got=said + more or "only the target", fix=SUPPORTED)
