"""Several things in one row: how what is known of each becomes one prediction.

Side by side under one head, into boosted trees, or a stack: a model of each part alone, weighed by how well they do
together on rows that none of them saw. Which of them, if any, beats the best single part, the folds decide.
Source: Wolpert 1992, Stacked Generalization; weights by Caruana et al. 2004 (rung.adapt.greedy).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rung.adapt.choose import Candidate, scores
from rung.adapt.features import choice_of
from rung.adapt.greedy import weigh
from rung.bundle.blend import Fitted, mixed, together
from rung.core.contracts import Job
from rung.core.types import Floats, Fold, Ints

STACK = "stack"
Fit = Callable[[Job, Ints, dict[str, Any]], Fitted]


def mixture(job: Job) -> bool:
    """Whether a row holds more than one embedded column, or table columns beside one."""
    return len(job.inputs.embedded) + bool(job.inputs.table.width) > 1


def stacked(job: Job, folds: Sequence[Fold], members: Sequence[Sequence[Candidate]], complexity: int) -> Candidate:
    """The weighted mean of the best candidate of each part.

    members: of each part the candidates that see it alone. What each fold's held-out rows are told is weighed by the
    other folds of its repeat, so that no row's label weighs its own prediction; the choice keeps the weights of all.
    """
    best = [own[int(np.argmax(np.nanmean(scores(job, own, folds), axis=1)))] for own in members]
    tried = [f for f in range(len(folds)) if all(member.held_out[f] is not None for member in best)]
    said: list[Floats | None] = [None] * len(folds)
    for f in tried:
        others = [g for g in tried if g != f and folds[g].repeat == folds[f].repeat]
        said[f] = mixed(_held_out(best, [f]), _weights(job, folds, best, others))
    first = [f for f in tried if folds[f].repeat == 0]
    choices, weights = [member.choice for member in best], list(_weights(job, folds, best, first))
    return Candidate(choice_of(STACK, "each part", members=choices, weights=weights), complexity, said)


def fit_stack(job: Job, rows: Ints, choice: dict[str, Any], fit: Fit) -> Fitted:
    """The members that weigh anything, on these pool rows, with the weights that were found."""
    used = [pair for pair in zip(choice["members"], choice["weights"], strict=True) if pair[1]]
    return together([fit(job, rows, member) for member, _ in used], [weight for _, weight in used])


def _weights(job: Job, folds: Sequence[Fold], best: Sequence[Candidate], which: Sequence[int]) -> tuple[float, ...]:
    return weigh(job, np.concatenate([folds[f].validation for f in which]), _held_out(best, which))


def _held_out(best: Sequence[Candidate], which: Sequence[int]) -> list[Floats]:
    return [np.concatenate([said for f in which if (said := member.held_out[f]) is not None]) for member in best]
