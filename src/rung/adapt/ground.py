"""What all folds of one climb share: rows prepared once, activations kept once for each freeze line."""

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import torch

from rung.adapt.bodies import Body
from rung.adapt.prefix import Kept, keep
from rung.adapt.training.learner import Learner, Net, Rows
from rung.adapt.training.mix import ALPHA
from rung.adapt.training.varied import Varied
from rung.core.contracts import Job, Prepared, Tunable
from rung.core.types import Floats, Item, Progress

PROBE = 4  # rows on which a cut model is compared with the whole
VIEWS = 4  # of each row that are kept below a freeze line
View = tuple[tuple[Prepared, ...], tuple[Kept, ...] | None]


@dataclass
class Ground:
    """What all folds of one climb share: rows prepared once, activations kept once for each freeze line."""

    job: Job
    tunable: Tunable
    columns: tuple[Prepared, ...] = field(repr=False)
    kept: dict[int, tuple[Kept, ...]] = field(default_factory=dict, repr=False)
    views: dict[tuple[int, tuple[str, ...], int], View] = field(default_factory=dict, repr=False)
    looked: dict[str, Any] = field(default_factory=dict, repr=False)  # features of views, by the change

    @staticmethod
    def of(job: Job) -> "Ground":
        """Prepare the items of every column; behind the rows of a lone one stand the names of the classes."""
        assert job.tunable is not None
        names: tuple[Item, ...] = job.named.texts if job.named is not None else ()
        return Ground(job, job.tunable, tuple(job.tunable.prepare([*it, *names]) for it in job.inputs.own.values()))

    def rows(self, k: int, beside: Floats | None, augment: tuple[str, ...] = ()) -> Rows:
        """The rows for a body that runs whole (k = 0) or on what was kept below the top k blocks.

        augment: what is done to the rows that train, each epoch to another view of them.
        """
        if k and k not in self.kept:
            total = len(self.job.target) * len(self.columns)

            def told(done: int) -> None:
                self.job.tell(Progress("activations below the freeze line", done, total))

            self.kept[k] = keep(self.tunable, self.tunable.module(), k, self.columns, told=told)
        plain = Rows(self.tunable, self.columns, beside, self.kept[k] if k else None)
        if not augment:
            return plain
        mixes = tuple(name for name in augment if name in ALPHA)
        changes = tuple(name for name in augment if name not in ALPHA)

        def view(epoch: int) -> Rows:
            if not changes:
                return replace(plain, mixes=mixes)
            columns, kept = self._view(k, changes, epoch)
            return Rows(self.tunable, columns, beside, kept, mixes)

        return replace(plain, view=view)

    def _view(self, k: int, changes: tuple[str, ...], epoch: int) -> View:
        """The columns as they are in this epoch; below a freeze line a few views take turns, each computed once."""
        key = k, changes, epoch % VIEWS if k else epoch
        if key not in self.views:
            if not k:  # one at a time, as it is large
                self.views = {known: view for known, view in self.views.items() if known[0]}
            columns, inputs, seed = [], self.job.inputs, self.job.seed + 1 + key[2]
            for name, column in zip(inputs.own, self.columns, strict=True):
                varied = [Varied(item, changes, seed) for item in inputs.media.get(name, ())]
                columns.append(self.tunable.prepare(varied) if varied else column)
            if k:
                self.views[key] = self.columns, keep(self.tunable, self.tunable.module(), k, columns)
            else:
                self.views[key] = tuple(columns), None
        return self.views[key]

    @property
    def probe(self) -> Prepared:
        """A few rows of the first column, the longest cut to what is usual."""
        first = self.columns[0]
        return Prepared(tuple(ids[:32] for ids in list(first.ids)[:PROBE]), first.truncated[:PROBE])


def through(job: Job, ground: Ground, body: Body) -> Job:
    """The job with features of the body as it is now, in the place of the frozen backbone's."""

    def made_of(name: str) -> Floats:
        at = list(job.inputs.own).index(name)
        kept = ground.rows(body.k, None).kept
        rows = Rows(ground.tunable, (ground.columns[at],), None, None if kept is None else (kept[at],))
        head = torch.nn.Identity()
        head.out_features = ground.tunable.card.width  # type: ignore[assignment]  # a head that gives what it gets
        net = Net(body.module, body.vectors, head)
        net.short = ground.tunable.precision == "bfloat16"
        return Learner(net, rows, torch.zeros(0), "identity").outputs(np.arange(len(rows.length_N)))

    made = cache(made_of)

    def embed(name: str) -> Floats:
        return made(name)[: len(job.target)] if name in job.inputs.own else job.inputs.embed(name)

    named = job.named and replace(job.named, embed=lambda: made(next(iter(job.inputs.own)))[len(job.target) :])
    return replace(job, inputs=replace(job.inputs, embed=embed), named=named)
