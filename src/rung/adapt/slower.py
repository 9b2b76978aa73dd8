"""Where a rate kills a training: the usual one instead of a found one, then a tenth of that."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

from rung.core.contracts import Job
from rung.core.stops import Collapse

Made = TypeVar("Made")
SLOW = 0.1  # times the usual rate


def given(rung: str, job: Job) -> bool:
    """Whether the user gave a rate of this rung."""
    return isinstance(job.rate, float) or not job.settings.keys().isdisjoint((f"{rung}.rate", f"{rung}.head_rate"))


def or_slower(
    train: Callable[[dict[str, Any]], Made], setting: dict[str, Any], notes: list[str], *, fixed: bool = False
) -> Made:
    """What training by this setting gives; where that dies, by the usual rates instead of found ones, then a tenth.

    Where an epoch is a step or two, the first one moves every weight by the whole rate: more than some backbones of
    images bear. fixed: the user gave the rate, so none is tried beside it. The last death is raised, a Collapse.
    """
    usual = {name: value for name, value in setting.items() if name not in ("rate", "head_rate")}
    ways = [setting] if usual == setting else [setting, usual]
    ways += [] if fixed else [usual | {"times": SLOW * usual.get("times", 1.0)}]
    for way, following in pairwise(ways):
        try:
            return train(way)
        except Collapse as error:
            under = f"{way['rate']:.1g}, the rate of the range test" if "rate" in way else "its usual rate"
            instead = "a tenth of that" if following.get("times") != way.get("times") else "the usual one"
            notes.append(f"training died under {under} ({error}): {instead} was taken")
    return train(ways[-1])
