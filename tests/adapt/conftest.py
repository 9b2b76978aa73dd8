"""Small jobs on a tiny real BERT with random weights, and a notebook in memory."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rung.adapt.bodies import whole
from rung.adapt.training.learner import Learner, Net, Rows
from rung.core.contracts import Job
from rung.core.types import Column, Fold, Plan, Role, Task
from rung.testing.toys import tiny, toy_table


class Memory:
    """A notebook that forgets with the test."""

    def __init__(self):
        self.pages = {}

    def get(self, name):
        return self.pages.get(name)

    def put(self, name, note):
        import copy

        self.pages[name] = copy.deepcopy(note)

    def drop(self, name):
        self.pages.pop(name, None)


@pytest.fixture
def short(monkeypatch):
    """Two epochs tell as much about the mechanics of rungs that train as six."""
    from rung.adapt import contrastive
    from rung.adapt.ladder import rungs

    for rung in rungs():
        if getattr(rung, "dear", False):
            monkeypatch.setattr(rung, "recipe", replace(rung.recipe, epochs=2, batch=16))
    monkeypatch.setattr(contrastive, "LEAST_STEPS", 4)
    monkeypatch.setattr(contrastive, "MOST_STEPS", 4)


@pytest.fixture
def notebook():
    return Memory()


@pytest.fixture(scope="session")
def embedder(tmp_path_factory):
    """Load a tiny model of a family, once a session."""
    from rung.backbones.load import load

    known = {}

    def of(family="bert"):
        if family not in known:
            folder = tiny(family, tmp_path_factory.mktemp(family))
            known[family] = load(str(folder), precision="float32", cache=False, device="cpu")
        return known[family]

    return of


@pytest.fixture
def make(embedder):
    """Make a job of toy rows; `folds` of one repeat, or a share where it is 1."""

    def job(task=Task.MULTICLASS, rows=72, *, family="bert", folds=1, table=False, asked=(), **rest):
        from rung.data.inputs import make_inputs, readers_of
        from rung.data.target import encode
        from rung.metrics.table import default

        loaded = embedder(family)
        frame = toy_table(rows, seed=1, task=task)
        columns = (Column("text", Role.TEXT), *([Column("stars", Role.NUMBER)] if table else []))
        inputs = make_inputs(frame, columns, readers_of({Role.TEXT: loaded}))
        target = encode(frame["label"], task=task).target
        fold_N = np.arange(rows) % (4 if folds == 1 else folds)
        every = np.arange(rows)
        plan = Plan(
            "holdout" if folds == 1 else "folds",
            tuple(Fold(every[fold_N != f], every[fold_N == f]) for f in range(folds)),
            every,
        )
        return Job(
            inputs, columns, target, plan, default(task), 3, backbone=loaded.card, tunable=loaded.tunable,
            asked=frozenset(asked), **rest,
        )  # fmt: skip

    return job


@pytest.fixture
def learner(make):
    """Make a learner over a tiny whole model, its head drawn with a seed."""

    def new(rows=48):
        job = make(rows=rows)
        body = whole(job.tunable)
        torch.manual_seed(0)
        net = Net(body.module, body.vectors, torch.nn.Linear(job.tunable.card.width, job.target.outputs))
        columns = tuple(job.tunable.prepare(texts) for texts in job.inputs.texts.values())
        truth = torch.from_numpy(job.target.value)
        return Learner(net, Rows(job.tunable, columns), truth, "softmax")

    return new
