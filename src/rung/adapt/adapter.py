"""adapter: bottleneck networks between the frozen layers, and the head."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rung.adapt.base import register
from rung.adapt.bodies import Body, with_bottlenecks
from rung.adapt.training.recipe import Recipe
from rung.adapt.tuned import Tuned
from rung.core.contracts import Job, Prepared

SIZE = 48  # of the narrow layer


class Bottlenecks:
    """Houlsby's placement (after attention and feed-forward part) or Pfeiffer's (after the latter)."""

    options: Mapping[str, Any] = {"placement": "pfeiffer", "size": SIZE}  # read only

    def applies(self, job: Job) -> str:
        """Serve every backbone whose blocks have the two parts."""
        assert job.tunable is not None
        prepared = job.tunable.prepare(list(next(iter(job.inputs.own.values())))[:2])
        try:
            body = self.body(job, self.settings(job)[0], prepared)
            body.vectors(body.module, job.tunable.batch(prepared, np.arange(len(prepared.ids))))
        except ValueError as error:
            return str(error)
        except RuntimeError:
            return "its blocks are not of one width"
        return ""

    def settings(self, job: Job) -> list[dict[str, Any]]:
        """Pfeiffer's placement, unless the user asks for Houlsby's."""
        placement = job.settings.get("adapter.placement", "pfeiffer")
        return [{"placement": placement, "size": int(job.settings.get("adapter.size", SIZE))}]

    def space(self, job: Job) -> dict[str, tuple[Any, ...]]:  # noqa: ARG002  # the contract's signature
        """Size and placement."""
        return {"size": (SIZE, SIZE // 4, SIZE * 2), "placement": ("pfeiffer", "houlsby")}

    def body(self, job: Job, setting: Mapping[str, Any], probe: Prepared) -> Body:  # noqa: ARG002  # the contract's signature
        """The frozen backbone with fresh adapters, which change nothing yet."""
        assert job.tunable is not None
        both = setting["placement"] == "houlsby"
        return with_bottlenecks(job.tunable, both=both, size=int(setting["size"]), seed=job.seed)


register(
    Tuned(
        "adapter",
        50,
        "bottleneck adapters between frozen layers",
        Bottlenecks(),
        Recipe(epochs=6, rate=5e-4, head_rate=1e-3, layer_decay=1.0, wise=False),
        only_asked=True,
    )
)
