"""`rung fit`: climb the ladder and write a run."""

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
from rung.cli.show import print_json
from rung.cli.watch import watched


def command(  # house: the contract of interfaces.md, one parameter a flag
    data: Data,
    target: Target = None,
    out: Annotated[Optional[str], typer.Option("-o", "--out", help="The run folder; runs/NAME if left out.")] = None,
    test: Annotated[
        Optional[str], typer.Option(help="A file of rows kept closed until the end, or a share of DATA.")
    ] = None,
    task: Task = None,
    metric: Annotated[Optional[str], typer.Option(help="What decides; accuracy, micro_f1 or r2 if left out.")] = None,
    budget: Annotated[Optional[str], typer.Option(help="Time that the climb may take, such as 10m.")] = None,
    max_rung: Annotated[Optional[str], typer.Option(help="The last rung that may be tried.")] = None,
    rungs: Annotated[Optional[str], typer.Option(help="Only these rungs, a,b,c; prior is always the first.")] = None,
    backbone: Annotated[
        Optional[list[str]],
        typer.Option(help="A catalog id, a folder, a state dict, hf:owner/name, timm:name, onnx:FILE or run:RUN."),
    ] = None,
    max_latency: MaxLatency = None,
    max_size: MaxSize = None,
    licence: Licence = None,
    group: Group = None,
    time: Time = None,
    column: Column = None,
    seed: Seed = 0,
    workers: Workers = None,
    device: Device = "auto",
    ensemble: Annotated[bool, typer.Option("--ensemble", help="Try a blend of the rungs in the end.")] = False,
    confidence: Annotated[
        Optional[float],
        typer.Option(metavar="0.5-1", help="How sure a gain must be; 0.95 if left out, 0.84 of up to 400 rows."),
    ] = None,
    min_gain: Annotated[
        float, typer.Option(metavar="POINTS", help="Least gain worth over twice the latency or size.")
    ] = 0.5,
    settings: Annotated[
        Optional[list[str]],
        typer.Option("--set", metavar="RUNG.SETTING=VALUE", help="A setting of one rung; may be repeated."),
    ] = None,
    lr: Annotated[
        Optional[str],
        typer.Option("--lr", metavar="RATE|find", help="Learning rate of rungs that train; find tests it."),
    ] = None,
    search: Annotated[int, typer.Option(help="Settings each rung that trains may try, two a fold at least.")] = 0,
    storage: Annotated[
        Optional[str], typer.Option(metavar="URL", help="A database, sqlite:///FILE, where machines share one search.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted fit.")] = False,
    as_json: AsJson = False,
) -> None:
    """Climb the ladder on labelled data and write a run: bundle, evidence, report."""
    with watched(f"Reading {data}") as view:
        from rung.recipes.fit import fit

        run = fit(
            data,
            target=target,
            out=out,
            test=test,
            task=task,
            metric=metric,
            budget=budget,
            max_rung=max_rung,
            rungs=rungs,
            backbone=backbone,
            max_latency=max_latency,
            max_size=max_size,
            licence=licence,
            group=group,
            time=time,
            column=column,
            seed=seed,
            workers=workers,
            device=device,
            ensemble=ensemble,
            confidence=confidence,
            min_gain=min_gain,
            set=settings,
            lr=lr,
            search=search,
            storage=storage,
            resume=resume,
            view=view,
        )
    if as_json:
        print_json({"run": str(run.path), **run.evidence.to_json()})
    else:
        view.close(run)
