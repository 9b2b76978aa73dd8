"""frozen: the backbone stays as it is; a head learns on its embeddings, each row embedded once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from rung.adapt.base import register
from rung.adapt.boost import MOST_OUTPUTS, ROUNDS, fit_trees
from rung.adapt.choose import Candidate, inner_folds
from rung.adapt.knn import KS, fit_knn
from rung.adapt.linear import Groups, fit_linear, held_out, path, standard
from rung.adapt.mlp import EPOCHS, fit_mlp, steps_of
from rung.adapt.prototypes import SHARPNESS, fit_prototypes, worth_trying
from rung.adapt.search import climb
from rung.adapt.word_costs import measured
from rung.adapt.words import Words
from rung.backbones.workers import each, workers
from rung.bundle.model import Encoders, FittedModel
from rung.bundle.table import fit_table
from rung.core.contracts import Head, Job, Trial
from rung.core.types import Cost, Floats, Fold, Inputs, Ints, Progress

STRENGTHS = tuple(float(10**power) for power in np.linspace(-2, 3.5, 12))
LEAST_FOR_MLP = 400  # training rows; below, a network on a fixed embedding only adds noise
MOST_FOR_KNN = 50_000  # rows that a nearest-neighbour model would have to carry
MANY = 2000  # training rows from which dear variants are tried on two inner folds alone, where a share judges
TREE_CELL = 300.0  # float operations that one cell costs in one tree, measured on 200 rows of 780 features
DENSER = 1.7  # times as long as words alone, a solve over words and embeddings takes
PASSES = 4  # over all rows at one strength, in the product's own time: measured, as are the next two
USUAL_EPOCHS = 14  # of the network before it stops early, times the cube root of the outputs
AT_REST = 0.7  # seconds of the path whatever its rows
MOST_FOR_WORDS = 200_000  # rows times outputs: one solve a class, over rows that embeddings make dense
MOST_CLASSES = 40  # Banking77's 77 classes took twice the time at 1,000 rows and gained nothing
ROOTED = "root of embedding"
AFTER_ROOT = 1
JOINED, BESIDE_WORDS, KNN, MLP, TREES = 2, 4, 6, 7, 8  # complexity above the linear head's: simpler ones are preferred
WORDS = Words(
    strengths=(0.03, 0.1, 0.3, 1.0),
    embedded=True,
    extra={"variant": "words", "features": "embedding+words"},
    complexity=BESIDE_WORDS,
)


@dataclass(frozen=True)
class Features:
    """Features of every pool row for one fold: the encoders that made them, fitted on its training rows."""

    encoders: Encoders
    x: Floats


class Frozen:
    """A head on cached embeddings of every column of text, images or sounds; variants that inner rows may prefer.

    linear: the whole path of strengths, all folds solved together; class weights at the best of them; also on the
    square roots of embeddings without negative values, which tame a few loud maps. prototypes: class means, where rows
    of each class are few. words: word counts beside the embeddings, where that is affordable. knn, mlp: more complex
    still. The more complex must gain more than one standard error. With table columns: embeddings alone, embeddings and
    columns side by side, or both into boosted trees. The backbone's parameters are never touched.
    Source: Perronnin et al. 2010, Improving the Fisher Kernel, section 3.2, for square roots.
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
        return "" if job.inputs.parts else "there is no column of text, images or sounds"

    def predict_cost(self, job: Job) -> Cost:
        """Seconds: embedding at the measured rate (nothing where it is cached), then the head from one product."""
        rate = job.inputs.rate
        embedding = sum(rate(name) for name in job.inputs.parts) if rate else 0.0
        assert job.backbone is not None
        width = job.backbone.width * len(job.inputs.parts)
        n, folds = len(job.target), job.plan.folds
        if job.plan.kind != "folds":
            folds = inner_folds(job, folds[0].train, self.inner)
        tried = folds if len(folds[0].train) < MANY or job.plan.kind == "folds" else folds[:2]
        work: float = n * width * job.target.outputs * len(folds) * 4 * PASSES * len(STRENGTHS)
        network = 0.0
        if len(folds[0].train) >= LEAST_FOR_MLP:
            seconds, steps = steps_of(width, job.target, len(folds[0].train))
            epochs = min(EPOCHS, USUAL_EPOCHS * job.target.outputs ** (1 / 3))
            network = len(tried) * seconds * steps * epochs / min(workers(), len(tried))
        if job.inputs.table.width:  # beside the table each fold has a path of its own, and trees are grown
            work *= 2
            if job.target.outputs <= MOST_OUTPUTS:
                grown = ROUNDS * max(1, job.target.outputs) * len(tried)
                work += grown * n * (width + job.inputs.table.width) * TREE_CELL
        words = 0.0
        if job.inputs.texts and _affords_words(len(folds[0].train), job.target.outputs):
            words = DENSER * measured(job).walk(tried, len(WORDS.strengths) + 1)
        return Cost(embedding + words + network + work / rate_of_products() + AT_REST, n * width * 4 * 3)

    def climb(self, job: Job) -> Trial:
        """Embed, then try the variants on folds; see rung.adapt.search."""
        return climb(job, self)

    def refit(self, job: Job, choice: dict[str, Any]) -> FittedModel:
        """Fit the chosen variant on all pool rows."""
        return self.fit(job, np.arange(len(job.target)), choice)

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """All variants, simplest first."""
        plain = {"variant": "linear", "features": "embedding"}
        found = path(job, folds, groups_of(job, folds, "embedding"), STRENGTHS, plain)
        rows = min(len(fold.train) for fold in folds)
        few = folds if rows < MANY or job.plan.kind == "folds" else folds[:2]
        if _no_negatives(job):
            rooted = {"variant": "linear", "features": ROOTED}
            found += path(job, folds, groups_of(job, folds, ROOTED), STRENGTHS, rooted, AFTER_ROOT)
        if worth_trying(job.target, rows):
            for sharpness in SHARPNESS:
                choice = {"variant": "prototypes", "features": "embedding", "sharpness": sharpness}
                found.append(self._tried(job, folds, folds, choice, 0))
        if rows <= MOST_FOR_KNN:
            for k in KS:
                choice = {"variant": "knn", "features": "embedding", "k": k}
                found.append(self._tried(job, folds, few, choice, KNN))
        if rows >= LEAST_FOR_MLP:
            found.append(self._tried(job, folds, few, {"variant": "mlp", "features": "embedding"}, MLP))
        if job.inputs.table.width:
            extra = {"variant": "linear", "features": "embedding+table"}
            found += path(job, folds, groups_of(job, folds, "embedding+table"), STRENGTHS, extra, JOINED)
            if job.target.outputs <= MOST_OUTPUTS:
                found.append(self._tried(job, folds, few, {"variant": "trees", "features": "embedding+table"}, TREES))
        if job.inputs.texts and _affords_words(rows, job.target.outputs):
            found += self._beside_words(job, folds, few)
        return found

    def _beside_words(self, job: Job, folds: Sequence[Fold], few: Sequence[Fold]) -> list[Candidate]:
        untried: list[None] = [None] * (len(folds) - len(few))
        return [replace(tried, held_out=[*tried.held_out, *untried]) for tried in WORDS.candidates(job, few)]

    def held_out(self, job: Job, folds: Sequence[Fold], choice: dict[str, Any]) -> list[Floats]:
        """Predictions of each fold's held-out rows by the chosen variant trained on its training rows."""
        if choice["variant"] == "linear":
            return held_out(job, folds, groups_of(job, folds, choice["features"]), choice)

        def one(fold: Fold) -> Floats:
            return self.fit(job, fold.train, choice).predict(job.inputs.take(fold.validation))

        # a network's batches are so small that a second thread costs more than it helps: a fold a core instead
        several = each(one, folds) if choice["variant"] == "mlp" else map(one, folds)
        found = []
        for said in several:
            found.append(said)
            job.tell(Progress(choice["variant"], len(found), len(folds), "folds"))
        return found

    def _tried(
        self, job: Job, folds: Sequence[Fold], few: Sequence[Fold], choice: dict[str, Any], complexity: int
    ) -> Candidate:
        said = self.held_out(job, few, choice)
        return Candidate(choice, complexity, [*said, *[None] * (len(folds) - len(few))])

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> FittedModel:
        """One model of the chosen variant on these pool rows."""
        if choice["variant"] == "words":
            return WORDS.fit(job, rows, choice)
        features = features_of(job, rows, choice["features"], only=True)
        target = job.target.take(rows)
        shift, spread = standard(job.target, rows)
        variant = choice["variant"]
        if variant in ("knn", "trees"):
            shift, spread = 0.0, 1.0  # both answer in the target's own units
        heads: dict[str, Callable[[], Head]] = {
            "linear": lambda: fit_linear(target, features.x, choice, shift, spread),
            "prototypes": lambda: fit_prototypes(target, features.x, choice["sharpness"]),
            "knn": lambda: fit_knn(target, features.x, choice["k"]),
            "mlp": lambda: fit_mlp(target, features.x, job.seed, shift, spread),
            "trees": lambda: fit_trees(target, features.x, job.seed),
        }
        return FittedModel(features.encoders, heads[variant](), shift, spread)

    def trained(self, model: FittedModel) -> int:
        """Weights of the head; for kNN, whose rows are not trained, 0."""
        return model.trained


def _affords_words(rows: int, outputs: int) -> bool:
    return outputs <= MOST_CLASSES and rows * outputs <= MOST_FOR_WORDS


def _no_negatives(job: Job) -> bool:
    """Whether the embeddings are what a rectifier leaves: pooled maps of a convolutional network."""
    return bool(job.inputs.media) and all(job.inputs.embed(name).min() >= 0 for name in job.inputs.media)


def groups_of(job: Job, folds: Sequence[Fold], which: str) -> Groups:
    """Features with the folds that share them: all folds, but one fold each where a table's encoder is fitted."""

    def groups() -> Iterator[tuple[Floats, list[int]]]:
        if which in ("embedding", ROOTED):
            yield features_of(job, folds[0].train, which).x, list(range(len(folds)))
            return
        for f, fold in enumerate(folds):
            yield features_of(job, fold.train, which).x, [f]

    return groups


def features_of(job: Job, rows: Ints, which: str, *, only: bool = False) -> Features:
    """Embeddings of all text columns, and the table's columns beside them when asked.

    only: features of `rows` alone, else of every pool row. The table's encoder sees `rows` alone.
    """
    names = tuple(job.inputs.parts)
    inputs: Inputs = job.inputs.take(rows) if only else job.inputs
    if which in ("embedding", ROOTED):
        encoders = Encoders(embedded=names, root=which == ROOTED)
        return Features(encoders, encoders.apply(inputs))
    bare = Encoders(embedded=names).apply(job.inputs.take(rows))
    spread = float(np.sqrt(bare.var(axis=0).sum()))
    table = fit_table(job.inputs.table[rows])
    columns = max(1, len(table.numbers) + len(table.categories) + len(table.datetimes))
    encoders = Encoders(embedded=names, table=table, scale=spread / float(np.sqrt(columns)))
    return Features(encoders, encoders.apply(inputs))


def rate_of_products() -> float:
    """Float operations a second that this machine does now in a product of a head's shape."""
    a, b = np.ones((2048, 384), np.float32), np.ones((384, 385), np.float32)
    a @ b
    begun = perf_counter()
    for _ in range(3):
        a @ b
    return 3 * 2 * 2048 * 384 * 385 / max(perf_counter() - begun, 1e-6)


register(Frozen())
