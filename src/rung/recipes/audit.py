"""Audit: what in the rows will ruin the result, found before a minute of training is spent.

Expected ending: an Audit whose findings stand with the most serious first; nothing of the data was changed.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from rung.audit.battery import Ran, in_order, run
from rung.bundle.io import honest_disk, refuse_closed, write
from rung.core.audited import Audited
from rung.core.contracts import Embedders
from rung.core.errors import BadOption
from rung.core.types import Column, Finding, Progress, Role, Tell, silent
from rung.data.album import with_places
from rung.data.read import read
from rung.recipes.audited import audited, having, opened, through
from rung.recipes.choice import deciding
from rung.recipes.far import far_texts
from rung.recipes.machine import use_threads
from rung.recipes.mend import Copy, cells_of, changed, fixes, of_rows_kept, placeholders, refuse_place, write_copy
from rung.recipes.options import checked
from rung.recipes.pick import embedders_here
from rung.recipes.prepare import Prepared, prepare
from rung.recipes.truncation import truncated


@dataclass(frozen=True)
class Audit:
    """What an audit showed. rows, test_rows: how many were looked at; findings: the most serious first."""

    name: str
    rows: int
    test_rows: int
    columns: tuple[Column, ...]
    findings: tuple[Finding, ...]
    checks: tuple[Ran, ...]
    seconds: float
    written: tuple[Copy, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {name: found[name] for name in ("block", "warn", "note")}

    def to_json(self) -> dict[str, Any]:
        """What audit.json holds: every finding with all its rows, and which checks ran."""
        return {
            "name": self.name,
            "rows": self.rows,
            "test_rows": self.test_rows,
            "columns": [asdict(column) for column in self.columns],
            "counts": self.counts,
            "findings": [asdict(finding) for finding in self.findings],
            "checks": [asdict(each) for each in self.checks],
            "written": [asdict(each) for each in self.written],
            "seconds": self.seconds,
        }


def audit(  # house: the contract of interfaces.md, one argument a flag
    data: Any,
    *,
    target: str | None = None,
    test: Any = None,
    group: str | None = None,
    time: str | None = None,
    out: str | Path | None = None,
    fix: str | Path | None = None,
    redact: str | Path | None = None,
    task: str | None = None,
    backbone: str | Sequence[str] | None = None,
    column: Mapping[str, str] | Sequence[str] | None = None,
    seed: int = 0,
    workers: int | None = None,
    device: str = "auto",
    tell: Tell = silent,
) -> Audit:
    """Look through the rows of `data` for what will ruin a result; nothing is trained but heads on embeddings.

    test: the file or table of test rows, where there is one: leaks between the two and shift are looked for. out: a
    folder for audit.json. fix: a file for a cleaned copy of the data; redact: for one with placeholders in the place
    of personal data (both in one where they are the same file); a log of each change is written beside. The others
    as in `rung.fit`; what a fit embeds later is not embedded twice.
    Raises what `rung.fit` raises of data and options.
    """
    begun = perf_counter()
    is_table = test is not None and not isinstance(test, str | Path)
    options = checked(
        "audit",
        target=target,
        test=str(test) if isinstance(test, str | Path) else 0,
        task=task,
        group=group,
        time=time,
        column=column,
        backbone=backbone,
        seed=seed,
        workers=workers,
        device=device,
    )
    if out is not None:
        refuse_closed(Path(out))
    refuse_place("--fix", fix, (data, test))
    refuse_place("--redact", redact, (data, test))
    use_threads(options.workers)
    prepared = prepare(data, options, test if is_table else None)
    deciding(options.metric, prepared.target.task)
    embedders = embedders_here(options, prepared)
    found = looked_through(prepared, embedders, seed=options.seed, time=options.time, tell=tell)
    written = _copies(data, audited(prepared, seed=options.seed), found.findings, fix, redact)
    found = replace(found, written=written, seconds=perf_counter() - begun)
    if out is not None:
        folder = Path(out)
        content = json.dumps(found.to_json(), indent=1, ensure_ascii=False, default=str).encode()
        with honest_disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write(folder / "audit.json", content)
    return found


def _copies(
    data: Any, rows: Audited, findings: Sequence[Finding], fix: str | Path | None, redact: str | Path | None
) -> tuple[Copy, ...]:
    wanted = [path for path in dict.fromkeys((fix, redact)) if path is not None]
    if wanted and any(column.form == "long" for column in rows.columns):
        raise BadOption("--fix or --redact", wanted="a table with a row an example", got="one with a row a time step")
    if not wanted:
        return ()
    sheet = read(data)
    frame, written = with_places(sheet.frame, rows.columns, sheet.folder), []
    for path in wanted:
        changes = fixes(frame, rows, findings) if path == fix else []
        hidden = placeholders(changed(frame, cells_of(changes)), rows) if path == redact else []
        written.append(write_copy(frame, of_rows_kept([*changes, *hidden]), Path(path)))
    return tuple(written)


def looked_through(
    prepared: Prepared, embedders: Embedders, *, seed: int, time: str | None = None, tell: Tell = silent
) -> Audit:
    """Every check on prepared rows, the test labels opened: for an audit, which has nothing to keep them closed for."""
    rows = through(audited(prepared, seed=seed, time=time), embedders, tell)
    words = embedders.get(Role.TEXT)
    noticed = prepared.findings
    if words is not None:
        noticed += (*truncated(prepared, words), *far_texts(prepared, words))
    if len(prepared.test.row):
        target, usable, about = prepared.open_test()
        noticed += about
        rows = opened(rows, target, usable.nonzero()[0])
    report = run(rows, having(rows, embedders), tell=lambda title: tell(Progress(title, 0, 0, "")))
    findings = in_order((*noticed, *report.findings))
    counts = len(prepared.pool.row), len(prepared.test.row)
    return Audit(prepared.name, *counts, prepared.columns, findings, report.ran, 0.0)
