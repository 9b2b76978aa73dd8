"""`rung backbones`: what is known, what is here."""

from typing import Annotated, Optional

import typer

from rung.cli.options import AsJson
from rung.cli.show import print_json, screen
from rung.report.console import backbones_table


def command(
    modality: Annotated[Optional[str], typer.Option(help="Only this one: text.")] = None,
    licence: Annotated[Optional[str], typer.Option(help="Only licences whose name holds this.")] = None,
    max_params: Annotated[Optional[int], typer.Option(help="At most so many parameters.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the backbones that are known and those on this machine."""
    from rung.recipes.backbones import backbones

    found = backbones(modality=modality, licence=licence, max_params=max_params)
    rows = [known.to_json() for known in found]
    if as_json:
        print_json(rows)
    else:
        screen().print(backbones_table(rows))
