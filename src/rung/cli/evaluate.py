"""`rung evaluate`: a run on labelled rows."""

from typing import Annotated, Optional

import typer

from rung.cli.options import AsJson, Data, RunFolder
from rung.cli.show import print_json, screen
from rung.cli.watch import waiting
from rung.report.console import findings_panel, scores_table, slices_table


def command(
    run: RunFolder,
    data: Data,
    slices: Annotated[
        Optional[list[str]], typer.Option("--slice", metavar="COL", help="Also score each value of it.")
    ] = None,
    sensitive: Annotated[
        Optional[list[str]], typer.Option(metavar="COL", help="Like --slice, for a column that must not matter.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score a run on labelled rows, with intervals and slices."""
    from rung.recipes.evaluate import evaluate

    with waiting(f"Reading {data}") as tell:
        found = evaluate(run, data, slice=tuple(slices or ()), sensitive=tuple(sensitive or ()), tell=tell)
    if as_json:
        print_json(found.to_json())
        return
    console = screen()
    if found.findings:
        console.print(findings_panel(found.findings))
    console.print(f"{found.n:,} rows")
    console.print(scores_table(found.scores))
    if found.slices:
        console.print(slices_table(found.slices))
