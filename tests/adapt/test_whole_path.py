"""A path of strengths is walked to its end: scores may dip before they rise."""

from rung.adapt import classic, frozen
from rung.core.types import Task
from rung.metrics.table import default
from rung.testing.checks_rung import make_job


def test_frozen_tries_every_strength():
    job = make_job(Task.MULTILABEL, default(Task.MULTILABEL), kind="folds")
    found = frozen.Frozen().candidates(job, job.plan.folds)
    tried = [c.choice["strength"] for c in found if c.choice["variant"] == "linear" and c.complexity == 0]
    assert tried == list(frozen.STRENGTHS)


def test_classic_tries_every_strength():
    job = make_job(Task.BINARY, default(Task.BINARY), kind="folds")
    found = classic.Classic().candidates(job, job.plan.folds)
    assert [c.choice["strength"] for c in found if c.complexity == 0] == list(classic.STRENGTHS)
