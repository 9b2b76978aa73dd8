"""`rung demo`: the main job without any download."""

from typing import Annotated, Optional

import typer

from rung.cli.options import AsJson, Seed
from rung.cli.show import print_json
from rung.cli.watch import watched


def command(
    out: Annotated[Optional[str], typer.Option("-o", "--out", help="The run folder.")] = None,
    seed: Seed = 0,
    budget: Annotated[Optional[str], typer.Option(help="Time that the climb may take.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the main job on embedded data and backbone."""
    with watched("Reading the docstrings of installed libraries") as view:
        from rung.recipes.demo import demo

        run = demo(out=out, seed=seed, budget=budget, view=view)
    if as_json:
        print_json({"run": str(run.path), **run.evidence.to_json()})
    else:
        view.close(run)
