"""After the climb the winner learns from every row outside the test rows, when the budget allows."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from rung.core.contracts import Job, Rung
from rung.recipes.climb import Climbed

REFITTED = "all labelled rows outside the test rows (train + validation), with the settings found in the climb"
NOT_REFITTED = "the training rows of the first fold alone: the budget left no time to train on all rows"


def refitted(job: Job, rungs: Sequence[Rung], climbed: Climbed, left: Callable[[], float]) -> tuple[Climbed, str]:
    """The climb with its winner refitted, and a sentence that says which rows trained what is delivered.

    Rungs whose refit is cheap come refitted out of the climb; one that trains the backbone is refitted only now.
    """
    winner = climbed.step(climbed.winner)
    rung = next((rung for rung in rungs if rung.name == climbed.winner), None)
    if rung is None or not getattr(rung, "dear", False) or winner.trial is None:
        return climbed, REFITTED
    folds = [fold for fold in job.plan.folds if fold.repeat == 0]
    if winner.evidence.seconds / len(folds) * len(job.target) / len(folds[0].train) > left():
        return climbed, NOT_REFITTED
    model = rung.refit(job, winner.trial.choice)
    steps = tuple(replace(step, model=model) if step is winner else step for step in climbed.steps)
    return replace(climbed, steps=steps), REFITTED
