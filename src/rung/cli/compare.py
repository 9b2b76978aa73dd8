"""`rung compare`: two runs on the same rows."""

from typing import Annotated, Optional

import typer

from rung.cli.options import AsJson
from rung.cli.show import print_json, screen
from rung.cli.watch import waiting
from rung.report.console import findings_panel, scores_table


def command(
    first: Annotated[str, typer.Argument(metavar="RUN", help="A folder made by rung fit.")],
    second: Annotated[str, typer.Argument(metavar="RUN", help="Another one, of the same task.")],
    on: Annotated[Optional[str], typer.Option(metavar="DATA", help="Labelled rows to compare on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge two runs on the same rows: a paired verdict."""
    from rung.recipes.compare import compare

    with waiting(f"Reading {on or 'both runs'}") as tell:
        found = compare(first, second, on=on, tell=tell)
    if as_json:
        print_json(found.to_json())
        return
    console = screen()
    if found.findings:
        console.print(findings_panel(found.findings))
    console.print(scores_table(found.scores))
    console.print(found.sentence)
