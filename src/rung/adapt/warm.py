"""What a rung does to the body before its head is fitted."""

from collections.abc import Callable
from dataclasses import dataclass

from rung.adapt.bodies import Body
from rung.adapt.ground import Ground
from rung.adapt.training.recipe import Recipe
from rung.core.contracts import Job
from rung.core.types import Ints


def _as_it_is(ground: Ground, rows: Ints, body: Body, recipe: Recipe, name: str) -> tuple[str, ...]:  # noqa: ARG001  # see Warm
    """Leave the body alone: the head is fitted on what it gives now."""
    return ()


def _the_same(job: Job, rows: Ints) -> Ints:  # noqa: ARG001  # the contract's signature
    return rows


def _none(rows: int, batch: int) -> int:  # noqa: ARG001  # the contract's signature
    return 0


@dataclass(frozen=True)
class Warm:
    """How labels change the body, which rows tell them beside those that train, in how many steps.

    up: is told whose it is, and says what went otherwise. steps: by rows and batch. The defaults leave the body alone
    and let the head see it as it is, with what was added.
    """

    up: Callable[[Ground, Ints, Body, Recipe, str], tuple[str, ...]] = _as_it_is
    rows: Callable[[Job, Ints], Ints] = _the_same
    steps: Callable[[int, int], int] = _none
