"""A path of strengths is walked to its end: scores may dip before they rise."""

from rung.adapt import classic, frozen, words
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
    tried = _plain(classic.Classic().candidates(job, job.plan.folds))
    assert set(classic.STRENGTHS) <= set(tried)
    assert tried == sorted(tried)


def test_classic_looks_further_where_the_outermost_strength_is_best(monkeypatch):
    job = make_job(Task.BINARY, default(Task.BINARY), kind="folds")
    monkeypatch.setattr(classic, "STRENGTHS", (1e-2, 1e-1))
    monkeypatch.setattr(classic, "WIDER", ((1e-3,), (1.0, 10.0)))
    monkeypatch.setattr(words, "_best", lambda job, folds, found: found[-1])
    assert _plain(classic.Classic().candidates(job, job.plan.folds)) == [1e-2, 1e-1, 1.0, 10.0]
    monkeypatch.setattr(words, "_best", lambda job, folds, found: found[0])
    assert _plain(classic.Classic().candidates(job, job.plan.folds)) == [1e-3, 1e-2, 1e-1]


def _plain(found):
    return [candidate.choice["strength"] for candidate in found if candidate.complexity == 0]
