"""What each part of a row is worth: what the score loses when it is taken away and everything else is tried again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rung.adapt.classic import Classic
from rung.adapt.frozen import Frozen
from rung.adapt.fusion import mixture
from rung.core.contracts import Job
from rung.core.evidence import PartWorth
from rung.core.types import Progress
from rung.evaluate.compare import compare
from rung.recipes.climb import Climbed

TABLE = "table columns"
MOST_SECONDS = 600.0  # for all parts, where no budget says what they may take


def worth_of_parts(job: Job, climbed: Climbed, left: Callable[[], float]) -> tuple[PartWorth, ...]:
    """The paired difference, on the rows that judge, between the rung with everything and the rung without each part.

    The rung is classic where that won, else frozen; without a part it chooses its variant and settings anew, out of
    fold as in the climb. Empty where a row has one part, or where the time that is left does not suffice.
    """
    rung = Classic.name if climbed.winner == Classic.name else Frozen.name
    step = next((each for each in climbed.steps if each.evidence.name == rung and each.trial is not None), None)
    parts = [*job.inputs.parts, *([TABLE] if job.inputs.table.width else [])]
    if step is None or step.trial is None or len(parts) < 2 or not (mixture(job) or rung == Classic.name):
        return ()
    if step.evidence.seconds * len(parts) > min(left(), MOST_SECONDS):
        return ()
    rows = job.plan.judged
    found: list[PartWorth] = []
    for name in parts:
        job.tell(Progress("what each part is worth", len(found), len(parts), "parts"))
        rest = without(job, name)
        again = Frozen() if rung == Frozen.name and not Frozen().applies(rest) else Classic()
        said = again.climb(rest).prediction
        gain = compare(
            job.metric,
            job.target.value[rows],
            step.trial.prediction,
            said,
            cluster=job.plan.cluster[rows],
            seed=job.seed,
        )
        found.append(PartWorth(name, rung, gain))
    return tuple(found)


def without(job: Job, name: str) -> Job:
    """The job whose rows lack one column that is embedded, or all of the table's columns."""
    inputs = job.inputs
    if name == TABLE:
        return replace(job, inputs=replace(inputs, table=inputs.table.drop(inputs.table.columns)))
    kept = replace(
        inputs,
        texts=_less(inputs.texts, name),
        media=_less(inputs.media, name),
        read=tuple(each for each in inputs.embedded if each != name),
        lead=tuple(each for each in inputs.own if each != name),
    )
    columns = tuple(column for column in job.columns if column.name != name)
    return replace(job, inputs=kept, columns=columns)


def _less(columns: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {known: items for known, items in columns.items() if known != name}
