"""`rung backbones`: what is known, what is here."""

from typing import Annotated, Optional

import typer

from rung.cli.options import AsJson
from rung.cli.show import print_json, screen
from rung.report.console import backbones_table

Text = Optional[str]


def command(  # house: the contract of interfaces.md, one argument a flag
    modality: Annotated[Text, typer.Option(help="Only what reads this: text, image, audio, series.")] = None,
    family: Annotated[Text, typer.Option(help="Only this architecture, such as bert.")] = None,
    licence: Annotated[Text, typer.Option(help="permissive, or part of the licence's name.")] = None,
    max_params: Annotated[Optional[int], typer.Option(help="At most so many parameters.")] = None,
    max_size: Annotated[Text, typer.Option(help="At most so large a download, such as 100MB.")] = None,
    language: Annotated[Text, typer.Option(help="Only what knows this language, by its code, such as de.")] = None,
    domain: Annotated[Text, typer.Option(help="Only what was trained on this: legal, speech, ...; or edge.")] = None,
    here: Annotated[bool, typer.Option("--here", help="Only those on this machine.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the backbones that are known and those on this machine."""
    from rung.recipes.backbones import backbones

    found = backbones(
        modality=modality,
        family=family,
        licence=licence,
        max_params=max_params,
        max_size=max_size,
        language=language,
        domain=domain,
        here=here,
    )
    rows = [known.to_json() for known in found]
    if as_json:
        print_json(rows)
    else:
        screen().print(backbones_table(rows))
