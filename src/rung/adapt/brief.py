"""A budget too small for the short list: one deeper setting, briefly, in as many folds as there is time for.

Two epochs of the upper two thirds of the blocks, the rate down to nothing at their end. Accuracy on all test rows,
1,000 rows, two draws each (seeds 10 and 11): TweetEval 0.796 and 0.795, as good as three epochs (of four planned) of
all blocks (0.797, 0.794) at under half of their time; such three of the upper third 0.778 (one draw) and of half the
blocks 0.780 and 0.790. TREC-6 0.944 and 0.942. At the rates of four epochs 0.792 and 0.795, 0.934 and 0.938. No rows
are set aside: of a hundred nobody can tell which epoch was the best, and training misses them.
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, inf
from typing import Any, TypeVar

import numpy as np

from rung.adapt.costs import BYTES, Trains, folds_of, known_lengths, longest, measured, together
from rung.adapt.ground import Ground
from rung.adapt.starts import sampled
from rung.adapt.training.cost import seconds_of_run
from rung.adapt.training.recipe import BATCH, LEAST_FOR_SMALL, Recipe
from rung.adapt.tuned_fusion import HEAD
from rung.core.contracts import Job
from rung.core.processes import several
from rung.core.types import Cost

Made = TypeVar("Made")
BRIEF, FOLDS = "brief", "folds"  # names of what a budget gives a rung: its setting, and in how many folds
SLOWER = 1.15  # times what is foretold, a fold may take without costing another one
REFIT = 1.6  # trainings of a fold that one of all rows takes, with what is done before it (the blend, the curve)
AMPLE = 2.0  # times what it takes in all folds: with so much the short list is tried


def in_brief(rung: Trains, job: Job) -> Cost | None:
    """What the brief setting takes in as many folds as the budget holds beside a refit, or in one; None without it.

    Without: no budget, an ample one or one too small for a fold; few rows; a rate or a search that the user asked for;
    trees that might be grown over it, images or sounds varied (rows set aside decide on both); several processes.
    """
    setting = _setting(rung, job)
    if setting is None:
        return None
    known_N = known_lengths(job)
    small, rows = sampled(job, longest(known_N, len(job.target))[:BATCH])
    ground = Ground.of(small)
    each_N = ground.rows(0, None).length_N
    length_N = known_N if len(known_N) else np.resize(each_N, len(job.target))
    recipe = rung.recipe_for(job, setting)
    found = measured(rung, ground, (rows, longest(each_N, len(small.target))), setting, recipe)
    folds = folds_of(rung, job)
    one = float(np.mean([
        seconds_of_run(found.rate, recipe, length_N, fold.train, fold.train[:0], seed=job.seed)
        + found.rate.look(int(length_N[fold.validation].sum()))
        for fold in folds
    ]))  # fmt: skip
    kept = found.kept * int(length_N.sum())
    left = job.left() - kept
    room = left / (SLOWER * one)
    many = min(len(folds), max(int(room - REFIT), int(min(room, 1))))  # without a refit one fold's model is delivered
    if many < 1 or AMPLE * one * (len(folds) + REFIT) <= left:
        return None
    held = BYTES * ground.tunable.card.parameters + found.rate.trained
    peak, first = max(found.rate.memory, found.taken + found.rate.copies), found.rate.trained if many > 1 else 0
    memory = together([peak], [held], first, ground, len(job.target))
    mapped = ceil(found.a_token * max(int(length_N.sum()) - int(each_N.sum()), 0))
    return Cost(kept + many * one, memory, mapped, {f"{rung.name}.{BRIEF}": setting, f"{rung.name}.{FOLDS}": many})


def _setting(rung: Trains, job: Job) -> dict[str, Any] | None:
    asked = [name for name in job.settings if name.startswith(f"{rung.name}.")]
    brief = getattr(rung.method, BRIEF, None)
    if brief is None or job.left() == inf or len(job.target) < LEAST_FOR_SMALL:
        return None
    if asked or job.search or job.rate is not None:
        return None
    if several() or job.inputs.media or rung.fusion(job) != HEAD:
        return None
    found: dict[str, Any] | None = brief(job)
    return found


def brief_of(rung: str, job: Job) -> dict[str, Any]:
    """The setting that the budget left; empty where the short list is tried."""
    return dict(job.settings.get(f"{rung}.{BRIEF}", {}))


def most_of(rung: str, job: Job) -> int:
    """Folds that the budget was said to have time for."""
    return int(job.settings.get(f"{rung}.{FOLDS}", len(job.plan.folds)))


def as_many(fold: Callable[[int], Made], most: int, left: Callable[[], float], took: Sequence[float]) -> list[Made]:
    """What each fold gives, until another one and a refit would not fit what is left; one at least.

    took: seconds of each training that ended.

    >>> as_many(lambda f: f, 5, lambda: 60.0, [10.0]), as_many(lambda f: f, 5, lambda: 20.0, [10.0])
    ([0, 1, 2, 3, 4], [0])
    """
    found: list[Made] = []
    for f in range(most):
        found.append(fold(f))
        if left() < (sum(took) / len(took) * (1 + REFIT) if took else 0.0):
            break
    return found


def told(setting: Mapping[str, Any], recipe: Recipe, done: int, folds: int) -> list[str]:
    """What is said of a rung that was tried so; nothing where it was not.

    >>> told({"k": 4}, Recipe(epochs=2), 2, 5)[1]
    'judged in 2 of 5 folds, as many as the budget has time for: scores are of their rows, earlier gains of all'
    """
    if not setting:
        return []
    said = f"one setting alone, for which the budget has time: k {setting['k']}, {recipe.epochs} epochs, none set aside"
    part = f"judged in {done} of {folds} folds, as many as the budget has time for"
    part += ": scores are of their rows, earlier gains of all"
    return [said, part] if done < folds else [said]
