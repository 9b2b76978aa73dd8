"""Rank: which backbone suits these rows, and at what cost, before any of them goes up the ladder.

Expected ending: a Ranking whose first backbone leads by an out-of-fold linear probe on at most 1,500 rows, or by LogME
among those whose paired difference from its best is within a standard error; the others stand below with their reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from rung.adapt.probe import features, probe, probe_seconds
from rung.backbones.catalog import find
from rung.backbones.pair import ONE_KIND
from rung.core.contracts import Embedder, endless
from rung.core.errors import NoBackbone, NothingToLearnFrom, RungError
from rung.core.evidence import LEAST, RankedBackbone, Ranking
from rung.core.types import MEDIA, Tell, silent
from rung.data.sample import sample
from rung.data.splits import plan
from rung.evaluate.compare import compare
from rung.evaluate.wording import point
from rung.metrics.interval import interval_of
from rung.predict.earlier import BETWEEN
from rung.rank.answers import answers
from rung.rank.hscore import hscore
from rung.rank.latency import milliseconds
from rung.rank.logme import logme
from rung.recipes.choice import deciding, kinds_of, loaded, on_this_machine, only, read_by
from rung.recipes.limits import Limits
from rung.recipes.machine import use_threads
from rung.recipes.measure import seen
from rung.recipes.options import FitOptions, checked
from rung.recipes.prepare import Prepared, prepare
from rung.recipes.ranked import Rows, Tried, in_order
from rung.report import units
from rung.report.ranking import short_names

ROWS = 1500
TIMED = 8  # rows of which latency is the median, the first aside
BYTES = {"float32": 4, "bfloat16": 2}  # a weight


def rank(  # house: the contract of interfaces.md, one argument a flag
    data: Any,
    *,
    target: str | None = None,
    backbone: str | Sequence[str] | None = None,
    max_latency: str | float | None = None,
    max_size: str | int | None = None,
    licence: str | None = None,
    task: str | None = None,
    metric: str | None = None,
    group: str | None = None,
    time: str | None = None,
    column: Any = None,
    seed: int = 0,
    workers: int | None = None,
    device: str = "auto",
    tell: Tell = silent,
) -> Ranking:
    """Rank backbones on a stratified sample of the rows of `data`, at most 1,500; a test part of `data` stays closed.

    backbone: the candidates; every catalog entry of the data's modality that is on this machine if left out: nothing
    is downloaded unasked. max_latency ("5ms"), max_size ("100MB"), licence ("permissive", or part of a name): what
    exceeds them is listed with the reason. The others as in `rung.fit`; what a fit embeds later is not embedded twice.
    Raises what `rung.fit` raises of data and options, and NoBackbone where no candidate is left.
    """
    options = checked(
        "rank",
        target=target,
        test=0,
        task=task,
        metric=metric,
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
    )
    use_threads(options.workers)
    prepared = prepare(data, options)
    kinds = kinds_of(prepared.columns)
    if not kinds:
        fix = "Say which column is one with --column NAME=text."
        raise NothingToLearnFrom(
            "columns", wanted="one of text, images, sounds or series", got="a table alone", fix=fix
        )
    first = loaded(options.backbone[0], options.device, alone=True).card if options.backbone and kinds[1:] else None
    role = (first and read_by(first, kinds)) or kinds[0]  # of a row of several kinds, what the first named reads
    prepared = replace(prepared, columns=only(prepared.columns, role))
    names = options.backbone or on_this_machine(role)
    if not names:
        fix = "Name some with --backbone: see rung backbones."
        raise NoBackbone("backbones", wanted=f"some for {role} on this machine", got="none", fix=fix)
    return taken(ranking(prepared, options, names, tell=tell))


def taken(found: Ranking) -> Ranking:
    """The ranking, where there is one to take; raises NoBackbone with every reason where there is none."""
    if not found.chosen:
        got = "; ".join(f"{each.id}: {each.why}" for each in found.backbones)
        raise NoBackbone("backbones", wanted="one that may be taken", got=got.rstrip("."), fix="Name others.")
    return found


def ranking(
    prepared: Prepared,
    options: FitOptions,
    names: Sequence[str],
    *,
    left: Callable[[], float] = endless,
    tell: Tell = silent,
) -> Ranking:
    """Try the candidates on a sample of the pool's rows, one after another; only one is in memory at a time.

    left: seconds that ranking may still take; one that would take longer, and all after it, are skipped by name.
    """
    begun = perf_counter()
    prepared = having(prepared)
    rows = _sampled(prepared, options)
    tried: list[Tried] = []
    late = ""
    for name in dict.fromkeys(names):
        found = Tried(RankedBackbone(name, "skipped", late)) if late else _try(name, rows, options, left, tell)
        late = found.shown.why if found.shown.status == "skipped" else ""
        tried.append(found)
    listed, why = in_order(tried, rows)
    if len(options.backbone) > 1:
        listed, why = _with_pair(listed, why, rows, options, (left, tell))
    chosen = next((each.id for each in listed if each.status in ("ranked", "skipped")), "")
    return Ranking(
        kinds_of(prepared.columns)[0].value,
        rows.metric.name,
        len(rows.target),
        listed,
        chosen,
        why,
        perf_counter() - begun,
    )


def _sampled(prepared: Prepared, options: FitOptions) -> Rows:
    pool, role = prepared.pool, kinds_of(prepared.columns)[0]
    index = sample(prepared.target, pool.keys, pool.cluster, most=ROWS, seed=options.seed)
    target, cluster = prepared.target.take(index), pool.cluster[index]
    when = pool.frame[options.time][index] if options.time else None
    decided = plan(target, [pool.keys[i] for i in index], cluster, seed=options.seed, time=when)
    once = replace(decided, folds=tuple(fold for fold in decided.folds if fold.repeat == 0))
    columns = tuple(each for each in prepared.columns if each.role is role)
    return Rows(prepared, columns, index, target, once, deciding(options.metric, target.task), options.seed)


def _try(name: str, rows: Rows, options: FitOptions, left: Callable[[], float], tell: Tell) -> Tried:
    """One candidate: admitted by licence, size and latency, then embedded and probed."""
    begun, limits = perf_counter(), Limits.of(options)
    if why := limits.before(find(name)):
        return Tried(RankedBackbone(name, "refused", why))
    try:
        embedder = loaded(name, options.device, alone=True)
        shown = admitted(name, embedder, rows.prepared, limits)
        if shown.status != "ranked":
            return Tried(shown)
        job = rows.job(embedder, tell)
        assert job.inputs.rate is not None
        wanted = sum(map(job.inputs.rate, job.inputs.parts)) + probe_seconds(job, embedder.card.width)
        if wanted > (spare := left()):
            why = f"needs about {wanted:.0f} s, more than the {max(spare, 0):.0f} s that ranking may still take"
            return Tried(replace(shown, status="skipped", why=why))
        x_ND = features(job.inputs)
    except RungError as error:
        return Tried(RankedBackbone(name, "failed", str(error)))
    if not np.isfinite(x_ND).all():
        return Tried(replace(shown, status="failed", why="its embeddings are not finite"))
    said = probe(job).prediction
    y_NK = answers(rows.target)
    evidence = logme(x_ND, y_NK)
    shown = replace(
        shown,
        score=interval_of(rows.metric, rows.truth, said, cluster=rows.cluster, seed=rows.seed),
        logme=evidence if np.isfinite(evidence) else None,
        hscore=hscore(x_ND, y_NK),
        seconds=perf_counter() - begun,
    )
    return Tried(shown, said)


def having(prepared: Prepared) -> Prepared:
    """The rows of the pool that have what a backbone is to read; the others say nothing of it."""
    names = [column.name for column in prepared.columns if column.role in MEDIA]
    pool = prepared.pool
    there = pool.frame.select(pl.all_horizontal(pl.col(name).is_not_null() for name in names)) if names else None
    if there is None or there.to_series().all():
        return prepared
    index = np.flatnonzero(there.to_series().to_numpy())
    keys = tuple(pool.keys[i] for i in index)
    part = replace(pool, row=pool.row[index], frame=pool.frame[index], keys=keys, cluster=pool.cluster[index])
    return replace(prepared, pool=part, target=prepared.target.take(index))


def admitted(name: str, embedder: Embedder, prepared: Prepared, limits: Limits) -> RankedBackbone:
    """What a loaded candidate costs, and, where that is more than it may, why it is refused."""
    card, role, prepared = embedder.card, kinds_of(prepared.columns)[0], having(prepared)
    weight = card.parameters * BYTES.get(embedder.precision, 4) or card.size_bytes
    shown = RankedBackbone(
        name, "ranked", memory_bytes=weight, size_bytes=card.size_bytes, licence=card.licence or "unknown"
    )
    if read_by(card, [role]) is None:
        return replace(shown, status="refused", why=f"it reads {card.modality}, and what is ranked reads {role}")
    if why := limits.loaded(card):
        return replace(shown, status="refused", why=why)
    columns = tuple(each for each in prepared.columns if each.role is role)
    few = np.linspace(0, len(prepared.pool.row) - 1, TIMED).astype(np.int64)
    parts = seen(prepared.pool.frame[few], columns, {}, silent).parts.values()
    took = milliseconds(embedder, list(zip(*parts, strict=True)))
    why = limits.measured(took)
    return replace(shown, latency_ms=took, status="refused" if why else "ranked", why=why)


def _with_pair(
    listed: tuple[RankedBackbone, ...],
    why: str,
    rows: Rows,
    options: FitOptions,
    around: tuple[Callable[[], float], Tell],
) -> tuple[tuple[RankedBackbone, ...], str]:
    """The best two side by side, where there are two: first when they surely gain half a point over the best alone."""
    able = [each for each in listed if each.status == "ranked"][:2]
    if len(able) < 2:
        return listed, why
    pair = _try(BETWEEN.join(each.id for each in able), rows, options, *around)
    if ONE_KIND in pair.shown.why:  # an image and a sound backbone may read one series, but nobody asked for both
        return listed, why
    if pair.prediction is None:
        return (*listed, pair.shown), why
    best = _try(able[0].id, rows, options, *around).prediction
    assert best is not None
    gain = compare(rows.metric, rows.truth, pair.prediction, best, cluster=rows.cluster, seed=rows.seed)
    name, metric = short_names(each.id for each in able), rows.metric.name
    said = f"{name[able[0].id]}{BETWEEN}{name[able[1].id]}: {units.gain(gain, metric)} over {name[able[0].id]} alone"
    assert able[0].score is not None
    if gain.bound > 0 and gain.value >= LEAST * point(rows.metric, able[0].score.value):
        return (pair.shown, *listed), f"Take two side by side, {said}."
    ranked = [each for each in listed if each.status == "ranked"]
    rest = [each for each in listed if each.status != "ranked"]
    behind = compare(rows.metric, rows.truth, best, pair.prediction, cluster=rows.cluster, seed=rows.seed)
    return (*ranked, replace(pair.shown, behind=behind), *rest), f"{why} Two side by side are not worth it, {said}."
