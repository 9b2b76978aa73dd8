"""frozen: the backbone stays as it is; a head learns on its embeddings, each row embedded once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from rung.adapt.base import NO_BACKBONE, register
from rung.adapt.boost import MOST_OUTPUTS, ROUNDS, fit_trees
from rung.adapt.choose import Candidate, inner_folds
from rung.adapt.columns import COLUMNS, Columns
from rung.adapt.features import (
    AXES,
    CODES,
    EMBEDDING,
    MOST_AXES,
    ROOTED,
    TABLE,
    choice_of,
    features_of,
    groups_of,
)
from rung.adapt.fusion import STACK, fit_stack, mixture, stacked
from rung.adapt.knn import KS, fit_knn
from rung.adapt.linear import fit_linear, held_out, path, standard
from rung.adapt.mlp import fit_mlp, steps_of
from rung.adapt.prototypes import SHARPNESS, fit_prototypes, worth_trying
from rung.adapt.search import climb
from rung.adapt.signals import SIGNALS, Signals, making
from rung.adapt.signals import width as signals_width
from rung.adapt.word_costs import measured
from rung.adapt.words import Words
from rung.backbones.workers import each, workers
from rung.bundle.blend import Fitted
from rung.bundle.model import FittedModel
from rung.core.contracts import Head, Job, Trial
from rung.core.types import Cost, Floats, Fold, Ints, Progress, Role

STRENGTHS = tuple(float(10**power) for power in np.linspace(-2, 3.5, 12))
NAMES = (4.0, 16.0)  # rows that a class's name counts for
LEAST_FOR_MLP = 400  # training rows; below, a network on a fixed embedding only adds noise
MOST_FOR_KNN = 50_000  # rows that a nearest-neighbour model would have to carry
MANY = 2000  # training rows from which dear variants are tried on two inner folds alone, where a share judges
TREE_CELL = 300.0  # float operations that one cell costs in one tree, measured on 200 rows of 780 features
DENSER = 2.8  # times as long as one of words alone, a row of words and embeddings takes
MOST_FOR_TREES = 1024  # numbers of an embedding; of wider ones trees see the main axes alone
PASSES = 2.3  # over all rows at one strength, times the cube root of the outputs: measured, as are the next two
SIDE_BY_SIDE = 0.7  # power of the workers by which networks side by side are faster than one after another
A_PASS, FULL = 2.2e-3, 1000  # seconds of a pass beside its products, from so many rows on; in proportion below
AT_REST = 0.3  # seconds of the path whatever its rows: 16 rows of MPQA took that in all
MOST_FOR_WORDS = 200_000  # rows times outputs: one solve a class, over rows that embeddings make dense
MOST_CLASSES = 40  # Banking77's 77 classes took twice the time at 1,000 rows and gained nothing
AFTER_ROOT = 1
JOINED, BESIDE_WORDS, KNN, MLP, TREES, STACKED = (
    2,
    4,
    6,
    7,
    8,
    9,
)  # complexity above the linear head's: simpler ones are preferred
BESIDE = "+handmade"
WORDS = Words(
    strengths=(0.03, 0.1, 0.3, 1.0),
    embedded=True,
    extra=choice_of("words", "embedding+words"),
    complexity=BESIDE_WORDS,
)


class Frozen:
    """A head on cached embeddings of every column of text or media; variants that inner rows may prefer.

    linear: the whole path of strengths, all folds solved together; class weights at the best of them; with the names
    of the classes as rows more, where rows of each are few; also on the square roots of embeddings without negative
    values, which tame a few loud maps. prototypes: class means, where rows
    of each class are few. words, signals: word counts, or handmade features of images, sounds and series, beside the
    embeddings, where that is affordable. knn, mlp: more complex still. The more complex must gain more than one
    standard error. With table columns or several embedded ones also what rung.adapt.fusion says. The backbone's
    parameters are never touched.
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
            return NO_BACKBONE
        return "" if job.inputs.embedded else "there is no column of text, images, sounds or series"

    def predict_cost(self, job: Job) -> Cost:
        """Seconds: embedding at the measured rate (nothing where it is cached), then the head from one product."""
        rate = job.inputs.rate
        embedding = sum(rate(name) for name in job.inputs.embedded) if rate else 0.0
        width = _width(job)
        n, folds = len(job.target), job.plan.folds
        if job.plan.kind != "folds":
            folds = inner_folds(job, folds[0].train, self.inner)
        tried = folds if len(folds[0].train) < MANY or job.plan.kind == "folds" else folds[:2]
        products = rate_of_products()
        work = work_of_path(job, width, len(folds), products)
        work *= 1 + len(NAMES) if job.named is not None else 1
        network = 0.0
        if len(folds[0].train) >= LEAST_FOR_MLP:
            seconds, steps = steps_of(width, job.target, len(folds[0].train))
            network = len(tried) * seconds * steps / min(workers(), len(tried)) ** SIDE_BY_SIDE
        if mixture(job):  # each fold has paths of its own, of each part and of all, and trees are grown
            work *= 2
            if job.target.outputs <= MOST_OUTPUTS:
                grown = ROUNDS * max(1, job.target.outputs) * len(tried)
                cells = MOST_AXES * len(job.inputs.embedded) + 2 * job.inputs.table.width
                cells += width if width <= MOST_FOR_TREES else 0
                work += grown * n * cells * TREE_CELL
        words = 0.0
        if _words_alone(job) and _affords_words(len(folds[0].train), job.target.outputs):
            words = measured(job).walk(tried, len(WORDS.strengths) + 1, DENSER)
        if _affords_signals(job, len(folds[0].train)):
            work *= 2 + signals_width(job) / width  # roots and signals have paths of their own
            words += making(job) if any(column.role is Role.SERIES for column in job.columns) else 0.0
        return Cost(embedding + words + network + work / products + AT_REST, n * width * 4 * 3)

    def climb(self, job: Job) -> Trial:
        """Embed, then try the variants on folds; see rung.adapt.search."""
        return climb(job, self)

    def refit(self, job: Job, choice: dict[str, Any]) -> Fitted:
        """Fit the chosen variant on all pool rows."""
        return self.fit(job, np.arange(len(job.target)), choice)

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:  # noqa: C901  # a list of what is tried
        """All variants, simplest first."""
        rows = min(len(fold.train) for fold in folds)
        few = folds if rows < MANY or job.plan.kind == "folds" else folds[:2]
        several = len(job.inputs.embedded) > 1
        found = []
        for name in job.inputs.embedded if several else ():
            found += self._path(job, folds, choice_of("linear", EMBEDDING, [name]), 0)
        found += self._path(job, folds, choice_of("linear", EMBEDDING), JOINED if several else 0)
        for weight in NAMES if job.named is not None else ():
            found += self._path(job, folds, choice_of("linear", EMBEDDING, names=weight), 0)
        if _no_negatives(job):
            found += self._path(job, folds, choice_of("linear", ROOTED), AFTER_ROOT)
        if worth_trying(job.target, rows):
            for sharpness in SHARPNESS:
                choice = choice_of("prototypes", EMBEDDING, sharpness=sharpness)
                found.append(self._tried(job, folds, folds, choice, 0))
        if rows <= MOST_FOR_KNN:
            for k in KS:
                found.append(self._tried(job, folds, few, choice_of("knn", EMBEDDING, k=k), KNN))
        if rows >= LEAST_FOR_MLP:
            found.append(self._tried(job, folds, few, choice_of("mlp", EMBEDDING), MLP))
        found += self._fused(job, folds, few, found) if mixture(job) else []
        if _words_alone(job) and _affords_words(rows, job.target.outputs):
            found += self._beside_words(job, folds, few)
        if _affords_signals(job, rows):
            start = ROOTED if _no_negatives(job) else EMBEDDING
            found += _beside_signals(job, start + BESIDE).candidates(job, folds)
        return found

    def _fused(
        self, job: Job, folds: Sequence[Fold], few: Sequence[Fold], alone: Sequence[Candidate]
    ) -> list[Candidate]:
        """What takes table columns, or several embedded ones, together: see rung.adapt.fusion."""
        table, found = job.inputs.table.width, []
        if table:
            found += self._path(job, folds, choice_of("linear", EMBEDDING + TABLE), JOINED)
            if min(len(fold.train) for fold in folds) >= LEAST_FOR_MLP:
                found.append(self._tried(job, folds, few, choice_of("mlp", EMBEDDING + TABLE), MLP))
        if job.target.outputs <= MOST_OUTPUTS:
            for start in (AXES, EMBEDDING) if _width(job) <= MOST_FOR_TREES else (AXES,):
                choice = choice_of("trees", start + CODES if table else start)
                found.append(self._tried(job, folds, few, choice, TREES))
        linear = [candidate for candidate in alone if candidate.choice["variant"] == "linear"]
        members = [
            [each for each in linear if len(job.inputs.embedded) == 1 or each.choice.get("parts") == [name]]
            for name in job.inputs.embedded
        ]
        if table:
            members.append(Columns().candidates(job, folds))
        return [*found, stacked(job, folds, members, STACKED)]

    def _path(self, job: Job, folds: Sequence[Fold], choice: dict[str, Any], complexity: int) -> list[Candidate]:
        groups = groups_of(job, folds, choice["features"], choice.get("parts"))
        return path(job, folds, groups, STRENGTHS, choice, complexity)

    def _beside_words(self, job: Job, folds: Sequence[Fold], few: Sequence[Fold]) -> list[Candidate]:
        untried: list[None] = [None] * (len(folds) - len(few))
        return [replace(tried, held_out=[*tried.held_out, *untried]) for tried in WORDS.candidates(job, few)]

    def held_out(self, job: Job, folds: Sequence[Fold], choice: dict[str, Any]) -> list[Floats]:
        """Predictions of each fold's held-out rows by the chosen variant trained on its training rows."""
        if choice["variant"] == "linear":
            return held_out(job, folds, groups_of(job, folds, choice["features"], choice.get("parts")), choice)

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

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> Fitted:
        """One model of the chosen variant on these pool rows."""
        variant = choice["variant"]
        if variant == "words":
            return WORDS.fit(job, rows, choice)
        if variant == SIGNALS:
            return _beside_signals(job, choice["features"]).fit(job, rows, choice)
        if variant == STACK:
            return fit_stack(job, rows, choice, self.fit)
        if choice["features"] == COLUMNS or variant == COLUMNS:
            return Columns().fit(job, rows, choice)
        features = features_of(job, rows, choice["features"], choice.get("parts"), only=True)
        target = job.target.take(rows)
        shift, spread = standard(job.target, rows)
        if variant in ("knn", "trees"):
            shift, spread = 0.0, 1.0  # both answer in the target's own units
        codes = features.encoders.codes.categorical if features.encoders.codes else ()
        heads: dict[str, Callable[[], Head]] = {
            "linear": lambda: fit_linear(target, features.x, choice, shift, spread, job.named),
            "prototypes": lambda: fit_prototypes(target, features.x, choice["sharpness"]),
            "knn": lambda: fit_knn(target, features.x, choice["k"]),
            "mlp": lambda: fit_mlp(target, features.x, job.seed, shift, spread),
            "trees": lambda: fit_trees(target, features.x, job.seed, categorical=codes),
        }
        return FittedModel(features.encoders, heads[variant](), shift, spread)

    def trained(self, model: Fitted) -> int:
        """Weights of the head; for kNN, whose rows are not trained, 0."""
        return model.trained


def _width(job: Job) -> int:
    return sum(job.widths[name] for name in job.inputs.embedded)


def _affords_words(rows: int, outputs: int) -> bool:
    return outputs <= MOST_CLASSES and rows * outputs <= MOST_FOR_WORDS


def _words_alone(job: Job) -> bool:
    return bool(job.inputs.texts) and set(job.inputs.embedded) == set(job.inputs.texts)


def _affords_signals(job: Job, rows: int) -> bool:
    """Whether there are images, sounds or series, read by a backbone or by none, and a solve is affordable."""
    return bool(job.inputs.media) and _affords_words(rows, job.target.outputs)


def _beside_signals(job: Job, features: str) -> Signals:
    root, extra = features.startswith(ROOTED), choice_of(SIGNALS, features)
    return Signals(job.columns, embedded=True, root=root, extra=extra, complexity=BESIDE_WORDS)


def _no_negatives(job: Job) -> bool:
    """Whether the embeddings are what a rectifier leaves: pooled maps of a convolutional network."""
    names = job.inputs.embedded
    return len(names) == 1 and names[0] in job.inputs.media and bool(job.inputs.embed(names[0]).min() >= 0)


def work_of_path(job: Job, width: int, folds: int, rate: float) -> float:
    """Float operations of a path of strengths: the solver takes 4 steps a strength for 6 classes, 9 to 14 for 77.

    What a pass takes beside its products counts as the operations that `rate` a second would do meanwhile.
    """
    n, outputs = len(job.target), job.target.outputs
    passes: float = folds * PASSES * outputs ** (1 / 3) * len(STRENGTHS)
    return passes * (4 * n * width * outputs + A_PASS * min(n, FULL) / FULL * rate)


def rate_of_products() -> float:
    """Float operations a second that this machine does now in a product of a head's shape."""
    a, b = np.ones((2048, 384), np.float32), np.ones((384, 385), np.float32)
    a @ b
    begun = perf_counter()
    for _ in range(3):
        a @ b
    return 3 * 2 * 2048 * 384 * 385 / max(perf_counter() - begun, 1e-6)


register(Frozen())
