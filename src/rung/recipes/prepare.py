"""A table becomes rows that train, rows that judge and rows that stay closed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.audited import Near, Part
from rung.core.errors import NoSuchColumn, NothingToLearnFrom, TooFewRows, UsageError
from rung.core.types import FEATURES, Column, Finding, Ints, Plan, Role, Target, Task
from rung.data.album import by_content, with_places
from rung.data.copies import target_copies
from rung.data.damage import damage
from rung.data.dates import instants
from rung.data.fingerprint import fingerprint, split_hash
from rung.data.future import future_columns
from rung.data.gather import gathered
from rung.data.near import near_rows
from rung.data.read import read
from rung.data.roles import infer
from rung.data.splits import hold_out, plan, unit_keys
from rung.data.target import encode, unlabelled
from rung.data.units import content_codes
from rung.recipes.apply import unreadable_cells
from rung.recipes.chains import held_together
from rung.recipes.given import refuse_labels, refuse_lacking, undated
from rung.recipes.options import FitOptions

LEAST = 10  # rows that a share of test rows must leave to learn from
FAR = 0.1  # how far from what was asked the share of test rows may be before it is said
HUGE = 100_000  # bytes of one cell: no backbone, and no word count, reads beyond about so much


@dataclass(frozen=True)
class Prepared:
    """All that a climb needs to know of the data. The test labels are still a raw column: nothing learns of them."""

    name: str
    target_name: str
    columns: tuple[Column, ...]
    pool: Part
    test: Part
    target: Target
    plan: Plan
    findings: tuple[Finding, ...]
    fingerprint: str
    split_hash: str
    contents: NDArray[np.uint64]  # of the pool, where a row's content tells it from others
    test_given: bool = False  # not cut off the data
    source: str = ""  # as it was asked for; empty for a table that Python holds

    def open_test(self) -> tuple[Target, np.ndarray[Any, np.dtype[np.bool_]], tuple[Finding, ...]]:
        """Encode the test labels. Called once, after the climb: returns target, usable rows, findings."""
        encoded = encode(self.test.frame[self.target_name], task=self.target.task, labels=self.target.labels)
        named = tuple(self._in_file(finding) for finding in encoded.findings)
        return encoded.target, encoded.usable, named

    def _in_file(self, finding: Finding) -> Finding:
        """The finding with the numbers that its rows have in the file they came from."""
        rows = tuple(self.test.row[list(finding.rows)].tolist())
        return replace(finding, rows=rows, part="test" if self.test_given else "data")


def prepare(data: Any, options: FitOptions, test_rows: Any = None) -> Prepared:
    """Read `data`, infer roles, encode the target of the training side, split.

    test_rows: a table of test rows, where they do not come as options.test.

    Raises the DataError or UsageError that fits: see rung.core.errors.
    """
    sheet = read(data)
    given = test_rows if test_rows is not None else options.test if isinstance(options.test, str) else None
    given_test = None if given is None else read(given)
    test_frame = given_test.frame if given_test else sheet.test
    frame, target_name = sheet.frame, _target(options.target or sheet.target, sheet.frame.columns)
    columns, ahead = _roles(frame, target_name, options)
    frame = frame_read = with_places(gathered(frame, columns), columns, sheet.folder)
    if test_frame is not None:
        folder = given_test.folder if given_test else sheet.folder
        test_frame = with_places(gathered(test_frame, columns), columns, folder)
        refuse_lacking(test_frame, target_name, columns, given)
    readable, damaged = damage(frame, columns)
    if not readable.any():
        raise _nothing_readable(damaged)
    encoded = encode(_where(frame[target_name], readable), task=options.task)
    row = np.flatnonzero(encoded.usable & readable)
    frame, target = frame[row], encoded.target.take(row)
    if test_frame is not None:
        refuse_labels(test_frame[target_name], target, given)
        kept, test_damaged = damage(test_frame, columns, part="test")
        damaged += test_damaged
        test_frame = test_frame[test_row := np.flatnonzero(kept)]
    from_file, (near, near_test) = test_frame is not None, _near(frame, test_frame, columns)
    keys, cluster, chained = _units(frame, columns, options, near, row)
    inside, outside = _cut(target, (keys, cluster), frame, options, given=from_file)
    columns, copied = _without_copies(frame[inside], columns, target.take(inside))
    if copied:  # what copies told apart is equal now
        near, near_test = _near(frame, test_frame, columns)
        keys, cluster, chained = _units(frame, columns, options, near, row)
        inside, outside = _whole_units(inside, outside, cluster, options)
    every = Part(row, frame, tuple(keys), cluster, near)
    pool, test = every.take(inside), every.take(outside)
    if test_frame is not None:
        test = _whole(test_row, test_frame, columns, options.group, near_test)
    when = pool.frame[options.time] if options.time else None
    target = target.take(inside)
    columns = tuple(_with_task(column, target) for column in columns)
    decided = plan(target, list(pool.keys), pool.cluster, seed=options.seed, time=when)
    found = (
        *sheet.findings,
        *(given_test.findings if given_test else ()),
        *ahead,
        *copied,
        *damaged,
        *_labels_missed(encoded.findings, readable, target_name),
        *chained,
        *_content(pool, test, columns, options.time, from_file=from_file),
        *(_old_test_rows(pool, test, options) if options.group and options.time and test_frame is None else ()),
        *(_far_share(pool, test, options) if not from_file else ()),
    )
    hashes = _hashes(frame_read, pool, test, columns, decided)
    asked = str(data) if isinstance(data, str | Path) else ""
    return Prepared(sheet.name, target_name, columns, pool, test, target, decided, found, *hashes, from_file, asked)


def _hashes(
    frame: pl.DataFrame, pool: Part, test: Part, columns: tuple[Column, ...], decided: Plan
) -> tuple[str, str, NDArray[np.uint64]]:
    """Of the table, of the split and of each pool row that its content tells from others."""
    codes = content_codes(pool.frame, pool.keys, columns)
    return fingerprint(by_content(frame, columns)), split_hash(pool.keys, test.keys, decided), codes[codes > 0]


def _near(frame: pl.DataFrame, test: pl.DataFrame | None, columns: tuple[Column, ...]) -> tuple[Near, Near]:
    """Near copies among the rows and the test rows, sought once."""
    both = frame
    if test is not None:
        names = [column.name for column in columns if column.role in FEATURES]
        both = pl.concat([frame.select(names), test.select(names)], how="vertical_relaxed")
    near, every = near_rows(both, columns), np.arange(len(both))
    return near.take(every[: len(frame)]), near.take(every[len(frame) :])


def _whole_units(inside: Ints, outside: Ints, cluster: Ints, options: FitOptions) -> tuple[Ints, Ints]:
    """Test rows whose unit trains, since a copy of the target parts them no longer, train; in time the newest stay."""
    if options.time:
        return inside, outside
    torn = np.isin(cluster[outside], cluster[inside])
    return np.sort(np.concatenate([inside, outside[torn]])), outside[~torn]


def _whole(row: Ints, frame: pl.DataFrame, columns: tuple[Column, ...], group: str | None, near: Near) -> Part:
    keys, cluster = unit_keys(frame, columns, group if group in frame.columns else None, near.label)
    return Part(row, frame, tuple(keys), cluster, near)


def _units(
    frame: pl.DataFrame, columns: tuple[Column, ...], options: FitOptions, near: Near, row: Ints
) -> tuple[list[bytes], Ints, tuple[Finding, ...]]:
    """Content keys, units that never straddle, and what could not be held together; near copies only without a time."""
    together, chained = (None, ()) if options.time else held_together(near.label, row)
    return *unit_keys(frame, columns, options.group, together), chained


def _cut(
    target: Target, units: tuple[list[bytes], Ints], frame: pl.DataFrame, options: FitOptions, *, given: bool
) -> tuple[Ints, Ints]:
    """Rows to learn from and rows kept closed; none of these where test rows were given."""
    every = np.arange(len(frame), dtype=np.int64)
    if given:
        return every, every[:0]
    share, when = float(options.test), frame[options.time] if options.time else None
    inside, outside = (
        hold_out(target, *units, share=share, seed=options.seed, time=when) if share else (every, every[:0])
    )
    _refuse_few(share, len(inside))
    return inside, outside


def _refuse_few(share: float, rows: int) -> None:
    if rows < LEAST:
        wanted, fix = f"at least {LEAST} rows to learn from", "Give a smaller --test, or label more rows."
        raise TooFewRows(f"--test {share:g}", wanted=wanted, got=rows, fix=fix)


def _roles(frame: pl.DataFrame, target: str, options: FitOptions) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """Columns with their roles, and what was found to come from later rows and is left out."""
    columns = infer(frame, target=target, overrides=options.column, group=options.group, time=options.time)
    if not options.time:
        return columns, ()
    known = gathered(frame, columns)
    return future_columns(known, columns, time=options.time, group=options.group, kept=options.column)


def _without_copies(
    pool: pl.DataFrame, columns: tuple[Column, ...], target: Target
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """Columns with copies of the target left out, as the rows that train show them: test labels are not looked at."""
    left, found = target_copies(pool, columns, target)
    if not any(column.role in FEATURES for column in left):
        fix = "Add what is known before the target is, or keep a column with --column NAME=category."
        raise NothingToLearnFrom("table", wanted="a column that is no copy of the target", got=found[0].what, fix=fix)
    return left, found


def _target(name: str | None, among: Sequence[str]) -> str:
    if name is None:
        raise UsageError(
            "target", wanted="the column to predict (--target)", got="none", fix=f"Name one of {_few(among)}."
        )
    if name not in among:
        raise NoSuchColumn(name, among=list(among))
    return name


def _with_task(column: Column, target: Target) -> Column:
    if column.role is not Role.TARGET:
        return column
    said = {Task.REGRESSION: "numbers", Task.MULTILABEL: f"{len(target.labels)} labels, any number of them a row"}
    values = said.get(target.task, f"{len(target.labels)} classes")
    return replace(column, why=f"{column.why}; {target.task}: {values}")


def _old_test_rows(pool: Part, test: Part, options: FitOptions) -> tuple[Finding, ...]:
    """Say which test rows are not among the newest: a group counts as old as its newest row."""
    assert options.time is not None
    when_N = instants(pl.concat([pool.frame[options.time], test.frame[options.time]]), options.time)
    known = len(pool.row)
    rows = tuple(test.row[when_N[known:] <= when_N[:known].max(initial=-1)].tolist())
    what = f"{len(rows)} of {len(test.row)} test rows are no newer than some that train; their {options.group} is"
    fix = "With --group and --time a group is tested whole, and counts as old as its newest row."
    return (Finding("older_test_rows", what, rows, "note", fix),) if rows else ()


def _far_share(pool: Part, test: Part, options: FitOptions) -> tuple[Finding, ...]:
    asked, got = float(options.test), len(test.row) / (len(pool.row) + len(test.row))
    if abs(got - asked) <= FAR:
        return ()
    what = f"{got:.0%} of the rows are test rows, not {asked:.0%}: groups, equal rows and equal times stay whole"
    return (Finding("test_share", what, (), "warn", "Give test rows of your own with --test FILE, or a finer --time."),)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def _nothing_readable(damaged: Sequence[Finding]) -> NothingToLearnFrom:
    found = next(finding for finding in damaged if finding.check == "unreadable_file")
    fix = "Check the paths, and that the columns have the right roles (--column NAME=image or NAME=audio)."
    if "a series that" in found.what:
        return NothingToLearnFrom("series", wanted="some that can be read", got=found.what)
    return NothingToLearnFrom("files", wanted="some that can be read", got=found.what, fix=fix)


def _labels_missed(
    findings: Sequence[Finding], readable: np.ndarray[Any, np.dtype[np.bool_]], target: str
) -> tuple[Finding, ...]:
    """What encoding found, without the rows whose cells were hidden because their files can't be read."""
    found = []
    for finding in findings:
        rows = tuple(row for row in finding.rows if readable[row])
        if finding.check != "null_target" or rows == finding.rows:
            found.append(finding)
        elif rows:
            found.append(unlabelled(rows, len(readable), target))
    return tuple(found)


def _where(values: pl.Series, readable: np.ndarray[Any, np.dtype[np.bool_]]) -> pl.Series:
    """The column without the cells of rows that can't be used: their labels are not missed."""
    if readable.all():
        return values
    return values.to_frame().select(pl.when(pl.Series(readable)).then(pl.col(values.name)))[values.name]


def _content(
    pool: Part, test: Part, columns: tuple[Column, ...], time: str | None, *, from_file: bool
) -> tuple[Finding, ...]:
    """What would stop a row from being read as it is meant."""
    texts = [column.name for column in columns if column.role is Role.TEXT]
    huge = (_huge(pool, name) for name in texts)
    given = (*unreadable_cells(test.frame, columns, "test"), *undated(test.frame, time)) if from_file else ()
    return (*(each for each in huge if each), *given)


def _huge(pool: Part, name: str) -> Finding | None:
    over = np.flatnonzero((pool.frame[name].cast(pl.String).str.len_bytes().fill_null(0) > HUGE).to_numpy())
    what = f"{len(over)} cells of {name!r} hold over {HUGE:,} bytes; only their beginning is read"
    rows = tuple(int(pool.row[i]) for i in over)
    return Finding("huge_text", what, rows, "note", "Cut them into rows, or summarise them.") if rows else None
