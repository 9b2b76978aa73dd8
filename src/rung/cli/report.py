"""`rung report`: report.html again."""

import webbrowser
from typing import Annotated

import typer

from rung.cli.options import RunFolder
from rung.cli.show import screen


def command(
    run: RunFolder, show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False
) -> None:
    """Write a run's report.html again."""
    from rung.recipes.report import report

    path = report(run)
    screen().print(str(path), soft_wrap=True)
    if show:
        webbrowser.open(path.resolve().as_uri())
