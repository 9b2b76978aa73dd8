"""Table columns alone: a linear model on standardised columns, and boosted trees on the columns as they are."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rung.adapt.boost import MOST_OUTPUTS, fit_trees
from rung.adapt.choose import Candidate
from rung.adapt.linear import Groups, fit_linear, path, standard
from rung.bundle.codes import fit_codes
from rung.bundle.model import Encoders, FittedModel
from rung.bundle.table import fit_table
from rung.core.contracts import Job
from rung.core.types import Floats, Fold, Ints, Progress

STRENGTHS = tuple(float(10**power) for power in range(-3, 4))
TREES = 2  # complexity above a linear model's and its class weights
COLUMNS = "columns"  # what the choice says of such a model

_LAST: list[tuple[tuple[Any, ...], list[Floats]]] = []  # classic, frozen and its parts ask for the same trees


class Columns:
    """A linear model and LightGBM with early stopping; the trees must gain more than one standard error."""

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """The linear path with class weights at its best, then trees."""
        return [
            *path(job, folds, _groups(job, folds), STRENGTHS, {"variant": COLUMNS, "features": COLUMNS}),
            *grown(job, folds, TREES),
        ]

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> FittedModel:
        """One model on these pool rows."""
        if choice["variant"] == "trees":
            return fit_grown(job, rows)
        encoders = Encoders(table=fit_table(job.inputs.table[rows]))
        shift, spread = standard(job.target, rows)
        x = encoders.apply(job.inputs.take(rows))
        return FittedModel(encoders, fit_linear(job.target.take(rows), x, choice, shift, spread), shift, spread)


def grown(job: Job, folds: Sequence[Fold], complexity: int) -> list[Candidate]:
    """Trees on the table's columns alone, tried on every fold; none where classes are too many."""
    if not job.inputs.table.width or job.target.outputs > MOST_OUTPUTS:
        return []
    known = (job.inputs.table, job.target, folds, job.seed)
    if not (_LAST and all(mine is theirs for mine, theirs in zip(known, _LAST[0][0], strict=True))):
        said = []
        for fold in folds:
            said.append(fit_grown(job, fold.train).predict(job.inputs.take(fold.validation)))
            job.tell(Progress("trees", len(said), len(folds), "folds"))
        _LAST[:] = [(known, said)]
    return [Candidate({"variant": "trees", "features": COLUMNS}, complexity, _LAST[0][1])]


def fit_grown(job: Job, rows: Ints) -> FittedModel:
    """Trees on the columns of these pool rows."""
    codes = fit_codes(job.inputs.table[rows])
    encoders = Encoders(codes=codes)
    x = encoders.apply(job.inputs.take(rows))
    head = fit_trees(job.target.take(rows), x, job.seed, categorical=codes.categorical, columns=True)
    return FittedModel(encoders, head)


def _groups(job: Job, folds: Sequence[Fold]) -> Groups:
    def groups() -> Iterator[tuple[Floats, list[int]]]:
        for f, fold in enumerate(folds):
            yield Encoders(table=fit_table(job.inputs.table[fold.train])).apply(job.inputs), [f]

    return groups


def trees_beside(found: Sequence[Candidate], job: Job, folds: Sequence[Fold]) -> list[Candidate]:
    """The candidates of another kind of model, and trees on the table's columns as the most complex of them."""
    most = max((candidate.complexity for candidate in found), default=0)
    return [*found, *(replace(each, complexity=most + 1) for each in grown(job, folds, 0))]
