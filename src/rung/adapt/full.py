"""full: every weight learns, the lower ones more slowly; and scratch: the same from a random start."""

from collections.abc import Mapping
from typing import Any

from rung.adapt.base import register
from rung.adapt.bodies import Body, whole
from rung.adapt.training.recipe import Recipe
from rung.adapt.tuned import Tuned
from rung.core.contracts import Job, Prepared


class Everything:
    """All weights, from the pretrained ones or from random ones of the same architecture."""

    options: Mapping[str, Any] = {}  # read only

    def __init__(self, *, random: bool) -> None:
        self.random = random

    def applies(self, job: Job) -> str:  # noqa: ARG002  # the contract's signature
        """Serve every backbone that can be trained."""
        return ""

    def settings(self, job: Job) -> list[dict[str, Any]]:  # noqa: ARG002  # the contract's signature
        """Nothing to choose: the rows set aside say when to stop and what to blend."""
        return [{}]

    def space(self, job: Job) -> dict[str, tuple[Any, ...]]:  # noqa: ARG002  # the contract's signature
        """How much more slowly lower blocks learn."""
        return {} if self.random else {"layer_decay": (0.9, 0.8, 1.0)}

    def body(self, job: Job, setting: Mapping[str, Any], probe: Prepared) -> Body:  # noqa: ARG002  # the contract's signature
        """The whole model."""
        assert job.tunable is not None
        return whole(job.tunable, random=job.seed if self.random else None)


register(
    Tuned(
        "full",
        60,
        "every weight, the lower ones more slowly",
        Everything(random=False),
        Recipe(epochs=4, rate=1e-4, head_rate=1e-3, layer_decay=0.9),
    )
)
register(
    Tuned(
        "scratch",
        90,
        "the same architecture from a random start",
        Everything(random=True),
        # A random start may take off late: no patience but to the end.
        Recipe(epochs=8, rate=3e-4, head_rate=1e-3, layer_decay=1.0, patience=8, wise=False, augment="none"),
        fresh=True,
        yardstick=True,
    )
)
