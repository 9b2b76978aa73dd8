"""`rung audit`: what in the data will ruin a result."""

import sys
from typing import Annotated, Optional

import typer

from rung.cli.options import AsJson, Column, Data, Device, Group, Seed, Target, Task, Time, Workers
from rung.cli.show import fitted, print_json, screen
from rung.cli.watch import waiting
from rung.report.audited import audit_report


def command(  # house: the contract of interfaces.md, one parameter a flag
    data: Data,
    target: Target = None,
    test: Annotated[Optional[str], typer.Option(help="Test rows: leaks between the two are looked for.")] = None,
    group: Group = None,
    time: Time = None,
    out: Annotated[Optional[str], typer.Option("-o", "--out", metavar="DIR", help="Write DIR/audit.json.")] = None,
    fix: Annotated[
        Optional[str], typer.Option(metavar="FILE", help="Write a cleaned copy, and a log of each change.")
    ] = None,
    redact: Annotated[
        Optional[str], typer.Option(metavar="FILE", help="Write a copy with placeholders for personal data, and a log.")
    ] = None,
    task: Task = None,
    backbone: Annotated[
        Optional[list[str]], typer.Option(help="What embeds the rows; of those on this machine if left out.")
    ] = None,
    column: Column = None,
    seed: Seed = 0,
    workers: Workers = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Tell what in labelled data will ruin a result, before anything is trained."""
    with waiting(f"Reading {data}") as tell:
        from rung.recipes.audit import audit

        found = audit(
            data,
            target=target,
            test=test,
            group=group,
            time=time,
            out=out,
            fix=fix,
            redact=redact,
            task=task,
            backbone=backbone,
            column=column,
            seed=seed,
            workers=workers,
            device=device,
            tell=tell,
        )
    if as_json:
        print_json(found.to_json())
        return
    screen().print(audit_report(found.name, (found.rows, found.test_rows), found.findings, found.seconds))
    for copy in found.written:
        made = f"{copy.kept:,} of {copy.rows:,} rows, {sum(copy.changes.values()):,} changes"
        paths = str(copy.path), str(copy.log)
        said = fitted(f"\nWritten: {paths[0]} ({made}: see {paths[1]})", paths, to=sys.stdout)
        screen().print(said, soft_wrap=True)
    if out:
        screen().print(f"\nAll rows: {out}/audit.json", soft_wrap=True)
