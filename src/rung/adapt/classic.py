"""classic: no backbone. Word counts or handmade features of images and sounds beside the table; or the table alone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rung.adapt.base import register
from rung.adapt.choose import Candidate, inner_folds
from rung.adapt.columns import COLUMNS, Columns, trees_beside
from rung.adapt.search import climb
from rung.adapt.signals import SIGNALS, Signals, making
from rung.adapt.word_costs import measured
from rung.adapt.words import Words
from rung.bundle.blend import Fitted
from rung.bundle.model import FittedModel
from rung.core.contracts import Job, Trial
from rung.core.types import Cost, Fold, Ints

STRENGTHS = (0.1, 0.3, 1.0, 3.0)
WIDER = ((0.03, 0.01), (10.0, 30.0))
FEW = 200  # rows that take a second at most
AT_REST, A_CLASS = 2.0, 4e-4  # seconds of the path, whatever its rows, and a row and class
FINER = 2.0  # times as long as one of the short list takes the fit that is kept


class Classic:
    """Words, or handmade features of images or sounds, and table columns under a linear head; or trees on the columns.

    See rung.adapt.words, rung.adapt.signals and rung.adapt.columns; strength, class weights and kind by inner rows.
    """

    name = "classic"
    order = 10
    title = "handmade features + linear, no backbone"
    needs_backbone = False
    inner = 2  # each fold has a vocabulary and a solve of its own: five would more than double the wait

    def applies(self, job: Job) -> str:
        """Ask for a column to read."""
        return "" if job.inputs.parts or job.inputs.table.width else "there is no column to read"

    def predict_cost(self, job: Job) -> Cost:
        """Seconds from a sample: cutting texts into terms, and small fits, drawn out to all rows and folds."""
        n, folds = len(job.target), job.plan.folds
        if job.inputs.media:
            return Cost(making(job) + AT_REST + n * job.target.outputs * A_CLASS, n * 2000 * 4 * 3)
        if n <= FEW or not job.inputs.texts:
            return Cost(1.0, n * job.inputs.table.width * 24)
        if job.plan.kind != "folds":
            folds = inner_folds(job, folds[0].train, self.inner)
        cost = measured(job)
        once = FINER * (cost.solve(len(job.plan.folds[0].train)) + cost.solve(n))
        return Cost(cost.cutting + cost.walk(folds, len(STRENGTHS) + 1) + once, cost.numbers * 24)

    def climb(self, job: Job) -> Trial:
        """Try the strengths on folds; see rung.adapt.search."""
        return climb(job, self)

    def refit(self, job: Job, choice: dict[str, Any]) -> FittedModel:
        """Fit on all pool rows."""
        return self.fit(job, np.arange(len(job.target)), choice)

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """Strengths from strong to weak, then class weights at the best; each fold has a vocabulary of its own."""
        if not job.inputs.parts:
            return Columns().candidates(job, folds)
        found = Words(STRENGTHS, WIDER).candidates(job, folds) if job.inputs.texts else []
        if job.inputs.media:
            most = max((candidate.complexity for candidate in found), default=-1)
            signals = Signals(job.columns).candidates(job, folds)
            found += [replace(each, complexity=each.complexity + most + 1) for each in signals]
        return trees_beside(found, job, folds)

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> FittedModel:
        """One model on these pool rows."""
        variant = choice.get("variant")
        if variant == SIGNALS:
            return Signals(job.columns).fit(job, rows, choice)
        if variant in (COLUMNS, "trees"):
            return Columns().fit(job, rows, choice)
        return Words(STRENGTHS, WIDER).fit(job, rows, choice)

    def trained(self, model: Fitted) -> int:
        """Weights and biases of the head, or leaves of its trees."""
        return model.trained


register(Classic())
