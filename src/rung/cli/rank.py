"""`rung rank`: which backbone suits the data."""

from typing import Annotated, Optional

import typer

from rung.cli.options import (
    AsJson,
    Column,
    Data,
    Device,
    Group,
    Licence,
    MaxLatency,
    MaxSize,
    Seed,
    Target,
    Task,
    Time,
    Workers,
)
from rung.cli.show import print_json, screen
from rung.cli.watch import waiting
from rung.report.ranking import ranking_table
from rung.report.units import count


def command(  # house: the contract of interfaces.md, one parameter a flag
    data: Data,
    target: Target = None,
    backbone: Annotated[
        Optional[list[str]],
        typer.Option(help="A candidate, named as for fit; may be repeated. Left out: all that are on this machine."),
    ] = None,
    max_latency: MaxLatency = None,
    max_size: MaxSize = None,
    licence: Licence = None,
    task: Task = None,
    metric: Annotated[Optional[str], typer.Option(help="What decides; accuracy, micro_f1 or r2 if left out.")] = None,
    group: Group = None,
    time: Time = None,
    column: Column = None,
    seed: Seed = 0,
    workers: Workers = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Tell which backbone suits labelled data, and at what cost."""
    with waiting(f"Reading {data}") as tell:
        from rung.recipes.rank import rank

        found = rank(
            data,
            target=target,
            backbone=backbone,
            max_latency=max_latency,
            max_size=max_size,
            licence=licence,
            task=task,
            metric=metric,
            group=group,
            time=time,
            column=column,
            seed=seed,
            workers=workers,
            device=device,
            tell=tell,
        )
    if as_json:
        print_json(found.to_json())
        return
    console = screen()
    console.print(f"{count(len(found.backbones), 'candidate')} on {found.rows:,} rows, in {found.seconds:.0f} s\n")
    console.print(ranking_table(found))
    console.print(f"\n{found.why}", markup=False)
