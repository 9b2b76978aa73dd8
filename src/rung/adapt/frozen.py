"""frozen: the backbone stays as it is; a head learns on its embeddings, each row embedded once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from rung.adapt.base import register
from rung.adapt.boost import MOST_OUTPUTS, fit_trees
from rung.adapt.choose import Candidate
from rung.adapt.knn import KS, fit_knn
from rung.adapt.linear import fit_linear, path, standard
from rung.adapt.mlp import fit_mlp
from rung.adapt.search import climb
from rung.bundle.model import Encoders, FittedModel
from rung.bundle.table import fit_table
from rung.core.contracts import Head, Job, Trial
from rung.core.types import Cost, Floats, Fold, Inputs, Ints, Progress

STRENGTHS = tuple(float(10**power) for power in np.linspace(-2, 3.5, 12))
LEAST_FOR_MLP = 400  # training rows; below, a network on a fixed embedding only adds noise
MOST_FOR_KNN = 50_000  # rows that a nearest-neighbour model would have to carry
MANY = 2000  # training rows from which dear variants are tried on two folds alone
JOINED, KNN, MLP, TREES = 2, 4, 5, 6  # complexity above the linear head's 0 and 1: simpler ones are preferred


@dataclass(frozen=True)
class _Features:
    """Features of every pool row for one fold: the encoders that made them, fitted on its training rows."""

    encoders: Encoders
    x: Floats


class Frozen:
    """A head on cached embeddings of every text column; variants that inner rows may prefer.

    linear: the whole path of strengths, all folds solved together; class weights at the best of them. knn, mlp: more
    complex variants that must gain over one standard error. With table columns: embeddings alone, embeddings and
    columns side by side, or both into boosted trees. The backbone's parameters are never touched.
    """

    name = "frozen"
    order = 20
    title = "frozen backbone + head"
    needs_backbone = True
    inner = 5

    def applies(self, job: Job) -> str:
        """Ask for a text column and a backbone."""
        if job.backbone is None:
            return "no backbone was loaded"
        return "" if job.inputs.texts else "there is no text column"

    def predict_cost(self, job: Job) -> Cost:
        """Seconds: embedding at the measured rate (nothing where it is cached), then the head from one product."""
        rate = job.inputs.rate
        embedding = sum(rate(name) for name in job.inputs.texts) if rate else 0.0
        assert job.backbone is not None
        width = job.backbone.width * len(job.inputs.texts)
        n, folds = len(job.target), len(job.plan.folds) if job.plan.kind == "folds" else 5
        passes = 4 * len(STRENGTHS)  # five a strength, each over four of five rows
        network = n * (width + job.target.outputs) * 256 * 6 * 25 * (folds if n < MANY else 3)
        work = n * width * job.target.outputs * folds * 4 * passes
        return Cost(embedding + (1.5 * work + 2 * network) / _rate() + 0.5, n * width * 4 * 3)

    def climb(self, job: Job) -> Trial:
        """Embed, then try the variants on folds; see rung.adapt.search."""
        return climb(job, self)

    def refit(self, job: Job, choice: dict[str, Any]) -> FittedModel:
        """Fit the chosen variant on all pool rows."""
        return self.fit(job, np.arange(len(job.target)), choice)

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """All variants, simplest first."""
        names = tuple(job.inputs.texts)
        x = Encoders(embedded=names).apply(job.inputs)
        together = list(range(len(folds)))
        found = path(
            job, folds, lambda: iter([(x, together)]), STRENGTHS, {"variant": "linear", "features": "embedding"}
        )
        rows = min(len(fold.train) for fold in folds)
        few = folds if rows < MANY else folds[:2]
        if rows <= MOST_FOR_KNN:
            for k in KS:
                choice = {"variant": "knn", "features": "embedding", "k": k}
                found.append(self._tried(job, folds, few, choice, KNN))
        if rows >= LEAST_FOR_MLP:
            found.append(self._tried(job, folds, few, {"variant": "mlp", "features": "embedding"}, MLP))
        if job.inputs.table.width:
            found += self._joined(job, folds)
            if job.target.outputs <= MOST_OUTPUTS:
                found.append(self._tried(job, folds, few, {"variant": "trees", "features": "embedding+table"}, TREES))
        return found

    def _joined(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """Embeddings and table columns side by side: one path a fold, for each has its own table encoder."""

        def groups() -> Iterator[tuple[Floats, list[int]]]:
            for f, fold in enumerate(folds):
                yield _features(job, fold.train, "embedding+table").x, [f]

        extra = {"variant": "linear", "features": "embedding+table"}
        return path(job, folds, groups, STRENGTHS, extra, JOINED)

    def _tried(
        self, job: Job, folds: Sequence[Fold], few: Sequence[Fold], choice: dict[str, Any], complexity: int
    ) -> Candidate:
        said: list[Floats | None] = [None] * len(folds)
        for f, fold in enumerate(few):
            job.tell(Progress(f"{choice['variant']}", f, len(few), "folds"))
            said[f] = self.fit(job, fold.train, choice).predict(job.inputs.take(fold.validation))
        return Candidate(choice, complexity, said)

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> FittedModel:
        """One model of the chosen variant on these pool rows."""
        features = _features(job, rows, choice["features"], only=True)
        target = job.target.take(rows)
        shift, spread = standard(job.target, rows)
        variant = choice["variant"]
        if variant in ("knn", "trees"):
            shift, spread = 0.0, 1.0  # both answer in the target's own units
        heads: dict[str, Callable[[], Head]] = {
            "linear": lambda: fit_linear(target, features.x, choice, shift, spread),
            "knn": lambda: fit_knn(target, features.x, choice["k"]),
            "mlp": lambda: fit_mlp(target, features.x, job.seed, shift, spread),
            "trees": lambda: fit_trees(target, features.x, job.seed),
        }
        return FittedModel(features.encoders, heads[variant](), shift, spread)

    def trained(self, model: FittedModel) -> int:
        """Weights of the head; for kNN, whose rows are not trained, 0."""
        if model.head.kind == "knn":
            return 0
        parts = model.parts()
        numbers = sum(tensor.size for name, tensor in parts.tensors.items() if name.startswith("head."))
        return numbers + sum(content.count(b"leaf_value") for content in parts.files.values())


def _features(job: Job, rows: Ints, which: str, *, only: bool = False) -> _Features:
    """Embeddings of all text columns, and the table's columns beside them when asked.

    only: features of `rows` alone, else of every pool row. The table's encoder sees `rows` alone.
    """
    names = tuple(job.inputs.texts)
    inputs: Inputs = job.inputs.take(rows) if only else job.inputs
    if which == "embedding":
        encoders = Encoders(embedded=names)
        return _Features(encoders, encoders.apply(inputs))
    bare = Encoders(embedded=names).apply(job.inputs.take(rows))
    spread = float(np.sqrt(bare.var(axis=0).sum()))
    table = fit_table(job.inputs.table[rows])
    columns = max(1, len(table.numbers) + len(table.categories) + len(table.datetimes))
    encoders = Encoders(embedded=names, table=table, scale=spread / float(np.sqrt(columns)))
    return _Features(encoders, encoders.apply(inputs))


def _rate() -> float:
    """Float operations a second that this machine does now in a product of a head's shape."""
    a, b = np.ones((2048, 384), np.float32), np.ones((384, 385), np.float32)
    a @ b
    begun = perf_counter()
    for _ in range(3):
        a @ b
    return 3 * 2 * 2048 * 384 * 385 / max(perf_counter() - begun, 1e-6)


register(Frozen())
