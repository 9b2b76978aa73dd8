"""classic: no backbone. TF-IDF of words and characters beside the table columns, and a linear head."""

from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from scipy import sparse

from rung.adapt.base import register
from rung.adapt.choose import Candidate
from rung.adapt.linear import fit_linear, path, standard
from rung.adapt.search import climb
from rung.bundle.model import Encoders, FittedModel
from rung.bundle.table import fit_table
from rung.bundle.tfidf import VIEWS, Tfidf, counted, weighed
from rung.core.contracts import Job, Trial
from rung.core.types import Cost, Fold, Ints

STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
MOST_TERMS = 100_000
SAMPLE = 200


class Classic:
    """TF-IDF (word 1-2, char_wb 3-5 grams, sublinear) and table columns into one regularised linear head.

    Vocabulary, document frequencies and the table's encoder are those of the rows that train, fold by fold; the text
    is cut into terms once. Strength and class weights are chosen on inner rows.
    Source: Salton and Buckley 1988; Joachims 1998 for linear models on words.
    """

    name = "classic"
    order = 10
    title = "word counts + linear, no backbone"
    needs_backbone = False
    inner = 3  # each fold has a vocabulary and a solve of its own: five would double the wait

    def __init__(self) -> None:
        self._counts: tuple[Any, dict[tuple[str, str], Any]] | None = None

    def applies(self, job: Job) -> str:
        """Ask for a column to read."""
        return "" if job.inputs.texts or job.inputs.table.width else "there is no column to read"

    def predict_cost(self, job: Job) -> Cost:
        """Seconds from a sample: cutting texts into terms, and one small fit, scaled to all rows and folds."""
        n = len(job.target)
        if n <= SAMPLE:
            return Cost(1.0)
        rows = np.sort(np.random.default_rng(job.seed).choice(n, min(n, 4 * SAMPLE), replace=False))
        sample = job.inputs.take(rows)
        begun = perf_counter()
        found = {(name, view): counted(texts, view)[0] for name, texts in sample.texts.items() for view in VIEWS}
        cutting = (perf_counter() - begun) * n / len(rows)
        terms = sum(int(counts.nnz) for counts in found.values()) * n / len(rows)
        fits = len(job.plan.folds) if job.plan.kind == "folds" else 5
        product = _product_seconds(terms, job.target.outputs)
        return Cost(1.6 * cutting + product * 40 * (fits * len(STRENGTHS) * 0.7 + 4), int(terms * 8 * 3))

    def climb(self, job: Job) -> Trial:
        """Try the strengths on folds; see rung.adapt.search."""
        try:
            return climb(job, self)
        finally:
            self._counts = None

    def refit(self, job: Job, choice: dict[str, Any]) -> FittedModel:
        """Fit on all pool rows."""
        try:
            return self.fit(job, np.arange(len(job.target)), choice)
        finally:
            self._counts = None

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """One path a fold, for each fold has a vocabulary of its own."""
        every = np.arange(len(job.target))

        def groups() -> Iterator[tuple[Any, list[int]]]:
            for f, fold in enumerate(folds):
                yield self._features(job, self._encoders(job, fold.train), every), [f]

        return path(job, folds, groups, STRENGTHS, {})

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> FittedModel:
        """One model on these rows."""
        encoders = self._encoders(job, rows)
        shift, spread = standard(job.target, rows)
        head = fit_linear(job.target.take(rows), self._features(job, encoders, rows), choice, shift, spread)
        return FittedModel(encoders, head, shift, spread)

    def trained(self, model: FittedModel) -> int:
        """Weights and biases of the head."""
        return sum(tensor.size for name, tensor in model.parts().tensors.items() if name.startswith("head."))

    def _counted(self, job: Job) -> dict[tuple[str, str], Any]:
        if self._counts is None or self._counts[0] is not job.inputs:
            found = {(name, view): counted(texts, view) for name, texts in job.inputs.texts.items() for view in VIEWS}
            self._counts = (job.inputs, found)
        return self._counts[1]

    def _encoders(self, job: Job, rows: Ints) -> Encoders:
        views = []
        for (name, view), (counts, terms) in self._counted(job).items():
            frequency = np.bincount(counts[rows].indices, minlength=counts.shape[1])
            least = 2 if len(rows) >= SAMPLE else 1
            kept = np.flatnonzero(frequency >= least)
            if len(kept) > MOST_TERMS:
                kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:MOST_TERMS]])
            idf = (np.log((1 + len(rows)) / (1 + frequency[kept])) + 1).astype(np.float32)
            views.append(Tfidf(name, view, tuple(terms[kept]), idf))
        table = fit_table(job.inputs.table[rows]) if job.inputs.table.width else None
        return Encoders(tuple(views), (), table)

    def _features(self, job: Job, encoders: Encoders, rows: Ints) -> Any:
        parts = []
        for view in encoders.tfidf:
            counts, terms = self._counted(job)[view.column, view.view]
            kept = np.searchsorted(terms, np.array(view.terms, dtype=object))
            parts.append(weighed(counts[rows][:, kept], view.idf))
        if encoders.table is not None:
            parts.append(sparse.csr_array(encoders.table.apply(job.inputs.table[rows]) * np.float32(encoders.scale)))
        return sparse.csr_array(sparse.hstack(parts, format="csr"))


def _product_seconds(terms: float, outputs: int) -> float:
    """Seconds of one sparse product and its transpose, from a small measured one."""
    rows, width = 2000, 20_000
    rng = np.random.default_rng(0)
    x = sparse.random_array((rows, width), density=100 / width, format="csr", dtype=np.float32, rng=rng)
    w = np.ones((width, outputs), np.float32)
    begun = perf_counter()
    x.T @ (x @ w)
    return float((perf_counter() - begun) * terms / x.nnz)


register(Classic())
