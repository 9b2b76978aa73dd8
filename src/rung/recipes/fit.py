"""Fit: read, split, embed, climb, finish, write. Kill it anywhere; with resume it goes on.

Expected ending: RUN/run.json exists only when everything else does; what stands in evidence.json is the same
whether or not the climb was interrupted, seconds aside.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from rung.adapt.frozen import Frozen
from rung.adapt.settings import checked_settings, for_rungs, suit
from rung.adapt.training.trials import opened
from rung.bundle.blend import mixed
from rung.bundle.io import honest_disk
from rung.core.contracts import Embedders, Job, Model, Rung
from rung.core.evidence import LEAST
from rung.core.extras import need
from rung.core.processes import leads
from rung.core.types import Finding, Floats, Role, Tell
from rung.recipes.ablation import worth_of_parts
from rung.recipes.audited import noticed, noticed_late
from rung.recipes.choice import deciding, for_columns, rungs_of, said_of
from rung.recipes.climb import Climbed, Ladder, Step, climb
from rung.recipes.ensemble import NAME as ENSEMBLE
from rung.recipes.ensemble import members_of, with_ensemble
from rung.recipes.far import far_rows, far_texts
from rung.recipes.finish import Finished, Opened, finish, measure_curve
from rung.recipes.forgetting import measure_forgetting
from rung.recipes.given import refuse_unscored
from rung.recipes.job import job_of
from rung.recipes.journal import Journal
from rung.recipes.machine import free_memory, use_threads
from rung.recipes.measure import milliseconds, seen
from rung.recipes.options import FitOptions, checked
from rung.recipes.pick import pick
from rung.recipes.place import run_folder
from rung.recipes.predictions import spoken, truth
from rung.recipes.prepare import Prepared, prepare
from rung.recipes.refit import refitted
from rung.recipes.run import Run
from rung.recipes.run import load as load_run
from rung.recipes.state import State
from rung.recipes.together import Reader, agreed, wait
from rung.recipes.transfer import twins_of
from rung.recipes.truncation import truncated
from rung.recipes.view import Logged, Quiet, View
from rung.recipes.write import Delivery, with_evidence, write_run

GIVEN = "a table"  # what the options say of test rows that came without a file


def fit(  # house: the contract of interfaces.md, one argument a flag
    data: Any,
    *,
    target: str | None = None,
    out: str | Path | None = None,
    test: Any = None,
    task: str | None = None,
    metric: str | None = None,
    budget: str | float | None = None,
    max_rung: str | None = None,
    rungs: str | Sequence[str] | None = None,
    backbone: str | Sequence[str] | None = None,
    max_latency: str | float | None = None,
    max_size: str | int | None = None,
    licence: str | None = None,
    group: str | None = None,
    time: str | None = None,
    column: Any = None,
    seed: int = 0,
    workers: int | None = None,
    device: str = "auto",
    ensemble: bool = False,
    confidence: float | None = None,
    min_gain: float = LEAST,
    set: Any = None,  # noqa: A002  # the flag's word
    lr: float | str | None = None,
    search: int = 0,
    storage: str | None = None,
    resume: bool = False,
    view: View | None = None,
) -> Run:
    """Climb the ladder on `data` and write a run folder; returns the run, ready to predict.

    data: path, DataFrame, Arrow, datasets.Dataset. target: the column to predict. out: the run folder (default
    runs/NAME). test: a file or table, or the share of rows kept closed until the end (0.2). budget: "10m". rungs,
    max_rung: which rungs may be tried. group, time: columns that rows may not straddle, or that order them. column:
    roles to override, {"age": "number"}. backbone: several are ranked, see rung.rank, within max_latency ("5ms"),
    max_size ("100MB") and licence ("permissive"). ensemble: try a blend of the rungs in the end. confidence: how sure a
    gain must be, 0.5 to below 1 (0.95; of up to 400 rows 0.84). min_gain: points that it must bring at over twice the
    latency or size. set: options of rungs, {"lora.rank": 16}. lr: learning rate of rungs that train, or "find". search:
    settings that each of them may try (extra "search"); storage: URL of a database where several machines share that
    search. resume: go on with an interrupted fit of the same options and data.
    Raises the RungError that says what is wrong: DataError (exit 3), UsageError (2), NoBackbone, DiskFull.
    """
    options = checked(
        target=target,
        test=GIVEN if _is_table(test) else test,
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
        set=set,
        lr=lr,
        search=search,
        storage=storage,
    )
    started = perf_counter()
    view = view or Quiet()
    chosen = rungs_of(options)
    asked = {"lr": options.lr, "search": options.search}
    for_rungs(checked_settings(options.set), [rung.name for rung in chosen], asked)
    if options.search:
        need("optuna", "search")
        if options.storage and leads():
            opened(options.storage)
    use_threads(options.workers)
    prepared = noticed(prepare(data, options, test if _is_table(test) else None), options)
    suit(options.set, prepared.columns)
    if isinstance(options.test, str):
        labels = prepared.test.frame[prepared.target_name]
        refuse_unscored(labels, prepared.target, None if _is_table(test) else options.test)
    folder = agreed(run_folder(out, prepared.name, resume=resume) if leads() else Path())
    anew = resume and not (folder / "state").is_dir()
    state = State(folder, {"options": options.model_dump(mode="json"), "data": prepared.split_hash})
    if (folder / "run.json").is_file():
        finished = load_run(folder)
        state.same(finished.manifest.get("key", ""))
        return finished  # resumed, and there was nothing left to do
    deciding(options.metric, prepared.target.task)  # a wrong name must not leave a folder behind
    clock = (lambda: _left(options, started)), view.progress
    picked = pick(options, prepared, chosen, state.notebook(), clock)
    prepared = replace(prepared, findings=(*prepared.findings, *picked.findings()))
    rows = len(prepared.target)
    chosen = tuple(
        sorted(
            for_columns(chosen, prepared.columns, options.rungs),
            key=lambda rung: rung.turn(rows) if hasattr(rung, "turn") else rung.order,
        )
    )
    if leads():
        with honest_disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
        state.open()
        picked.keep(state.notebook())
    wait()
    journal = Journal(folder)
    journal.say("start", data=prepared.name, options=options.model_dump(mode="json"), resume=resume)
    if picked.ranking is not None:
        journal.say("ranked", chosen=picked.ranking.chosen, why=picked.ranking.why, seconds=picked.ranking.seconds)
    watched = Logged(view, journal.say, options.device)
    if anew:
        watched.noticed(
            (Finding("new_run", f"--resume found nothing to go on with in {folder}: it is a new run", (), "note"),)
        )
    delivery = _climb_and_finish(prepared, options, chosen, picked.embedders, (started, watched, state))
    delivery = with_evidence(delivery, ranking=picked.ranking)
    if leads():
        write_run(folder, delivery)
        journal.say("done", seconds=perf_counter() - started)
        state.clear()
    wait()
    return load_run(folder)


def _is_table(test: Any) -> bool:
    return test is not None and not isinstance(test, str | Path | float | int)


def _climb_and_finish(
    prepared: Prepared,
    options: FitOptions,
    chosen: Sequence[Rung],
    embedders: Embedders,
    around: tuple[float, View, State],
) -> Delivery:
    started, view, state = around
    first = next(iter(embedders.values()), None)
    inputs = seen(prepared.pool.frame, prepared.columns, embedders, view.progress)
    words = embedders.get(Role.TEXT)
    cut = (*truncated(prepared, words), *far_texts(prepared, words)) if words else ()
    findings = (*prepared.findings, *cut, *said_of(embedders, prepared.columns, chosen))
    notebook = state.notebook() if leads() else Reader(state.notebook())
    job = job_of(prepared, options, inputs, embedders, notebook, view.progress)
    view.data(prepared.columns, findings, {"train": len(prepared.pool.row), "test": len(prepared.test.row)})
    ladder = _ladder(options, chosen, embedders, around)
    climbed = climb(job, ladder)
    job = replace(job, plan=climbed.plan or job.plan)
    if options.ensemble:
        climbed = with_ensemble(job, ladder, climbed)
    late = noticed_late(prepared, options, embedders, job, climbed)
    view.noticed(late := (*far_rows(job, climbed, findings), *late))
    findings += late
    learning = _curve(job, climbed, ladder.left)
    climbed, trained_on = refitted(job, chosen, climbed, ladder.left)
    parts = worth_of_parts(job, climbed, ladder.left)
    opened = _open(job, prepared, climbed, embedders, view.progress)
    view.noticed(opened.findings)
    forgotten = measure_forgetting(job, climbed, first)
    finished: Finished = finish(job, climbed, opened, learning, trained_on, forgotten, findings)
    delivery = Delivery(
        prepared,
        options,
        job,
        climbed,
        opened,
        finished,
        embedders,
        (*findings, *opened.findings),
        state.key,
        perf_counter() - started,
    )
    return with_evidence(delivery, parts=parts)


def _ladder(
    options: FitOptions, chosen: Sequence[Rung], embedders: Embedders, around: tuple[float, View, State]
) -> Ladder:
    """The rungs, and what hangs on the clock: the same in every process that climbs together."""
    started, view, state = around

    def left() -> float:
        return agreed(_left(options, started))

    def latency(model: Model, job: Job) -> float:
        return agreed(milliseconds(model, job, embedders))

    def free() -> float:
        return agreed(free_memory(options.device))

    def keep(step: Step) -> None:
        if leads():
            state.keep(step)

    return Ladder(chosen, view, left, state.kept, keep, latency, free)


def _left(options: FitOptions, started: float) -> float:
    """Seconds of the budget that are left."""
    return float("inf") if options.budget is None else options.budget - (perf_counter() - started)


def _open(job: Job, prepared: Prepared, climbed: Climbed, embedders: Embedders, tell: Tell) -> Opened:
    target, usable, findings = prepared.open_test()
    index = np.flatnonzero(usable)
    inputs = seen(prepared.test.frame[index], prepared.columns, embedders, tell)
    predicted: dict[str, Floats] = {}
    for step in climbed.steps:
        if step.evidence.name == ENSEMBLE and step.model is not None:  # its members' predictions are at hand
            weight_of = members_of(step)
            predicted[ENSEMBLE] = mixed([predicted[name] for name in weight_of], tuple(weight_of.values()))
        elif step.model is not None:
            predicted[step.evidence.name] = step.model.predict(inputs)
    twins = twins_of(job, climbed, inputs, predicted)
    known = target.take(index)
    raw = prepared.test.frame[prepared.target_name][index]
    said = [spoken(cell) if word is None else word for word, cell in zip(truth(known), raw.to_list(), strict=True)]
    return Opened(
        prepared.test.row[index], known, predicted, prepared.test.cluster[index], findings, tuple(said), twins
    )


def _curve(job: Job, climbed: Climbed, left: Any) -> Any:
    trial = next((step.trial for step in climbed.steps if step.evidence.name == Frozen.name), None)
    return None if trial is None or left() <= 0 else measure_curve(job, trial)
