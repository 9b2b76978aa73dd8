"""After the climb the winner learns from every row outside the test rows, when the budget allows."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from rung.bundle.blend import Blended, together
from rung.bundle.model import FittedModel
from rung.core.contracts import Job, Rung
from rung.core.memory import out_of_memory
from rung.core.stops import Thawed
from rung.recipes.budget import to_refit
from rung.recipes.climb import Climbed
from rung.recipes.ensemble import NAME, members_of
from rung.recipes.together import agreed

REFITTED = "all labelled rows outside the test rows (train + validation), with the settings found in the climb"
FIRST = "the training rows of the first fold alone"
NOT_REFITTED = f"{FIRST}: the budget left no time to train on all rows"
NO_MEMORY = f"{FIRST}: memory ran out while it was trained on all rows"


def refitted(job: Job, rungs: Sequence[Rung], climbed: Climbed, left: Callable[[], float]) -> tuple[Climbed, str]:
    """The climb with its winner refitted, and a sentence that says which rows trained what is delivered.

    Rungs whose refit is cheap come refitted out of the climb; one that trains the backbone is refitted only now. Of a
    blend each such member is.
    """
    winner = climbed.step(climbed.winner)
    names = members_of(winner) if climbed.winner == NAME else [climbed.winner]
    dear = {rung.name: rung for rung in rungs if rung.name in names and getattr(rung, "dear", False)}
    if not dear:
        return climbed, REFITTED
    steps = {step.evidence.name: step for step in climbed.steps}

    def said(why: str) -> str:  # the members of a blend that are cheap were refitted in the climb
        others = [name for name in names if name not in dear]
        return f"{why} ({', '.join(others)}: all labelled rows outside the test rows)" if others else why

    if agreed(sum(to_refit(job, steps[name].evidence, steps[name].trial) for name in dear) > left()):
        return climbed, said(NOT_REFITTED)
    for name, rung in dear.items():
        trial = steps[name].trial
        assert trial is not None
        try:
            steps[name] = replace(steps[name], model=rung.refit(job, trial.choice))
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            return climbed, said(NO_MEMORY)
        except Thawed as moved:
            return climbed, said(f"{FIRST}: {moved}")
    if climbed.winner == NAME:
        models = [model for name in names if isinstance(model := steps[name].model, FittedModel | Blended)]
        weights = list((winner.evidence.choice or {})["weights"].values())
        steps[climbed.winner] = replace(winner, model=together(models, weights))
    return replace(climbed, steps=tuple(steps.values())), REFITTED
