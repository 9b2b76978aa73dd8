"""Tuned fusion: boosted trees over what training made of one part, beside the other parts and the table's columns.

A backbone fits the rows that it was trained on too well: trees grown on its embeddings of these very rows would trust
them more than those of any other row deserve. So the training rows are cut into parts, and for each part the rung
trains once more, on the rest of them, from the same start, with the settings and epochs already found. What that
backbone makes of the rows it did not see is what the trees are grown on. In the end one backbone embeds: the delivered
one, trained on all of them.

Features must mean the same whichever of these backbones made them, though each has a space of its own. So of every
column the trees see what the backbone's own head makes of it, one number an output: however training turns the space,
the head turns with it. Where rows held out prefer it, they also see the embeddings along the main axes of the frozen
ones, from which all the backbones set out: what matters only together with a column, no linear head is drawn to.
Source: Wolpert 1992, Stacked Generalization, for a second level that learns from what the first said of rows held out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from rung.adapt.boost import MORE_ROUNDS, MOST_OUTPUTS, ROUNDS, TURNS, fit_trees
from rung.adapt.choose import Candidate, inner_folds, losses, pick, scores
from rung.adapt.features import MOST_AXES
from rung.adapt.frozen import TREE_CELL, rate_of_products
from rung.adapt.fusion import mixture
from rung.adapt.ground import Ground, through
from rung.adapt.runs import Run
from rung.bundle.codes import Codes, fit_codes
from rung.bundle.model import Encoders, FittedModel
from rung.bundle.parts import PartEncoder, fit_part
from rung.bundle.trees import TreesHead
from rung.core.contracts import Job, Note
from rung.core.stops import Collapse
from rung.core.types import Floats, Fold, Ints

AUTO, HEAD, TREES, AXES = "auto", "head", "trees", "trees, main axes too"
WAYS = (AUTO, HEAD, TREES)
PARTS = 3  # of the training rows: two thirds of them train a backbone for the third one
ALONE = "the row has one part alone"
CLASSES = f"trees serve {MOST_OUTPUTS} outputs at most"
NOT_BETTER = "they did not surely gain on rows held out"
DIED = "a training on a part of the rows died"
NOTHING = "training brought nothing that they could see"
LATE = "the budget leaves no time for the trainings that it takes"
Trains = Callable[[Ints, str], Run]  # rows, what to call the run


@dataclass(frozen=True)
class Space:
    """What all backbones of one fusion share, fitted on the training rows' frozen embeddings and columns."""

    parts: tuple[PartEncoder, ...]
    codes: Codes | None

    @staticmethod
    def of(job: Job, rows: Ints) -> "Space":
        """Main axes of each column, numbers of categories."""
        seen = job.inputs.take(rows)
        parts = tuple(fit_part(seen, name, axes=MOST_AXES) for name in job.inputs.embedded)
        return Space(parts, fit_codes(seen.table) if job.inputs.table.width else None)

    def encoders(self, run: Run, seen: Job, rows: Ints, which: str) -> Encoders:
        """Encoders for a run that was trained on `rows`; seen: the job as the run's backbone embeds it.

        Of each column the head's numbers, then the main axes where `which` has them. What training moves all rows by
        alike is taken out.
        """
        weight_DC = run.learner.head().weight * np.float32(run.start.spread)
        beside = {part.column: part for part in run.start.encoders.parts}
        inputs, own, first = seen.inputs.take(rows), [], 0
        parts = {part.column: part for part in self.parts}
        for name in (*run.start.encoders.embedded, *beside):  # the order in which the head takes them
            part, x_ND = parts[name], inputs.embed(name)
            head_DC, fill = weight_DC[first : first + x_ND.shape[1]], part.fill
            first += x_ND.shape[1]
            if name in beside:
                head_DC = head_DC * np.float32(beside[name].scale)
                first += beside[name].flag
            elif (there := inputs.there(name)).any():
                fill = x_ND[there].mean(axis=0, dtype=np.float64).astype(np.float32)
            axes = self._axes(part) * np.float32(part.scale)
            both = np.concatenate([head_DC, axes], axis=1) if which == AXES else head_DC
            own.append(replace(part, fill=fill, scale=1.0, axes=np.ascontiguousarray(both, np.float32)))
        return Encoders(parts=tuple(own), codes=self.codes)

    def grow(self, job: Job, rows: Ints, x_NF: Floats, which: str) -> TreesHead:
        """Trees on these pool rows of the features (N, F), which are those with main axes."""
        x_nF = self.less(x_NF[rows], job.target.outputs) if which == TREES else x_NF[rows]
        categorical = self.codes.categorical if self.codes else ()
        return fit_trees(job.target.take(rows), x_nF, job.seed, categorical=categorical, columns=which == TREES)

    def less(self, x_nF: Floats, outputs: int) -> Floats:
        """The features without main axes, of those with them."""
        kept, at = np.ones(x_nF.shape[1], bool), x_nF.shape[1]
        for part in reversed(self.parts):
            axes = self._axes(part).shape[1]
            at -= part.flag
            kept[at - axes : at] = False
            at -= axes + outputs
        return x_nF[:, kept]

    @staticmethod
    def _axes(part: PartEncoder) -> Floats:
        return np.eye(len(part.fill), dtype=np.float32) if part.axes is None else part.axes


@dataclass(frozen=True)
class HeldOut:
    """Of every training row: its features (N, F) by a backbone that did not see it, and what that one's head said."""

    x_NF: Floats = field(repr=False)
    said: Sequence[Floats] = field(repr=False)  # (n, C) a fold


@dataclass(frozen=True)
class Fused(Run):
    """A run whose features go into trees that were grown on rows held out."""

    space: Space = field(repr=False)
    which: str
    ground: Ground = field(repr=False)
    rows: Ints = field(repr=False)
    trees: TreesHead = field(repr=False)

    @cached_property
    def seen(self) -> tuple[Job, Encoders]:
        """The job as the run's backbone embeds it, and the encoders for it."""
        job = through(self.ground.job, self.ground, self.body)
        return job, self.space.encoders(self, job, self.rows, self.which)

    def model(self) -> FittedModel:
        """What a bundle keeps."""
        return replace(super().model(), encoders=self.seen[1], head=self.trees, shift=0.0, spread=1.0)

    def moved(self) -> int:
        """Weights that differ from what they were, and leaves."""
        return super().moved() + FittedModel(Encoders(), self.trees).trained

    def predict(self, rows: Ints) -> Floats:
        """(n, C) predictions of pool rows, in the target's units."""
        job, encoders = self.seen
        return self.trees(encoders.apply(job.inputs.take(rows)))


def why_not(job: Job) -> str:
    """Why trees are not tried over what training made; empty where they are."""
    if not mixture(job):
        return ALONE
    return CLASSES if job.target.outputs > MOST_OUTPUTS else ""


def way_of(job: Job, said: str, settings: Sequence[Mapping[str, Any]]) -> str:
    """As the user says, or "head" where trees can't be tried or, unasked, where pairs alone train the backbone.

    Pairs alone train it of few rows, on which trees seldom gain for sure; they would take three such trainings a fold.
    """
    pairs = said == AUTO and all(each.get("stop_after") == 0 for each in settings)
    return HEAD if pairs or why_not(job) else said


def parts_of(job: Job, rows: Ints) -> tuple[Fold, ...]:
    """How training rows are cut, whole units together: each part is embedded by a backbone trained on the others."""
    return inner_folds(job, rows, PARTS)


def held_out(ground: Ground, space: Space, folds: Sequence[Fold], train: Trains, name: str) -> HeldOut:
    """Train on each fold's rows, then embed those that it holds out; each is written down when it is done."""
    job, notebook = ground.job, ground.job.notebook
    x_NF: Floats | None = None
    said = []
    for f, fold in enumerate(folds):
        called = f"{name} without part {f + 1} of {len(folds)}"
        note = notebook.get(f"{called} done") if notebook else None
        if note is None:
            run = train(fold.train, called)
            seen = through(job, ground, run.body)
            features = space.encoders(run, seen, fold.train, AXES).apply(seen.inputs.take(fold.validation))
            note = Note({"features": features, "said": run.predict(fold.validation)}, {})
            if notebook:
                notebook.put(f"{called} done", note)
        if x_NF is None:
            x_NF = np.zeros((len(job.target), note.arrays["features"].shape[1]), np.float32)
        x_NF[fold.validation] = note.arrays["features"]
        said.append(note.arrays["said"])
    assert x_NF is not None
    return HeldOut(x_NF, said)


def tried(
    run: Run, ground: Ground, rows: tuple[Ints, Ints], train: Trains, name: str, *, way: str, plain: float
) -> tuple[Run, str]:
    """As `fused`, where it is wanted and there is time. plain: seconds of this fold and those to come without it."""
    if way == HEAD:
        return run, ""
    if way != TREES and ground.job.left() <= PARTS * plain:
        return run, LATE
    if way != TREES and not run.choice["stop_after"]:  # frozen's own trees and stack see as much
        return run, NOTHING
    return fused(run, ground, rows, train, name, way=way)


def fused(run: Run, ground: Ground, rows: tuple[Ints, Ints], train: Trains, name: str, *, way: str) -> tuple[Run, str]:
    """The run, or the run under trees where they surely gain on rows held out; and how it went.

    rows: those that the trees are grown on, and those of them that trained the run. way: as the user set it, or what a
    climb found. Trees are judged part by part, grown on the other parts: to come instead of the head they must gain
    more than one standard error; of the two kinds the better one is taken. Raises Collapse where trees must be.
    """
    job, (every, trained) = ground.job, rows
    folds, space = parts_of(job, every), Space.of(job, every)
    try:
        held = held_out(ground, space, folds, train, name)
    except Collapse:
        if way != AUTO:
            raise
        return run, DIED
    which = chosen(job, space, folds, held, way) if way in WAYS else way
    if which == HEAD:
        return run, NOT_BETTER
    trees = space.grow(job, every, held.x_NF, which)
    own = (run.learner, run.body, run.start, run.trained, run.score, {**run.choice, "fusion": which})
    return Fused(*own, space, which, ground, trained, trees), which


def chosen(job: Job, space: Space, folds: Sequence[Fold], held: HeldOut, way: str) -> str:
    """Head or trees, and over what, by the rows that each part held out."""
    found = [Candidate({}, 0, held.said)] if way == AUTO else []
    for which in (TREES, AXES):
        grown = []
        for fold in folds:
            trees = space.grow(job, fold.train, held.x_NF, which)
            x_nF = held.x_NF[fold.validation]
            grown.append(trees(space.less(x_nF, job.target.outputs) if which == TREES else x_nF))
        found.append(Candidate({}, 1, grown))
    levels = [candidate.complexity for candidate in found]
    best = pick(scores(job, found, folds), levels, losses(job, found, folds, range(len(folds))))
    return (HEAD, TREES, AXES)[best + (way != AUTO)]


def seconds_of_trees(job: Job, rows: Ints) -> float:
    """How long the trees of one fusion on these rows take to grow, at frozen's measure."""
    outputs, table = max(1, job.target.outputs), job.inputs.table.width
    cells = (MOST_AXES + outputs) * len(job.inputs.embedded) + 2 * table
    few = outputs * len(job.inputs.embedded) + 2 * table
    tried = ROUNDS * cells + TURNS * MORE_ROUNDS * few
    return PARTS * tried * outputs * len(rows) * TREE_CELL / rate_of_products()


def told(went: Sequence[str]) -> list[str]:
    """What is said of the fusion over all folds; nothing where none was to be tried.

    >>> told([TREES, AXES, NOT_BETTER])[0]
    'boosted trees over what training made of the parts, and the columns, in 2 of 3 folds'
    """
    grown = [each for each in went if each in (TREES, AXES)]

    def where(each: Sequence[str]) -> str:
        return f" in {len(each)} of {len(went)} folds" if len(went) > 1 else ""

    what = "boosted trees over what training made of the parts, and the columns"
    found = [what + (f",{where(grown)}" if where(grown) else "")] if grown else []
    alike = {each: where([other for other in went if other == each]) for each in went if each and each not in grown}
    return [*found, *(f"one head over all parts, no trees{place}: {reason}" for reason, place in alike.items())]
