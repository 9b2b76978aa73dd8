"""What all folds of one climb share: rows prepared once, activations kept once for each freeze line."""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import torch

from rung.adapt.bodies import Body
from rung.adapt.prefix import Kept, keep
from rung.adapt.training.learner import Learner, Net, Rows
from rung.core.contracts import Job, Prepared, Tunable
from rung.core.types import Floats, Progress

PROBE = 4  # rows on which a cut model is compared with the whole


@dataclass
class Ground:
    """What all folds of one climb share: rows prepared once, activations kept once for each freeze line."""

    job: Job
    tunable: Tunable
    columns: tuple[Prepared, ...] = field(repr=False)
    kept: dict[int, tuple[Kept, ...]] = field(default_factory=dict, repr=False)

    @staticmethod
    def of(job: Job) -> "Ground":
        """Prepare the items of every column."""
        assert job.tunable is not None
        return Ground(job, job.tunable, tuple(job.tunable.prepare(items) for items in job.inputs.parts.values()))

    def rows(self, k: int, beside: Floats | None) -> Rows:
        """The rows for a body that runs whole (k = 0) or on what was kept below the top k blocks."""
        if k and k not in self.kept:
            total = len(self.job.target) * len(self.columns)

            def told(done: int) -> None:
                self.job.tell(Progress("activations below the freeze line", done, total))

            self.kept[k] = keep(self.tunable, self.tunable.module(), k, self.columns, told=told)
        return Rows(self.tunable, self.columns, beside, self.kept[k] if k else None)

    @property
    def probe(self) -> Prepared:
        """A few rows of the first column, the longest cut to what is usual."""
        first = self.columns[0]
        return Prepared(tuple(ids[:32] for ids in list(first.ids)[:PROBE]), first.truncated[:PROBE])


def through(job: Job, ground: Ground, body: Body) -> Job:
    """The job with features of the body as it is now, in the place of the frozen backbone's."""

    def embed(name: str) -> Floats:
        at = list(job.inputs.parts).index(name)
        kept = ground.rows(body.k, None).kept
        rows = Rows(ground.tunable, (ground.columns[at],), None, None if kept is None else (kept[at],))
        head = torch.nn.Identity()
        head.out_features = ground.tunable.card.width  # type: ignore[assignment]  # a head that gives what it gets
        net = Net(body.module, body.vectors, head)
        net.short = ground.tunable.precision == "bfloat16"
        return Learner(net, rows, torch.zeros(0), "identity").outputs(np.arange(len(job.target)))

    return replace(job, inputs=replace(job.inputs, embed=cache(embed)))
