"""partial: the head and the top blocks learn; what lies below is computed once."""

from collections.abc import Mapping
from typing import Any

from rung.adapt.base import register
from rung.adapt.bodies import Body, top
from rung.adapt.training.recipe import Recipe
from rung.adapt.tuned import Tuned
from rung.core.contracts import Job, Prepared


class TopBlocks:
    """The top k blocks, k from a short list: one, and a third of all."""

    options: Mapping[str, Any] = {"k": 0}  # read only; 0: the short list

    def applies(self, job: Job) -> str:
        """Serve every backbone with blocks."""
        return "" if job.tunable is not None and job.tunable.count else "the backbone has no blocks"

    def settings(self, job: Job) -> list[dict[str, Any]]:
        """One and a third of the blocks; or the k that the user set."""
        assert job.tunable is not None
        if k := int(job.settings.get("partial.k", 0)):
            return [{"k": min(k, job.tunable.count)}]
        return [{"k": k} for k in sorted({1, max(1, round(job.tunable.count / 3))})]

    def brief(self, job: Job) -> dict[str, Any] | None:
        """Two thirds of the blocks for two epochs at half the rates; None where that is no more than the short list."""
        assert job.tunable is not None
        k = round(2 * job.tunable.count / 3)
        return {"k": k, "epochs": 2, "times": 0.5} if k > self.settings(job)[-1]["k"] else None

    def space(self, job: Job) -> dict[str, tuple[Any, ...]]:
        """Every k up to half of the blocks."""
        assert job.tunable is not None
        first = self.settings(job)[0]["k"]
        return {"k": (first, *(k for k in range(1, job.tunable.count // 2 + 1) if k != first))}

    def body(self, job: Job, setting: Mapping[str, Any], probe: Prepared) -> Body:
        """Cut the model at the freeze line."""
        assert job.tunable is not None
        return top(job.tunable, int(setting["k"]), probe)


register(
    Tuned(
        "partial",
        30,
        "head, then the top blocks",
        TopBlocks(),
        Recipe(epochs=4, rate=2e-4, head_rate=1e-3, layer_decay=1.0, wise=True),
    )
)
