"""Rank: which backbone suits these rows, and at what cost, before any of them goes up the ladder.

Expected ending: a Ranking whose first backbone leads by an out-of-fold linear probe on at most 1,500 rows, or by LogME
among those that are within a standard error of its best; the others stand below it with their reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from rung.adapt.probe import features, probe, probe_seconds
from rung.backbones.catalog import find
from rung.core.contracts import Embedder, Job, endless
from rung.core.errors import NoBackbone, NothingToLearnFrom, RungError
from rung.core.evidence import Difference, RankedBackbone, Ranking
from rung.core.types import Column, Floats, Plan, Target, Tell, silent
from rung.data.sample import sample
from rung.data.splits import plan
from rung.evaluate.compare import compare
from rung.metrics.base import Metric
from rung.metrics.interval import interval_of
from rung.rank.answers import answers
from rung.rank.hscore import hscore
from rung.rank.latency import milliseconds
from rung.rank.logme import logme
from rung.rank.order import ordered
from rung.recipes.choice import deciding, kinds_of, loaded, on_this_machine, only, read_by
from rung.recipes.limits import Limits
from rung.recipes.machine import use_threads
from rung.recipes.measure import seen
from rung.recipes.options import FitOptions, checked
from rung.recipes.prepare import Prepared, prepare
from rung.report import units
from rung.report.ranking import short_names

ROWS = 1500
TIMED = 8  # rows of which latency is the median, the first aside
Z = 1.96  # half a 95 % interval in standard errors
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
        raise NothingToLearnFrom("columns", wanted="one of text, images or sounds", got="a table alone", fix=fix)
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


@dataclass(frozen=True)
class _Rows:
    """The sample that candidates are compared on, in one repeat of folds."""

    prepared: Prepared
    columns: tuple[Column, ...]
    index: np.ndarray[Any, np.dtype[np.int64]]
    target: Target
    plan: Plan
    metric: Metric
    seed: int

    def job(self, embedder: Embedder, tell: Tell) -> Job:
        """The sample as `embedder` sees it."""
        inputs = seen(self.prepared.pool.frame[self.index], self.columns, {self.columns[0].role: embedder}, tell)
        return Job(inputs, self.columns, self.target, self.plan, self.metric, self.seed, tell, embedder.card)

    @property
    def truth(self) -> Any:
        """Of the rows that judge."""
        return self.target.value[self.plan.judged]

    @property
    def cluster(self) -> Any:
        """Which of them belong together."""
        return self.plan.cluster[self.plan.judged]


@dataclass(frozen=True)
class _Tried:
    """A candidate with its out-of-fold predictions, where it came so far."""

    shown: RankedBackbone
    prediction: Floats | None = None


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
    rows = _sampled(prepared, options)
    tried: list[_Tried] = []
    late = ""
    for name in dict.fromkeys(names):
        found = _Tried(RankedBackbone(name, "skipped", late)) if late else _try(name, rows, options, left, tell)
        late = found.shown.why if found.shown.status == "skipped" else ""
        tried.append(found)
    listed, why = _listed(tried, rows)
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


def _sampled(prepared: Prepared, options: FitOptions) -> _Rows:
    pool, role = prepared.pool, kinds_of(prepared.columns)[0]
    index = sample(prepared.target, pool.keys, pool.cluster, most=ROWS, seed=options.seed)
    target, cluster = prepared.target.take(index), pool.cluster[index]
    when = pool.frame[options.time][index] if options.time else None
    decided = plan(target, [pool.keys[i] for i in index], cluster, seed=options.seed, time=when)
    once = replace(decided, folds=tuple(fold for fold in decided.folds if fold.repeat == 0))
    columns = tuple(each for each in prepared.columns if each.role is role)
    return _Rows(prepared, columns, index, target, once, deciding(options.metric, target.task), options.seed)


def _try(name: str, rows: _Rows, options: FitOptions, left: Callable[[], float], tell: Tell) -> _Tried:
    """One candidate: admitted by licence, size and latency, then embedded and probed."""
    begun, limits = perf_counter(), Limits.of(options)
    if why := limits.before(find(name)):
        return _Tried(RankedBackbone(name, "refused", why))
    try:
        embedder = loaded(name, options.device, alone=True)
        shown = admitted(name, embedder, rows.prepared, limits)
        if shown.status != "ranked":
            return _Tried(shown)
        job = rows.job(embedder, tell)
        assert job.inputs.rate is not None
        wanted = sum(map(job.inputs.rate, job.inputs.parts)) + probe_seconds(job, embedder.card.width)
        if wanted > (spare := left()):
            why = f"needs about {wanted:.0f} s, more than the {max(spare, 0):.0f} s that ranking may still take"
            return _Tried(replace(shown, status="skipped", why=why))
        x_ND = features(job.inputs)
    except RungError as error:
        return _Tried(RankedBackbone(name, "failed", str(error)))
    if not np.isfinite(x_ND).all():
        return _Tried(replace(shown, status="failed", why="its embeddings are not finite"))
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
    return _Tried(shown, said)


def admitted(name: str, embedder: Embedder, prepared: Prepared, limits: Limits) -> RankedBackbone:
    """What a loaded candidate costs, and, where that is more than it may, why it is refused."""
    card, role = embedder.card, kinds_of(prepared.columns)[0]
    weight = card.parameters * BYTES.get(embedder.precision, 4) or card.size_bytes
    shown = RankedBackbone(
        name, "ranked", memory_bytes=weight, size_bytes=card.size_bytes, licence=card.licence or "unknown"
    )
    if read_by(card, [role]) is None:
        return replace(shown, status="refused", why=f"it reads {card.modality}, and the rows hold {role}")
    if why := limits.loaded(card):
        return replace(shown, status="refused", why=why)
    columns = tuple(each for each in prepared.columns if each.role is role)
    few = np.linspace(0, len(prepared.pool.row) - 1, TIMED).astype(np.int64)
    parts = seen(prepared.pool.frame[few], columns, {}, silent).parts.values()
    took = milliseconds(embedder, list(zip(*parts, strict=True)))
    why = limits.measured(took)
    return replace(shown, latency_ms=took, status="refused" if why else "ranked", why=why)


def _listed(tried: Sequence[_Tried], rows: _Rows) -> tuple[tuple[RankedBackbone, ...], str]:
    """The candidates in order, and why the first is the first."""
    sign = rows.metric.sign
    able = [each for each in tried if each.prediction is not None]
    rest = [each.shown for each in tried if each.prediction is None]

    def over(a: int, b: int) -> Difference:
        first, second = able[a].prediction, able[b].prediction
        assert first is not None
        assert second is not None
        return compare(rows.metric, rows.truth, first, second, cluster=rows.cluster, seed=rows.seed)

    value = [sign * each.shown.score.value for each in able if each.shown.score is not None]
    known = [np.nan if each.shown.logme is None else each.shown.logme for each in able]
    groups = ordered(value, known, lambda a, b: _noise(over(a, b)))
    order = [(a, len(group) > 1) for group in groups for a in group]
    listed = [
        replace(able[a].shown, behind=over(order[0][0], a) if a != order[0][0] else None, tied=tied)
        for a, tied in order
    ]
    waiting = [each.id for each in rest if each.status == "skipped"]
    if not listed:
        first = "".join([*short_names(waiting).values()][:1])
        why = f"There was no time to rank: {first} is the first that may be taken." if waiting else ""
        return tuple(rest), why
    return (*listed, *rest), _why(listed, len(groups[0]))


def _noise(gain: Difference) -> bool:
    """Whether a gain is within its standard error, as its 95 % interval shows it.

    The interval itself would be too wide a tie: on a few hundred rows it leaves nearly every order to LogME, which then
    lost more test score than the probe alone (bench/rank.py, on seven sets).
    """
    return not gain.value > (gain.high - gain.low) / (2 * Z)


def _why(listed: Sequence[RankedBackbone], ties: int) -> str:
    """Why the first may be taken, in a sentence."""
    first = listed[0]
    assert first.score is not None
    metric = units.title(first.score.name)
    name = short_names(each.id for each in listed)
    held = f"Take {name[first.id]}: {metric} {units.score(first.score)} of its linear probe"
    if len(listed) == 1:
        return f"{held}; nothing else could be ranked beside it."
    second = listed[1]
    if ties == 1:
        return f"{held}, {units.gain(second.behind, first.score.name)} over {name[second.id]}."
    others = ", ".join(name[each.id] for each in listed[1:ties])
    tied = f"{held}. {others} {'is' if ties == 2 else 'are'} within noise of the best (a standard error)"
    if first.logme is None:
        return f"{tied}, and LogME is not defined here."
    return f"{tied}: LogME, {first.logme:.3f}, breaks the tie."
