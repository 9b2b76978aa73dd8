"""A cleaned copy of a table, and the log of each change: what `rung audit --fix` and `--redact` write.

Expected ending: two files, the copy and, by the same name, .changes.jsonl, one line a change; the table is as it was.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from rung.audit.encoding import repairs
from rung.audit.personal import LOOKED_AT, redactions
from rung.bundle.io import honest_disk, refuse_closed, write
from rung.core.audited import Audited, Change
from rung.core.errors import BadOption
from rung.core.types import FEATURES, Finding, Role
from rung.data.copies import COPIED
from rung.data.units import spelling
from rung.data.words import as_words
from rung.recipes.predict import ENDINGS, write_table

USELESS = ("null_target", "unreadable_file", "empty_text", "duplicates")  # rows that teach nothing, or nothing new


@dataclass(frozen=True)
class Copy:
    """What was written. rows, kept: of the table as it was, and of the copy; changes: how many by their finding."""

    path: str
    rows: int
    kept: int
    changes: dict[str, int]
    log: str


Mend = Callable[[pl.DataFrame, Audited, Finding], Iterator[Change]]


def refuse_place(option: str, path: str | Path | None, given: Sequence[Any]) -> None:
    """Raise BadOption for a file of a kind that no table is written to, and for one of those that were given.

    Raises FolderInUse where the file's folder is closed.
    """
    own = [Path(each).resolve() for each in given if isinstance(each, str | Path)]
    if path is not None and Path(path).resolve() in own:
        raise BadOption(option, wanted="a file of its own: nothing of the data is changed", got=str(path))
    if path is not None and Path(path).suffix.lower() not in ENDINGS:
        raise BadOption(option, wanted=f"a file ending in {', '.join(ENDINGS)}", got=str(path))
    if path is not None:
        refuse_closed(Path(path).parent)


def fixes(frame: pl.DataFrame, rows: Audited, findings: Sequence[Finding]) -> list[Change]:
    """What can be mended without asking a person, the table as it was read: each change with the finding behind it.

    Rows without a label, without content (a blank image is none) or that can't be read are left out, as are all but the
    first of equal rows, the fewer of rows that disagree (all of them where none are more), and rows that stand in the
    given test too; spellings of one label become the most frequent; damaged letters are read aright; copies of the
    target are left out. Likely wrong labels stay.
    """
    found: list[Change] = []
    for finding in findings:
        if finding.part == "data" or finding.check == "shared_rows":
            found += MENDS.get(finding.check, _nothing)(frame, rows, finding)
    return list({(each.row, each.column): each for each in reversed(found)}.values())[::-1]


def placeholders(frame: pl.DataFrame, rows: Audited) -> list[Change]:
    """Every cell with personal data, written with placeholders."""
    names = [name for name in rows.names(*LOOKED_AT) if name in frame.columns]
    return [change for name in names for change in redactions(frame, name)]


def of_rows_kept(changes: Sequence[Change]) -> list[Change]:
    """The changes without those of cells in rows that are left out: no such cell is written."""
    out = {each.row for each in changes if each.column is None}
    return [each for each in changes if each.column is None or each.row not in out or each.row is None]


def cells_of(changes: Sequence[Change]) -> list[Change]:
    """The changes of single cells."""
    return [each for each in changes if each.row is not None and each.column is not None]


def changed(frame: pl.DataFrame, changes: Sequence[Change]) -> pl.DataFrame:
    """The table after the changes.

    >>> table = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    >>> changed(table, [Change("t", 0, None), Change("t", 1, "b", "y", "Y"), Change("t", None, "a")]).to_dicts()
    [{'b': 'Y'}, {'b': 'z'}]
    """
    for name in dict.fromkeys(each.column for each in changes if each.column is not None and each.row is not None):
        cells = frame[name].to_list()
        for each in changes:
            if each.column == name and each.row is not None:
                cells[each.row] = each.after
        text = any(isinstance(cell, str) for cell in cells)
        frame = frame.with_columns(pl.Series(name, cells, dtype=pl.String if text else frame[name].dtype, strict=False))
    out = {each.row for each in changes if each.column is None}
    kept = [row for row in range(frame.height) if row not in out]
    return frame[kept].drop([each.column for each in changes if each.row is None and each.column is not None])


def write_copy(frame: pl.DataFrame, changes: Sequence[Change], path: Path) -> Copy:
    """Write the changed table to `path` and the log beside it. Raises DiskFull, and BadOption for cells of no text."""
    table, log = changed(frame, changes), path.with_suffix(".changes.jsonl")
    odd = [name for name, dtype in table.schema.items() if dtype.is_nested() or dtype == pl.Binary]
    if odd and path.suffix.lower() in (".csv", ".tsv"):
        raise BadOption(str(path), wanted="a .parquet file, as a column holds more than text", got=odd[0])
    lines = [json.dumps(asdict(each), ensure_ascii=False, default=str) for each in changes]
    with honest_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_table(table, path)
        write(log, "".join(f"{line}\n" for line in lines).encode())
    return Copy(str(path), frame.height, table.height, dict(Counter(each.check for each in changes)), str(log))


def _nothing(_frame: pl.DataFrame, _rows: Audited, _finding: Finding) -> Iterator[Change]:
    yield from ()


def _leave_out(_frame: pl.DataFrame, _rows: Audited, finding: Finding) -> Iterator[Change]:
    for place, row in enumerate(finding.rows):
        yield Change(finding.check, row, None, finding.names[place] if finding.names else None)


def _blank(frame: pl.DataFrame, rows: Audited, finding: Finding) -> Iterator[Change]:
    """Rows that are a blank image and nothing else."""
    if len(rows.names(*FEATURES)) == 1:
        yield from _leave_out(frame, rows, finding)


def _shared(_frame: pl.DataFrame, rows: Audited, finding: Finding) -> Iterator[Change]:
    """The training rows that stand in the test: the test stays what it was."""
    held = set(rows.test.keys)
    for row, key in zip(rows.pool.row.tolist(), rows.pool.keys, strict=True):
        if key in held:
            yield Change(finding.check, row, None)


def _outvoted(_frame: pl.DataFrame, rows: Audited, finding: Finding) -> Iterator[Change]:
    """Of rows with one content those whose target is not that of most; all of them where no target is."""
    place = {row: i for i, row in enumerate(rows.pool.row.tolist())}
    said = {row: str(rows.target.value[place[row]]) for row in finding.rows if row in place}
    votes: dict[bytes, Counter[str]] = {}
    for row, target in said.items():
        votes.setdefault(rows.pool.keys[place[row]], Counter())[target] += 1
    for row, target in said.items():
        ballot = votes[rows.pool.keys[place[row]]].most_common(2)
        tied = len(ballot) > 1 and ballot[0][1] == ballot[1][1]
        if tied or target != ballot[0][0]:
            yield Change(finding.check, row, None)


def _one_spelling(frame: pl.DataFrame, rows: Audited, finding: Finding) -> Iterator[Change]:
    """The most frequent spelling in the place of the others; of equally frequent ones, the first by name."""
    words = as_words(frame[rows.target_name]).to_list()
    counts = Counter(word for word in words if word is not None)
    best: dict[str, str] = {}
    for word in sorted(counts, key=lambda each: (-counts[each], each)):
        best.setdefault(spelling(word), word)
    for row in finding.rows:
        word = words[row]
        if word is not None and best[spelling(word)] != word:
            yield Change(finding.check, row, rows.target_name, word, best[spelling(word)])


def _repaired(_frame: pl.DataFrame, rows: Audited, finding: Finding) -> Iterator[Change]:
    ((_, part),) = [side for side in rows.sides() if side[0] == "data"]
    for name in rows.names(Role.TEXT):
        yield from (change for change in repairs(part, name) if change.row in finding.rows)


def _uncopied(frame: pl.DataFrame, rows: Audited, finding: Finding) -> Iterator[Change]:
    """The columns that were left out for being the target; one that the user named stays."""
    for column in rows.columns:
        if column.why == COPIED and column.name in frame.columns:
            yield Change(finding.check, None, column.name)


MENDS: dict[str, Mend] = {
    **dict.fromkeys(USELESS, _leave_out),
    "blank_image": _blank,
    "shared_rows": _shared,
    "conflicting_labels": _outvoted,
    "label_twins": _one_spelling,
    "mojibake": _repaired,
    "target_copy": _uncopied,
}
