"""What a budget still has time for, beside what it owes to the rung that holds the place."""

from collections.abc import Iterable

from rung.core.contracts import Job, Trial
from rung.core.evidence import RungEvidence
from rung.core.types import Cost

HOPELESS = 0.25  # of what the quickest takes to train: who comes later is as dear, and to measure it takes seconds too


def to_refit(job: Job, evidence: RungEvidence, trial: Trial | None) -> float:
    """Seconds that it takes, about, to train it on all rows; 0 where that is done already."""
    if trial is None or trial.model is None:
        return 0.0
    folds = [fold for fold in job.plan.folds if fold.repeat == 0]
    each = evidence.seconds / len(folds) if trial.again is None else trial.again
    return each * len(job.target) / len(folds[0].train)


def too_late(job: Job, evidence: RungEvidence, trial: Trial | None, left: float, quickest: float) -> str:
    """Why a rung is not worth measuring with so many seconds left; empty where it may be.

    quickest: seconds of the quickest rung that trains (see quickest_of), for one that does; else 0.
    """
    owed = to_refit(job, evidence, trial)
    spare = left - owed
    if spare <= 0:
        return f"nothing is left of the budget{f' but to train {evidence.name} on all rows' if owed else ''}"
    if spare < HOPELESS * quickest:
        told = "under a quarter of what the quickest that trained or did not fit takes"
        return f"the {spare:.0f} s left of the budget are {told}"
    return ""


def quickest_of(before: Iterable[tuple[RungEvidence, Trial | None]]) -> float:
    """Seconds of the quickest rung that trained, or that was foretold not to fit; 0 where there is none.

    >>> skipped = RungEvidence("partial", "skipped", predicted=Cost(180.0))
    >>> quickest_of([(RungEvidence("prior", "tried"), None), (skipped, None)])
    180.0
    """
    found = []
    for each, trial in before:
        if trial is not None and trial.model is not None:
            found.append(each.seconds)
        elif each.status == "skipped" and each.predicted is not None:
            found.append(each.predicted.seconds)
    return min(found, default=0.0)


def no_more(before: Iterable[RungEvidence]) -> str:
    """Why no further rung that trains is measured after one of which the budget had time for one brief setting."""
    for each in before:
        asked = each.predicted.settings if each.predicted is not None and each.status == "tried" else {}
        if f"{each.name}.brief" in asked:
            return f"the budget has time for {each.name} alone, of the rungs that train"
    return ""


def alone(cost: Cost, rung: str) -> list[str]:
    """What is said of the only settings that a budget has time for; nothing where it has time for all.

    >>> alone(Cost(9.0, settings={"partial.k": 1}), "partial")
    ['k 1 alone was tried: for others the budget has no time']
    """
    settings = {name.removeprefix(f"{rung}."): value for name, value in cost.settings.items()}
    if "brief" in settings:  # the rung says so itself
        return []
    said = ", ".join(f"{name} {value}" for name, value in settings.items())
    return [f"{said} alone was tried: for others the budget has no time"] if said else []
