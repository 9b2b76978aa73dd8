"""What a user set of a rung and its job has no use for: said, never dropped in silence."""

from collections.abc import Mapping, Sequence
from typing import Any

from rung.adapt.tuned_fusion import AUTO as EITHER
from rung.adapt.tuned_fusion import HEAD, why_not
from rung.adapt.views import AUTO, NONE, fitting
from rung.core.contracts import Job

# of the training that pairs come before
OF_TRAINING = ("smoothing", "imbalance", "head_rate", "patience", "wise", "micro")


def unheeded(rung: str, job: Job, settings: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """One sentence for each such setting. settings: the rung's short list."""
    found, asked = [], job.settings
    for name, unused in (("smoothing", (0.0,)), ("imbalance", ("auto", "none"))):
        said = asked.get(f"{rung}.{name}", unused[0])
        if said not in unused and not job.target.task.one_label:
            found.append(f"{rung}.{name} {said} was not used: it is for targets of one class a row")
    if settings and all(each.get("stop_after") == 0 for each in settings):
        idle = [f"{rung}.{name}" for name in OF_TRAINING if asked.get(f"{rung}.{name}") is not None]
        found += [f"{name} was not used: of so few rows the head is fitted, not trained" for name in idle]
    blocks = job.tunable.count if job.tunable is not None else 0
    if (k := int(asked.get(f"{rung}.k", 0))) > blocks:
        found.append(f"{rung}.k {k} was cut to the {blocks} blocks that there are")
    if rung == "partial" and asked.get("partial.gradual") and settings and all(each["k"] == 1 for each in settings):
        found.append(f"{rung}.gradual was not used: one block alone is trained")
    said = asked.get(f"{rung}.augment", AUTO)
    odd = [name for name in said.split("+") if name not in (AUTO, NONE, *fitting(job))]
    if odd:
        found.append(f"{rung}.augment {'+'.join(odd)} was not used: this job's columns don't allow it")
    said = asked.get(f"{rung}.fusion", EITHER)
    if said not in (EITHER, HEAD) and (why := why_not(job)):
        found.append(f"{rung}.fusion {said} was not used: {why}")
    return found
