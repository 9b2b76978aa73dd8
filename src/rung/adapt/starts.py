"""Where a training run begins and how it is judged: a head on frozen features, rows set aside, class weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import Any

import numpy as np

from rung.adapt import prior
from rung.adapt.choose import Candidate, finer, inner_folds, pick, score, scores
from rung.adapt.features import beside
from rung.adapt.frozen import NAMES, STRENGTHS
from rung.adapt.linear import balance, fit_linear, path, standard
from rung.adapt.training.loop import Judge
from rung.bundle.heads import LinearHead
from rung.bundle.model import Encoders
from rung.core.contracts import Job
from rung.core.types import Floats, Fold, Ints, Plan, silent

ASIDE = 8  # one of so many training rows is set aside
MOST_ASIDE = 500  # rows that are enough to say when to stop; more are missed in training
LOOKED = 64  # training rows that show a dead model where none are set aside
DECADE = 12.0  # a decade of strengths, and room for rounding
SAMPLE = 160  # rows on which a rung's cost is measured


@dataclass(frozen=True)
class Start:
    """Where training begins: a head fitted on frozen features, and what its fit found out."""

    encoders: Encoders
    head: LinearHead
    beside: Floats | None  # (N, E) features of all pool rows that training leaves as they are
    shift: float
    spread: float
    weighted: bool
    notes: tuple[str, ...] = ()  # of what was done before it


def begin(job: Job, rows: Ints, aside: Ints | None, *, learns: bool = True) -> Start:
    """Fit the linear head on frozen features of `rows`, its strength chosen on `aside` (or on a share of `rows`).

    learns: head and body will go on learning; else the head stays as it is.
    """
    table = bool(job.inputs.table.width)
    inner = set_aside(job, rows) if aside is None else Fold(rows, aside)

    def groups() -> Iterator[tuple[Floats, list[int]]]:
        yield beside(job, inner.train, table=table).apply(job.inputs), [0]

    weights = (0.0,) if job.named is None or table else (0.0, *NAMES)
    found = [
        each
        for weight in weights
        for each in path(job, [inner], groups, STRENGTHS, {"variant": "linear", "names": weight})
    ]
    best = found[pick(scores(job, found, [inner]), [candidate.complexity for candidate in found])]
    own = ("class_weight", "names")
    same = [each for each in found if all(each.choice[what] == best.choice[what] for what in own)]
    choice = _calm(job, same, inner, best) if learns else best.choice
    encoders = beside(job, rows, table=table)
    x = encoders.apply(job.inputs)
    target = job.target.take(rows)
    shift, spread = standard(job.target, rows)
    head = fit_linear(target, x[rows], choice, shift, spread, job.named)
    width = sum(job.inputs.embed(name).shape[1] for name in job.inputs.own)
    rest = np.ascontiguousarray(x[:, width:]) if x.shape[1] > width else None
    return Start(encoders, head, rest, shift, spread, choice["class_weight"] == "balanced")


def _calm(job: Job, heads: Sequence[Candidate], inner: Fold, best: Candidate) -> dict[str, Any]:
    """The setting that penalises most within a decade of the best, and scores within one standard error of it.

    A body learns from what its head gets wrong on the rows that train. The best head on frozen features often knows
    them by heart: on Banking77 it was right on 99.7 % of them, and four epochs of the top blocks brought nothing; from
    one that was right on 97.3 % and as good on other rows they took log-loss from 0.31 to 0.24.
    """
    top, n = score(job, inner.validation, _first(best)), len(inner.validation)
    error = sqrt(max(top * (1 - top), 0.0) / n)
    near = [
        each.choice
        for each in heads
        if best.choice["strength"] / DECADE < each.choice["strength"] <= best.choice["strength"]
        and score(job, inner.validation, _first(each)) >= top - error
    ]
    return min(near, key=lambda choice: choice["strength"])


def _first(candidate: Candidate) -> Floats:
    said = candidate.held_out[0]
    assert said is not None
    return said


def set_aside(job: Job, rows: Ints) -> Fold:
    """These rows without one in eight of them, 500 at most, which say which setting, when to stop, what to keep."""
    return inner_folds(job, rows, max(ASIDE, ceil(len(rows) / MOST_ASIDE)))[0]


def sampled(job: Job, longest: Ints) -> tuple[Job, Ints]:
    """The job on a few rows, enough to measure steps, too few to cost anything; which of its rows were drawn.

    The longest stand behind these: a step over them takes the most memory.
    """
    drawn = np.sort(np.random.default_rng(job.seed).permutation(len(job.target))[:SAMPLE])
    few = np.concatenate([drawn, np.setdiff1d(longest, drawn)])
    plan = Plan("holdout", (Fold(np.arange(len(few)), np.arange(len(few))),), np.arange(len(few)))
    inputs, target = job.inputs.take(few), job.target.take(few)
    return replace(job, inputs=inputs, target=target, plan=plan, notebook=None, tell=silent), np.arange(len(drawn))


def judge(job: Job, rows: Ints, aside: Ints) -> Judge:
    """Score the rows set aside; guessing is what the shares of `rows` score there.

    The score is that of `finer`.
    """
    shift, spread = standard(job.target, rows)

    def scored(at: Ints, said: Floats) -> float:
        return finer(job, at, restored(said, shift, spread))

    guess_C = prior.shares(job.target, rows)
    guessed = scored(aside, (np.repeat(guess_C[None], len(aside), axis=0) - shift) / spread)
    return Judge(aside, scored, guessed, job.target.task)


def looker(job: Job, rows: Ints) -> Judge:
    """Some of the rows that train, for the early look at whether the model lives; the end is kept."""
    some = np.sort(np.random.default_rng(job.seed).permutation(rows)[:LOOKED])
    return replace(judge(job, rows, some), last=True)


def restored(said: Floats, shift: float, spread: float) -> Floats:
    """Predictions in the target's units."""
    return said if (shift, spread) == (0.0, 1.0) else said * np.float32(spread) + np.float32(shift)


def class_weights(job: Job, rows: Ints) -> Floats | None:
    """(C,) weights that make the classes of `rows` count alike; None where they are about even."""
    weight_N = balance(job.target, rows)
    if weight_N is None:
        return None
    weight_C = np.ones(job.target.outputs, np.float32)
    for label in range(job.target.outputs):
        at = np.flatnonzero(job.target.value == label)
        if len(at):
            weight_C[label] = weight_N[at[0]]
    return weight_C
