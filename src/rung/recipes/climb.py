"""The ladder: rungs in order of cost, each judged against the incumbent on the same rows.

Expected ending: `Climbed.winner` is the last rung whose one-sided bound of the paired gain (as sure as the job asks;
99 % over guessing) stayed above 0, or whose gain may be luck while it saved Brier score for
sure, and whose gain was `needed` or more; everything that was skipped, collapsed or not promoted says why in its words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any, Literal, cast

from rung.core.contracts import Job, Model, Rung, Trial
from rung.core.evidence import Difference, RungEvidence
from rung.core.memory import out_of_memory
from rung.core.stops import Collapse, OutOfTime, Thawed
from rung.core.types import Cost, Plan, Task
from rung.evaluate.collapse import collapsed
from rung.evaluate.compare import compare, holm
from rung.evaluate.second_evidence import saved
from rung.evaluate.wording import point
from rung.metrics.base import Metric
from rung.recipes.budget import alone, no_more, quickest_of, to_refit, too_late
from rung.recipes.narrow import judged_in, measured, narrowed
from rung.recipes.patience import no_news, patience
from rung.recipes.sizes import size_of, untouched, used_by
from rung.recipes.together import agreed
from rung.recipes.view import View

DEAR = 2.0  # a challenger this many times slower or larger must gain the points that the job asks for
OVER_GUESSING = 0.01  # one-sided p that a challenger of the first rung must stay below


@dataclass(frozen=True)
class Step:
    """One rung after its try: the evidence, and what it showed."""

    evidence: RungEvidence
    trial: Trial | None = None
    model: Model | None = None


@dataclass(frozen=True)
class Shown:
    """What a rung brought before it is judged. prior: the baseline's score, None while there is none."""

    trial: Trial
    model: Model
    latency_ms: float
    prior: float | None


@dataclass(frozen=True)
class Climbed:
    """All steps in order, the winner's name, and why the climb ended."""

    steps: tuple[Step, ...]
    winner: str
    stopped: str
    plan: Plan | None = None  # of the folds that judged all of them, where a budget left no time for the others

    def step(self, name: str) -> Step:
        """The step of that rung; raises KeyError."""
        return {step.evidence.name: step for step in self.steps}[name]


@dataclass(frozen=True)
class Ladder:
    """What a climb is allowed: its rungs, its clock, and where finished steps are kept."""

    rungs: Sequence[Rung]
    view: View
    left: Callable[[], float]  # seconds of budget that remain; inf without a budget
    kept: Callable[[str], Step | None]  # a step finished before an interruption
    keep: Callable[[Step], None]
    latency: Callable[[Model, Job], float]  # milliseconds for one row, nothing cached
    free: Callable[[], float] = lambda: float("inf")  # bytes of memory that a rung may take


def climb(job: Job, ladder: Ladder) -> Climbed:
    """Try each rung against the incumbent; stop after two or three without promotion, or when the budget is spent.

    A rung that is a yardstick (scratch) is tried after that, where a rung that trained the backbone holds the place or
    the user named it: transfer is measured against it.
    """
    job = replace(job, left=ladder.left)
    steps: list[Step] = []
    incumbent: Step | None = None
    idle, stopped = 0, ""
    yardsticks = [rung for rung in ladder.rungs if getattr(rung, "yardstick", False)]
    tried = [rung for rung in ladder.rungs if rung not in yardsticks and not no_news(rung, job)]
    for rung in [*tried, *yardsticks]:
        if rung in yardsticks:
            dear = incumbent is not None and incumbent.trial is not None and incumbent.trial.model is not None
            if not dear and rung.name not in job.asked:
                continue
        elif idle >= patience(job, incumbent.evidence if incumbent else None):
            stopped = stopped or f"{idle} rungs in a row brought no promotion"
            if rung.name in job.asked:  # whoever named it is told
                steps.append(Step(RungEvidence(rung.name, "skipped", stopped)))
                ladder.view.finished(steps[-1].evidence)
            continue
        step = _kept(ladder, rung, job) or _try(rung, job, ladder, steps, incumbent)
        (*steps, incumbent), job = _together([*steps, incumbent], job, step.trial)
        steps.append(step)
        ladder.view.finished(step.evidence)
        if step.evidence.promoted:
            incumbent, idle = step, 0
        elif step.evidence.status != "skipped" and not getattr(rung, "free", False):
            idle += 1
    stopped = stopped or "the ladder's end"
    if any("budget" in step.evidence.why for step in steps if step.evidence.status == "skipped"):
        stopped = "the budget"
    if incumbent is None:
        raise ValueError("a ladder starts with a rung that can always be tried")
    return Climbed(tuple(with_holm(steps)), incumbent.evidence.name, stopped, job.plan)


def _kept(ladder: Ladder, rung: Rung, job: Job) -> Step | None:
    """The step finished before an interruption, unless more rows judged it than judge now."""
    step = ladder.kept(rung.name)
    wider = step is not None and step.trial is not None and step.trial.prediction.shape[1] > len(job.plan.judged)
    return None if wider else step


def _together(steps: list[Step | None], job: Job, trial: Trial | None) -> tuple[list[Any], Job]:
    """The steps and the job as the folds that judged `trial` see them: scores of all rungs are of the same rows."""
    if (plan := judged_in(job.plan, trial)) is job.plan:
        return steps, job
    there, found = replace(job, plan=plan), []
    for step in steps:
        if step is None or step.trial is None:
            found.append(step)
            continue
        own = narrowed(step.trial, job.plan, plan)
        score, of_train, between = measured(there, own)
        evidence = replace(step.evidence, score=score, train_score=of_train, gap=between)
        found.append(replace(step, trial=own, evidence=evidence))
    return found, there


def _try(rung: Rung, job: Job, ladder: Ladder, before: Sequence[Step], incumbent: Step | None) -> Step:
    begun, (cost, why) = perf_counter(), _affordable(rung, job, ladder, before, incumbent)
    told = partial(RungEvidence, rung.name, predicted=cost, measured=perf_counter() - begun)
    if why or cost is None:
        return Step(told("skipped", why))
    ladder.view.starting(rung.name, cost)
    started, job = perf_counter(), replace(job, settings={**job.settings, **cost.settings})

    def ended(status: Literal["skipped", "collapsed", "failed"], why: str) -> Step:
        return Step(told(status, why, seconds=perf_counter() - started))

    try:
        trial = rung.climb(job)
        model = rung.refit(job, trial.choice) if trial.model is None else trial.model
    except Collapse as died:
        return ended("collapsed", str(died))
    except OutOfTime as spent:
        return ended("skipped", str(spent))
    except Thawed as moved:
        return ended("failed", str(moved))
    except (MemoryError, RuntimeError) as error:
        if incumbent is None or not out_of_memory(error):
            raise
        return ended("failed", "memory ran out, and smaller batches did not help")
    seconds = perf_counter() - started
    guessing = next((step for step in before if step.evidence.score), None)
    (guessing, incumbent), job = _together([guessing, incumbent], job, trial)
    prior = guessing.evidence.score.value if guessing and guessing.evidence.score else None
    step = judged(rung.name, job, Shown(trial, model, ladder.latency(model, job), prior), incumbent)
    notes = (*step.evidence.notes, *alone(cost, rung.name))
    step = replace(step, evidence=replace(step.evidence, **told.keywords, seconds=seconds, notes=notes))
    ladder.keep(step)
    return step


def _affordable(
    rung: Rung, job: Job, ladder: Ladder, before: Sequence[Step], incumbent: Step | None
) -> tuple[Cost | None, str]:
    """What the rung is said to take, and why it is not tried: it does not apply, or takes more than there is."""
    held = (incumbent.evidence, incumbent.trial) if incumbent is not None else None
    dear = getattr(rung, "dear", False)
    quickest = quickest_of((step.evidence, step.trial) for step in before) if dear else 0.0
    spent = no_more(step.evidence for step in before) if dear else ""
    if why := rung.applies(job) or spent or (agreed(too_late(job, *held, ladder.left(), quickest)) if held else ""):
        return None, why
    try:
        cost = agreed(rung.predict_cost(job))
    except Thawed as moved:  # in the steps that were measured
        return None, str(moved)
    left = agreed(ladder.left() - (to_refit(job, *held) if held else 0.0))  # each process has its own seconds
    if held and cost.seconds > left:
        return cost, f"needs about {cost.seconds:.0f} s, more than the {max(left, 0):.0f} s left of the budget"
    free = ladder.free()
    needs = f"needs about {cost.memory / 1e9:.1f} GB of memory, more than the {free / 1e9:.1f} GB that are free"
    return cost, needs if cost.memory > free else ""


def judged(rung: str, job: Job, shown: Shown, incumbent: Step | None) -> Step:
    """What was shown, with what is decided of it against the incumbent."""
    trial, metric = shown.trial, cast(Metric, job.metric)
    evidence = _measured(rung, job, shown)
    if incumbent is None:
        return Step(replace(evidence, promoted=True, why="the first rung holds the place"), trial, shown.model)
    held = incumbent.evidence
    assert incumbent.trial is not None
    assert held.score is not None
    scored = evidence.score
    assert scored is not None
    evidence = replace(evidence, against=held.name)
    dead = partial(collapsed, metric=metric, score=scored, prior_score=shown.prior)
    if why := dead(job.target.task, trial.prediction, target=job.target.value[job.plan.judged]):
        return Step(replace(evidence, status="collapsed", why=why), trial, shown.model)
    gain, less = gains(job, trial, incumbent.trial, job.confidence, guessing=held.gain is None)
    dear = _dear(evidence, held)
    needed = job.min_gain * point(metric, held.score.value) if dear else 0.0
    sure, why = _sure(gain, held, job.confidence)
    if less is not None:
        sure, told = less.bound > 0, f"that of the Brier score it saves, {less.bound:+.4f}"
        why += f", but {told}, is" if sure else f", nor is {told}"
    if sure and needed:
        verb = "no less" if gain.value >= needed else "less"
        why += f", and its gain of {gain.value:+z.4f} {verb} than the {needed:.3g} that twice the {dear} asks for"
    if len(trial.prediction) != len(incumbent.trial.prediction):
        why += " (in the first repeat of the folds, which judged both)"
    promoted = sure and gain.value >= needed
    evidence = replace(evidence, gain=gain, needed=needed, saved=less, promoted=promoted, why=why)
    return Step(evidence, trial, shown.model)


def gains(
    job: Job, challenger: Trial, incumbent: Trial, confidence: float, *, guessing: bool = False
) -> tuple[Difference, Difference | None]:
    """What the challenger gains on the rows that decide; the Brier score it saves where the gain may be luck.

    guessing: the incumbent is, and the metric counts alone.
    """
    rows = job.plan.judged
    truth, cluster = job.target.value[rows], job.plan.cluster[rows]
    said = challenger.prediction, incumbent.prediction
    gain = compare(cast(Metric, job.metric), truth, *said, cluster=cluster, seed=job.seed, confidence=confidence)
    if guessing or gain.bound > 0 or gain.value <= 0 or not _in_shares(job):
        return gain, None
    return gain, saved(job.target.task, truth, *said, cluster=cluster, seed=job.seed, confidence=confidence)


def _in_shares(job: Job) -> bool:
    """Whether the metric counts right answers, of which few rows can show few, beside probabilities that say more."""
    return job.target.task is not Task.REGRESSION and cast(Metric, job.metric).name not in ("log_loss", "brier")


def _measured(rung: str, job: Job, shown: Shown) -> RungEvidence:
    trial, used = shown.trial, used_by(shown.model, job)
    score, of_train, between = measured(job, trial)
    return RungEvidence(
        rung,
        "tried",
        choice=trial.choice,
        score=score,
        train_score=of_train,
        gap=between,
        latency_ms=shown.latency_ms,
        size_bytes=size_of(shown.model) + sum(card.size_bytes for card in used),
        trained=trial.trained,
        parameters=trial.trained + untouched(shown.model, used),
        notes=trial.notes,
    )


def _dear(challenger: RungEvidence, incumbent: RungEvidence) -> str:
    if challenger.latency_ms > DEAR * incumbent.latency_ms:
        return "latency"
    return "size" if challenger.size_bytes > DEAR * incumbent.size_bytes else ""


def _sure(gain: Difference, held: RungEvidence, confidence: float) -> tuple[bool, str]:
    """Whether the gain over the incumbent is no noise, and why.

    Two rungs, of few rows three, may challenge guessing before the climb ends: with drawn labels 10 of 200 small climbs
    promoted one of two at 97.5 % each.
    """
    if held.gain is None:
        sure = gain.value > 0 and gain.p < OVER_GUESSING
        verb, p = "is" if sure else "is not", "under 0.0001" if gain.p < 1e-4 else f"{gain.p:.4f}"
        return sure, f"the p of its gain over {held.name}, {p}, {verb} below {OVER_GUESSING}"
    verb = "is" if gain.bound > 0 else "is not"
    bound = f"the {100 * confidence:.4g} % lower bound of its gain over {held.name}, {gain.bound:+z.4f}"
    return gain.bound > 0, f"{bound}, {verb} above 0"


def with_holm(steps: Sequence[Step]) -> list[Step]:
    """The steps, Holm's correction over all rungs tried in their p-values."""
    gains = [(i, step.evidence.gain) for i, step in enumerate(steps) if step.evidence.gain is not None]
    result = list(steps)
    for (i, gain), p in zip(gains, holm([gain.p for _, gain in gains]), strict=True):
        result[i] = replace(steps[i], evidence=replace(steps[i].evidence, gain=replace(gain, p_holm=p)))
    return result
