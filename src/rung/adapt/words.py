"""Word and character counts as features, alone or beside embeddings, under one linear head."""

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from rung.adapt.choose import Candidate, scores
from rung.adapt.linear import balance, standard
from rung.adapt.margins import fit_margins, slope, sloped, with_slope
from rung.bundle.model import Encoders, FittedModel
from rung.bundle.table import TableEncoder, fit_table
from rung.bundle.tfidf import VIEWS, Tfidf, counted, weighed
from rung.core.contracts import Job
from rung.core.types import Floats, Fold, Inputs, Ints, Progress

MOST_TERMS = 100_000
ENOUGH = 200  # training rows from which a term has to occur twice
ROUGH, FINE = 0.1, 0.01  # the solver's tolerance while strengths are compared, and for the model that is kept
Counts = dict[tuple[str, str], tuple[Any, Any]]  # (column, view) -> counts (N, V) of all pool rows, terms (V,)


@dataclass(frozen=True)
class _Seen:
    """What training rows know: of each view the terms kept (by number) and their idf, and the table's encoder."""

    views: tuple[tuple[Ints, Floats], ...]
    table: TableEncoder | None
    weight: float


@dataclass(frozen=True)
class Words:
    """TF-IDF (word 1-2, char_wb 3-5 grams, sublinear) and table columns into support vectors, or ridge for numbers.

    Vocabulary, document frequencies and the table's encoder are those of the rows that train, fold by fold; the text
    is cut into terms once. embedded: the text columns' embeddings stand beside the words, as heavy as they are.
    strengths are tried on folds; then wider ones, outwards one by one, while the outermost is best.
    Source: Salton and Buckley 1988; Joachims 1998 for linear models on words.
    """

    strengths: tuple[float, ...]
    wider: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    embedded: bool = False
    extra: dict[str, Any] = field(default_factory=dict)  # goes into each choice
    complexity: int = 0

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """Strengths from strong to weak, then class weights at the best."""
        features = [self._split(job, fold) for fold in folds]
        found = [self._candidate(job, folds, features, strength, weighted=False) for strength in self.strengths]
        for side, outward in zip((0, -1), self.wider, strict=True):
            for strength in outward:
                if _best(job, folds, found) is not found[side]:
                    break
                wider = self._candidate(job, folds, features, strength, weighted=False)
                found = [wider, *found] if side == 0 else [*found, wider]
        if any(balance(job.target, fold.train) is not None for fold in folds):
            strength = _best(job, folds, found).choice["strength"]
            found.append(self._candidate(job, folds, features, strength, weighted=True))
        return found

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> FittedModel:
        """One model on these pool rows."""
        seen = self._seen(job, rows)
        shift, spread = standard(job.target, rows)
        target, weighted = job.target.take(rows), choice["class_weight"] == "balanced"
        x = self._features(job, seen, rows)
        head = fit_margins(target, x, choice["strength"], weighted=weighted, shift=shift, spread=spread, tolerance=FINE)
        return FittedModel(self._encoders(job, seen), with_slope(target, head, tuple(choice["slope"])), shift, spread)

    def _candidate(  # house: the pieces of one try
        self, job: Job, folds: Sequence[Fold], features: Sequence[Any], strength: float, *, weighted: bool
    ) -> Candidate:
        margins = []
        for f, (fold, (x, z)) in enumerate(zip(folds, features, strict=True)):
            what = "words and embeddings" if self.embedded else "words"
            job.tell(Progress(f"{what}, strength {strength:g}", f, len(folds), "folds"))
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
            **self.extra,
            "strength": strength,
            "class_weight": "balanced" if weighted else "none",
            "slope": list(slope(job.target, margins, truths)),
        }
        return Candidate(choice, self.complexity + int(weighted), held_out)

    def _split(self, job: Job, fold: Fold) -> tuple[Any, Any]:
        seen = self._seen(job, fold.train)
        return self._features(job, seen, fold.train), self._features(job, seen, fold.validation)

    def _seen(self, job: Job, rows: Ints) -> _Seen:
        views = []
        for counts, _ in counts_of(job.inputs).values():
            frequency = np.bincount(counts[rows].indices, minlength=counts.shape[1])
            least = 2 if len(rows) >= ENOUGH else 1
            kept = np.flatnonzero(frequency >= least)
            if len(kept) > MOST_TERMS:
                kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:MOST_TERMS]])
            views.append((kept, (np.log((1 + len(rows)) / (1 + frequency[kept])) + 1).astype(np.float32)))
        table = fit_table(job.inputs.table[rows]) if job.inputs.table.width else None
        return _Seen(tuple(views), table, self._weight(job, rows))

    def _weight(self, job: Job, rows: Ints) -> float:
        """What brings embeddings to the mean length of the word counts beside them: each view's rows have length 1."""
        if not self.embedded:
            return 1.0
        square = np.mean([np.square(job.inputs.embed(name)[rows]).sum(1).mean() for name in job.inputs.texts])
        return float(np.sqrt(len(VIEWS) / max(float(square), 1e-12)))

    def _encoders(self, job: Job, seen: _Seen) -> Encoders:
        views = [
            Tfidf(name, view, tuple(terms[kept]), idf)
            for ((name, view), (_, terms)), (kept, idf) in zip(counts_of(job.inputs).items(), seen.views, strict=True)
        ]
        names = tuple(job.inputs.texts) if self.embedded else ()
        return Encoders(tuple(views), names, seen.table, weight=seen.weight)

    def _features(self, job: Job, seen: _Seen, rows: Ints) -> Any:
        parts = [
            weighed(counts[rows][:, kept], idf)
            for (counts, _), (kept, idf) in zip(counts_of(job.inputs).values(), seen.views, strict=True)
        ]
        if self.embedded:
            weight = np.float32(seen.weight)
            parts += [sparse.csr_array(job.inputs.embed(name)[rows] * weight) for name in job.inputs.texts]
        if seen.table is not None:
            parts.append(sparse.csr_array(seen.table.apply(job.inputs.table[rows])))
        x = sparse.csr_array(sparse.hstack(parts, format="csr"))
        x.sort_indices()  # once: the solver would do it again for every fit
        return x


def _best(job: Job, folds: Sequence[Fold], found: list[Candidate]) -> Candidate:
    return found[int(np.argmax(np.nanmean(scores(job, found, folds), axis=1)))]


_LAST: list[tuple[weakref.ref[Inputs], Counts]] = []  # one table's counts: every rung that reads words asks for them


def counts_of(inputs: Inputs) -> Counts:
    """Term counts of every text column and view, made once for as long as these inputs live."""
    if not (_LAST and _LAST[0][0]() is inputs):
        found = {(name, view): counted(texts, view) for name, texts in inputs.texts.items() for view in VIEWS}
        _LAST[:] = [(weakref.ref(inputs, lambda _: _LAST.clear()), found)]
    return _LAST[0][1]


@contextmanager
def held_apart() -> Iterator[None]:
    """Let other inputs be counted meanwhile; the counts that are held come back after."""
    before = _LAST[:]
    try:
        yield
    finally:
        _LAST[:] = before
