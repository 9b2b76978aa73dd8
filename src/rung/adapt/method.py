"""What differs between the rungs that train the backbone."""

from collections.abc import Mapping
from typing import Any, Protocol

from rung.adapt.bodies import Body
from rung.core.contracts import Job, Prepared


class Method(Protocol):
    """What differs between the rungs that train."""

    options: Mapping[str, Any]  # what a user may set beside the recipe, with its default

    def applies(self, job: Job) -> str:
        """Empty when this backbone can be trained so, else why not."""

    def settings(self, job: Job) -> list[dict[str, Any]]:
        """The short list of settings of which the rows set aside choose one."""

    def space(self, job: Job) -> Mapping[str, tuple[Any, ...]]:
        """What a search may choose beside rates, decay and epochs; the first of each is the default."""

    def body(self, job: Job, setting: Mapping[str, Any], probe: Prepared) -> Body:
        """The backbone made ready to learn."""
