"""classic: no backbone. TF-IDF of words and characters beside the table columns, and a linear head."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from scipy import sparse

from rung.adapt.base import register
from rung.adapt.choose import Candidate, scores
from rung.adapt.linear import balance, standard
from rung.adapt.margins import fit_margins, slope, sloped, with_slope
from rung.adapt.search import climb
from rung.bundle.model import Encoders, FittedModel
from rung.bundle.table import TableEncoder, fit_table
from rung.bundle.tfidf import VIEWS, Tfidf, counted, weighed
from rung.core.contracts import Job, Trial
from rung.core.types import Cost, Floats, Fold, Ints, Progress

STRENGTHS = (0.1, 0.3, 1.0, 3.0)
WIDER = ((0.03, 0.01), (10.0, 30.0))  # tried outwards, one by one, only while the best strength is the outermost
ROUGH, FINE = 0.1, 0.01  # the solver's tolerance while strengths are compared, and for the model that is kept
MOST_TERMS = 100_000
SAMPLE = 200


@dataclass(frozen=True)
class _Seen:
    """What training rows know: of each view the terms kept (by number) and their idf, and the table's encoder."""

    views: tuple[tuple[Ints, Floats], ...]
    table: TableEncoder | None


class Classic:
    """TF-IDF (word 1-2, char_wb 3-5 grams, sublinear) and table columns into support vectors, or ridge for numbers.

    Vocabulary, document frequencies and the table's encoder are those of the rows that train, fold by fold; the text
    is cut into terms once. Strength and class weights are chosen on inner rows.
    Source: Salton and Buckley 1988; Joachims 1998 for linear models on words.
    """

    name = "classic"
    order = 10
    title = "word counts + linear, no backbone"
    needs_backbone = False
    inner = 2  # each fold has a vocabulary and a solve of its own: five would more than double the wait

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
        rows = np.sort(np.random.default_rng(job.seed).choice(n, SAMPLE, replace=False))
        sample = job.inputs.take(rows)
        begun = perf_counter()
        found = [counted(texts, view)[0] for texts in sample.texts.values() for view in VIEWS]
        cutting = (perf_counter() - begun) * n / len(rows)
        x = sparse.csr_array(sparse.hstack(found, format="csr"))
        target = job.target.take(rows)
        begun = perf_counter()
        fit_margins(target, x, 0.3, weighted=False, shift=0.0, spread=1.0, tolerance=ROUGH)
        solving = (perf_counter() - begun) * n / len(rows)
        fits = len(job.plan.folds) * 0.8 if job.plan.kind == "folds" else self.inner * 0.5
        return Cost(2 * cutting + solving * (fits * (len(STRENGTHS) + 1) + 2), int(x.nnz * n / len(rows) * 24))

    def climb(self, job: Job) -> Trial:
        """Try the strengths on folds; see rung.adapt.search. The counts stay for the refit that follows."""
        return climb(job, self)

    def refit(self, job: Job, choice: dict[str, Any]) -> FittedModel:
        """Fit on all pool rows."""
        try:
            return self.fit(job, np.arange(len(job.target)), choice)
        finally:
            self._counts = None

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """Strengths from strong to weak, then class weights at the best; each fold has a vocabulary of its own."""
        features = [self._split_features(job, fold) for fold in folds]
        found = [self._candidate(job, folds, features, strength, weighted=False) for strength in STRENGTHS]
        for side, outward in zip((0, -1), WIDER, strict=True):
            for strength in outward:
                if self._best(job, folds, found) is not found[side]:
                    break
                wider = self._candidate(job, folds, features, strength, weighted=False)
                found = [wider, *found] if side == 0 else [*found, wider]
        if any(balance(job.target, fold.train) is not None for fold in folds):
            strength = self._best(job, folds, found).choice["strength"]
            found.append(self._candidate(job, folds, features, strength, weighted=True))
        return found

    def _best(self, job: Job, folds: Sequence[Fold], found: list[Candidate]) -> Candidate:
        return found[int(np.argmax(np.nanmean(scores(job, found, folds), axis=1)))]

    def _candidate(
        self, job: Job, folds: Sequence[Fold], features: Sequence[Any], strength: float, *, weighted: bool
    ) -> Candidate:
        margins = []
        for f, (fold, (x, z)) in enumerate(zip(folds, features, strict=True)):
            job.tell(Progress(f"classic, strength {strength:g}", f, len(folds), "folds"))
            shift, spread = standard(job.target, fold.train)
            target = job.target.take(fold.train)
            head = fit_margins(target, x, strength, weighted=weighted, shift=shift, spread=spread, tolerance=ROUGH)
            margins.append(head(z).astype(np.float64) * spread + shift)
        truths = [job.target.value[fold.validation] for fold in folds]
        held_out = []
        for f, fold in enumerate(folds):
            others = [g for g in range(len(folds)) if folds[g].repeat == fold.repeat and g != f]
            ab = slope(job.target, [margins[g] for g in others], [truths[g] for g in others])
            held_out.append(sloped(job.target, margins[f], ab))
        choice = {
            "strength": strength,
            "class_weight": "balanced" if weighted else "none",
            "slope": list(slope(job.target, margins, truths)),
        }
        return Candidate(choice, int(weighted), held_out)

    def _split_features(self, job: Job, fold: Fold) -> tuple[Any, Any]:
        seen = self._seen(job, fold.train)
        return self._features(job, seen, fold.train), self._features(job, seen, fold.validation)

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> FittedModel:
        """One model on these rows."""
        seen = self._seen(job, rows)
        shift, spread = standard(job.target, rows)
        target, weighted = job.target.take(rows), choice["class_weight"] == "balanced"
        x = self._features(job, seen, rows)
        head = fit_margins(target, x, choice["strength"], weighted=weighted, shift=shift, spread=spread, tolerance=FINE)
        return FittedModel(self._encoders(job, seen), with_slope(target, head, tuple(choice["slope"])), shift, spread)

    def trained(self, model: FittedModel) -> int:
        """Weights and biases of the head."""
        return sum(tensor.size for name, tensor in model.parts().tensors.items() if name.startswith("head."))

    def _counted(self, job: Job) -> dict[tuple[str, str], Any]:
        if self._counts is None or self._counts[0] is not job.inputs:
            found = {(name, view): counted(texts, view) for name, texts in job.inputs.texts.items() for view in VIEWS}
            self._counts = (job.inputs, found)
        return self._counts[1]

    def _seen(self, job: Job, rows: Ints) -> _Seen:
        views = []
        for counts, _ in self._counted(job).values():
            frequency = np.bincount(counts[rows].indices, minlength=counts.shape[1])
            least = 2 if len(rows) >= SAMPLE else 1
            kept = np.flatnonzero(frequency >= least)
            if len(kept) > MOST_TERMS:
                kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:MOST_TERMS]])
            views.append((kept, (np.log((1 + len(rows)) / (1 + frequency[kept])) + 1).astype(np.float32)))
        return _Seen(tuple(views), fit_table(job.inputs.table[rows]) if job.inputs.table.width else None)

    def _encoders(self, job: Job, seen: _Seen) -> Encoders:
        views = [
            Tfidf(name, view, tuple(terms[kept]), idf)
            for ((name, view), (_, terms)), (kept, idf) in zip(self._counted(job).items(), seen.views, strict=True)
        ]
        return Encoders(tuple(views), (), seen.table)

    def _features(self, job: Job, seen: _Seen, rows: Ints) -> Any:
        parts = [
            weighed(counts[rows][:, kept], idf)
            for (counts, _), (kept, idf) in zip(self._counted(job).values(), seen.views, strict=True)
        ]
        if seen.table is not None:
            parts.append(sparse.csr_array(seen.table.apply(job.inputs.table[rows])))
        x = sparse.csr_array(sparse.hstack(parts, format="csr"))
        x.sort_indices()  # once: the solver would do it again for every fit
        return x


register(Classic())
