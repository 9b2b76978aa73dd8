"""Series that a table spreads over columns (wide) or over rows (long), brought into one column."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import polars as pl

from rung.core.errors import BadOption, BadTarget, UsageError
from rung.core.types import Column, Role
from rung.data.dates import instants
from rung.data.numbers import plain_numbers, to_numbers

LEAST = 8  # columns with one stem and consecutive numbers that are taken for a series
MOST_WORDS = 0.1  # share of a run's columns that may hold words: rows with such a cell can't be read
NUMBERED = re.compile(r"(.*?)([0-9]+)")
ENDS = " _-.[("  # of a stem
STEPS = re.compile(r"(?i)(t|time|step|lag|tick|frame|sample|h|hour|d|day|w|week|month|min|minute|s|sec|second|ms)?")
ALIKE, FEW = (
    0.5,
    20,
)  # median correlation of neighbours from which other stems are steps too; rows below which none tells
WIDE, LONG, NAMELESS = "wide", "long", "series"


@dataclass(frozen=True)
class Found:
    """Series columns to gather, and the overrides that are left for the columns of the gathered table."""

    columns: tuple[Column, ...]
    overrides: dict[str, Role]


def find(
    frame: pl.DataFrame, overrides: Mapping[str, Role], *, target: str | None, others: Iterable[str | None] = ()
) -> Found:
    """Which columns together are one series.

    Wide: at least 8 columns of numbers with one stem and consecutive numbers (`t0` to `t149`) whose stem is that of
    steps in time or whose neighbours go together, or what a wildcard names (`"t*" -> series`). Long: columns of numbers
    named as series beside one named as id, whose values repeat; a column named as datetime orders the rows.
    others: columns that have a use of their own (group, time). Raises BadOption where one column of numbers is named
    as a series without an id, or where a long table names two ids or times.

    >>> table = pl.DataFrame({f"t{i}": [0.5, 1.5] for i in range(8)} | {"y": ["a", "b"]})
    >>> [(column.name, column.why) for column in find(table, {}, target="y").columns]
    [('t', '8 columns, t0 to t7')]
    """
    asked = {word: _flat(frame, word, target) for word, role in overrides.items() if role == Role.SERIES}
    asked = {word: names for word, names in asked.items() if names}
    left = {word: role for word, role in overrides.items() if word not in asked}
    ids = _named(frame, left, Role.ID, target)
    if asked and any(frame[name].n_unique() < frame.height for name in ids):
        column = _long(frame, [name for names in asked.values() for name in names], left, target)
        used = {word for word in left if (names := _matched(frame, word)) and set(names) <= {*column.source[1:]}}
        return Found((column,), {word: role for word, role in left.items() if word not in used})
    for word, names in asked.items():
        if len(names) == 1:
            wanted = "several columns, or an id whose rows it goes over"
            fix = "Say which column is the id: --column NAME=id."
            raise BadOption(f"--column {word}=series", wanted=wanted, got="one number a row", fix=fix)
    taken = {target, *others, *(name for names in asked.values() for name in names)}
    columns = [
        _wide(frame, re.split(r"[*?\[]", word)[0], names, "named with --column") for word, names in asked.items()
    ]
    taken |= {name for word in left for name in _matched(frame, word)}
    for stem, names in _runs(frame, [name for name in frame.columns if name not in taken]):
        if STEPS.fullmatch(stem.rstrip(ENDS)) or _follows(frame, names):
            columns.append(_wide(frame, stem, names))
    return Found(tuple(columns), left)


def gathered(frame: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """The table with each gathered series in one column, in the place of its first; a long table has a row an id.

    Columns of a long table that change within an id are left out, unless `columns` names them.
    Raises UsageError naming what is missing, BadTarget for an id with two targets.
    """
    for column in columns:
        if not column.source or (column.name in frame.columns and frame[column.name].dtype.is_nested()):
            continue
        missing = [name for name in column.source if name and name not in frame.columns]
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            wanted = f"all {len(column.source)} columns, {column.source[0]} to {column.source[-1]}"
            if column.form == LONG:
                wanted = f"the columns {', '.join(filter(None, column.source))}"
            raise UsageError(f"series {column.name!r}", wanted=wanted, got=f"none named {', '.join(missing[:3])}{more}")
        frame = _from_wide(frame, column) if column.form == WIDE else _from_long(frame, columns, column)
    return frame


def _from_wide(frame: pl.DataFrame, column: Column) -> pl.DataFrame:
    cells = [_numbers(frame[name]) for name in column.source]
    kind = pl.String if any(each.dtype == pl.String for each in cells) else pl.Float64
    series = pl.DataFrame(cells).select(pl.concat_list(pl.all().cast(kind)).alias(column.name))[column.name]
    first = min(map(frame.columns.index, column.source))
    own = set(column.source)
    before = [frame[name] for name in frame.columns[:first] if name not in own]
    return pl.DataFrame([*before, series, *(frame[name] for name in frame.columns[first:] if name not in own)])


def _from_long(frame: pl.DataFrame, columns: Sequence[Column], column: Column) -> pl.DataFrame:
    key, time, *values = column.source
    place = {value: i for i, value in enumerate(frame[key].unique(maintain_order=True).to_list())}
    code_N = np.array([place[value] for value in frame[key].to_list()], np.int64)
    when_N = instants(_numbers(frame[time]), time) if time else np.zeros(len(frame), np.int64)
    frame = frame.with_columns(_numbers(frame[name]) for name in values)[np.lexsort((when_N, code_N))]
    known = {each.name for each in columns}
    rest = [name for name in frame.columns if name not in column.source]
    different = frame.group_by(key).agg(pl.col(rest).n_unique()) if rest else frame
    kept = [name for name in rest if name in known or bool((different[name] == 1).all())]
    target = next((each.name for each in columns if each.role is Role.TARGET and each.name in rest), None)
    if target is not None and (several := different.filter(pl.col(target) > 1)).height:
        got = f"{several.height} with more, such as {several[key].sort()[0]!r}"
        raise BadTarget(f"target {target!r}", wanted=f"one label for each {key}", got=got, fix="Mend these rows.")
    cells = frame.group_by(key, maintain_order=True).agg(*(pl.col(name).first() for name in kept), pl.col(values))
    return cells if values == [column.name] else _as_channels(cells, values, column.name)


def _as_channels(frame: pl.DataFrame, values: Sequence[str], name: str) -> pl.DataFrame:
    return frame.with_columns(pl.struct(values).alias(name)).drop([each for each in values if each != name])


def _numbers(series: pl.Series) -> pl.Series:
    """Strings that are numbers, with null for missing ones, as such; any other column as it is."""
    numbers = plain_numbers(series) if series.dtype == pl.String else None
    return series if numbers is None else numbers


def _flat(frame: pl.DataFrame, word: str, target: str | None) -> list[str]:
    """Columns named by `word` that hold one number a row; of several, those whose names end in numbers go first."""
    names = [name for name in _matched(frame, word) if name != target]
    scalar = [name for name in names if frame[name].dtype.is_numeric() or frame[name].dtype == pl.String]
    numbered = [name for name in scalar if NUMBERED.fullmatch(name)]
    if len(scalar) > 1 and len(numbered) > 1:
        return sorted(numbered, key=_number)
    return [name for name in scalar if _numbers(frame[name]).dtype.is_numeric()]


def _named(frame: pl.DataFrame, overrides: Mapping[str, Role], role: Role, target: str | None) -> list[str]:
    found = {name for word, given in overrides.items() if given == role for name in _matched(frame, word)}
    return [name for name in frame.columns if name in found and name != target]


def _matched(frame: pl.DataFrame, word: str) -> list[str]:
    """Columns that a name or a wildcard means."""
    return [word] if word in frame.columns else [name for name in frame.columns if fnmatchcase(name, word)]


def _long(frame: pl.DataFrame, values: Sequence[str], overrides: Mapping[str, Role], target: str | None) -> Column:
    ids, times = (_named(frame, overrides, role, target) for role in (Role.ID, Role.DATETIME))
    for role, names in (("id", ids), ("datetime", times)):
        if len(names) > 1:
            got = ", ".join(names)
            raise BadOption(f"--column NAME={role}", wanted="one beside a series in long form", got=got)
    words = [name for name in values if not _numbers(frame[name]).dtype.is_numeric()]
    if words:
        raise BadOption(f"--column {words[0]}=series", wanted="a number in each row", got=f"{frame[words[0]].dtype}")
    order = (
        f"in the order of {times[0]}" if times else "in the order of the rows (name times with --column NAME=datetime)"
    )
    why = f"{frame[ids[0]].n_unique()} series, one each {ids[0]}, {order}"
    if len(values) > 1:
        why += f"; channels {', '.join(values)}"
    return Column(values[0], Role.SERIES, why, LONG, (ids[0], times[0] if times else "", *values))


def _runs(frame: pl.DataFrame, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Stems with their columns, in order of number, that look like the steps of a series."""
    stems: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if found := NUMBERED.fullmatch(name):
            stems[found[1]].append(name)
    runs = []
    for stem, members in stems.items():
        ordered = sorted(members, key=_number)
        at = [_number(name) for name in ordered]
        kinds = [_numbers(frame[name]).dtype for name in ordered]
        scalar = all(kind.is_numeric() or kind == pl.String for kind in kinds)
        words = sum(
            kind == pl.String and frame[name].null_count() < frame.height
            for kind, name in zip(kinds, ordered, strict=True)
        )
        if len(at) >= LEAST and scalar and at == list(range(at[0], at[0] + len(at))) and words <= MOST_WORDS * len(at):
            runs.append((stem, ordered))
    return runs


def _follows(frame: pl.DataFrame, names: Sequence[str]) -> bool:
    """Whether each column goes with the next one, as steps of a series do and features of a table, numbered, do not."""
    x_NT = np.stack([to_numbers(frame[name]).to_numpy() for name in names], axis=1).astype(np.float64)
    x_NT = np.nan_to_num(x_NT - np.nanmean(np.where(np.isnan(x_NT).all(axis=0), 0.0, x_NT), axis=0))
    long_T = np.sqrt(np.square(x_NT).sum(axis=0))
    alike_T = np.abs((x_NT[:, :-1] * x_NT[:, 1:]).sum(axis=0)) / np.maximum(long_T[:-1] * long_T[1:], 1e-12)
    return len(frame) < FEW or bool(np.median(alike_T) >= ALIKE)


def _number(name: str) -> int:
    found = NUMBERED.fullmatch(name)
    assert found is not None
    return int(found[2])


def _wide(frame: pl.DataFrame, stem: str, names: Sequence[str], said: str = "") -> Column:
    name = stem.rstrip(ENDS) or NAMELESS
    if name in frame.columns:
        name = f"{names[0]}..{names[-1]}"
    why = f"{len(names)} columns, {names[0]} to {names[-1]}" + (f"; {said}" if said else "")
    return Column(name, Role.SERIES, why, WIDE, tuple(names))
