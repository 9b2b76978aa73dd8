"""The ladder promotes, stops, skips and says why, whatever the rungs are."""

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
import pytest

from rung.core.contracts import Job, Trial
from rung.core.evidence import Difference
from rung.core.stops import Collapse, OutOfTime
from rung.core.types import Cost, Fold, Inputs, Plan, Target, Task
from rung.metrics.table import named
from rung.recipes.climb import Ladder, climb
from rung.recipes.refit import NOT_REFITTED, REFITTED, refitted
from rung.recipes.view import Quiet

N = 400


@dataclass
class Scripted:
    """A rung that is right on a fixed share of the judged rows."""

    name: str
    right: float
    seconds: float = 0.0
    latency: float = 1.0
    refuses: str = ""
    one_class: bool = False
    earlier: int = 0  # rows by which those that are wrong lie further to the front
    tried: list = field(default_factory=list)

    def applies(self, job):
        return self.refuses

    def predict_cost(self, job):
        return Cost(self.seconds)

    def climb(self, job):
        self.tried.append(self.name)
        truth = job.target.value[job.plan.judged]
        answer = truth.copy()
        wrong = np.roll(np.arange(len(truth)) >= round(self.right * len(truth)), -self.earlier)
        answer[wrong] = 1 - answer[wrong]
        if self.one_class:
            answer[:] = 0
        probability = np.eye(2, dtype=np.float32)[answer] * 0.8 + 0.1
        train = job.plan.folds[0].train
        fitted = np.eye(2, dtype=np.float32)[job.target.value[train]]
        return Trial(probability[None], {}, 1, train, fitted)

    def refit(self, job, choice):
        return self


@pytest.fixture
def job():
    rng = np.random.default_rng(0)
    target = Target(Task.BINARY, rng.integers(0, 2, N), ("no", "yes"))
    plan = Plan("holdout", (Fold(np.arange(N // 2), np.arange(N // 2, N)),), np.arange(N))
    inputs = Inputs({}, pl.DataFrame(), lambda _: np.zeros((N, 1), np.float32), N)
    return Job(inputs, (), target, plan, named("accuracy", Task.BINARY))


def ladder(rungs, *, left=float("inf"), kept=None):
    kept = kept or {}
    return Ladder(rungs, Quiet(), lambda: left, kept.get, lambda step: None, lambda model, job: model.latency)


def test_a_clearly_better_challenger_is_promoted(job):
    climbed = climb(job, ladder([Scripted("prior", 0.5), Scripted("classic", 0.8)]))
    assert climbed.winner == "classic"
    assert climbed.step("classic").evidence.gain.value == pytest.approx(0.3)


def test_a_challenger_that_is_not_clearly_better_is_not_used(job):
    climbed = climb(job, ladder([Scripted("prior", 0.80), Scripted("classic", 0.805)]))
    assert climbed.winner == "prior"
    assert "is not below 0.01" in climbed.step("classic").evidence.why


@pytest.mark.parametrize(
    ("right", "latency", "points", "winner"),
    [(0.904, 1, 0.5, "a"), (0.904, 3, 0.5, "prior"), (0.904, 3, 0, "a"), (0.906, 3, 0.5, "a"), (0.9005, 3, 0, "prior")],
)
def test_a_gain_must_be_sure_and_a_dear_one_as_large_as_asked_too(job, right, latency, points, winner):
    """On 2,000 rows that judge; 0.904 is eight rows more than 0.9, all of them in its favour, 0.9005 one."""
    n = 4000
    target = replace(job.target, value=np.random.default_rng(0).integers(0, 2, n))
    plan = Plan("holdout", (Fold(np.arange(n // 2), np.arange(n // 2, n)),), np.arange(n))
    large = replace(job, target=target, plan=plan, min_gain=points)
    found = climb(large, ladder([Scripted("prior", 0.9), Scripted("a", right, latency=latency)]))
    assert found.winner == winner
    assert found.step("a").evidence.needed == (points / 100 if latency > 2 else 0)


@pytest.mark.parametrize(("confidence", "winner"), [(0.95, "a"), (0.84, "b")])
def test_a_gain_needs_to_be_as_sure_as_the_job_asks(job, confidence, winner):
    """Of 200 rows seven more are right and three fewer: 1.3 standard errors."""
    rungs = [Scripted("prior", 0.5), Scripted("a", 0.8), Scripted("b", 0.82, earlier=7)]
    told = climb(replace(job, confidence=confidence), ladder(rungs))
    assert told.winner == winner
    assert f"the {100 * confidence:.0f} % lower bound of its gain" in told.step("b").evidence.why


def test_two_rungs_without_promotion_end_the_climb(job):
    rungs = [Scripted("prior", 0.5), Scripted("a", 0.9), Scripted("b", 0.9), Scripted("c", 0.9), Scripted("d", 1.0)]
    climbed = climb(job, ladder(rungs))
    assert [step.evidence.name for step in climbed.steps] == ["prior", "a", "b", "c"]
    assert climbed.stopped == "2 rungs in a row brought no promotion"


@pytest.mark.parametrize(("copies", "tried"), [(1, "abc"), (3, "ab")], ids=["200 rows", "600 rows"])
def test_of_few_rows_three_may_challenge_guessing(job, copies, tried):
    target = replace(job.target, value=np.tile(job.target.value, copies))
    climbed = climb(replace(job, target=target), ladder([Scripted("prior", 0.9), *(Scripted(c, 0.9) for c in "abcd")]))
    assert "".join(step.evidence.name for step in climbed.steps[1:]) == tried
    assert climbed.stopped == f"{len(tried)} rungs in a row brought no promotion"


def test_whoever_named_a_rung_is_told_that_the_climb_ended_before_it(job):
    rungs = [Scripted("prior", 0.5), *(Scripted(name, 0.9) for name in "abc"), Scripted("d", 1.0), Scripted("e", 1.0)]
    climbed = climb(replace(job, asked=frozenset({"e"})), ladder(rungs))
    assert [step.evidence.name for step in climbed.steps] == ["prior", "a", "b", "c", "e"]
    assert climbed.step("e").evidence.status == "skipped"
    assert climbed.step("e").evidence.why == "2 rungs in a row brought no promotion"
    assert rungs[-1].tried == []


def test_a_rung_that_does_not_fit_the_budget_is_skipped_by_name_and_not_started(job):
    dear = Scripted("frozen", 1.0, seconds=60)
    climbed = climb(job, ladder([Scripted("prior", 0.5), dear], left=10))
    assert climbed.step("frozen").evidence.status == "skipped"
    assert "60 s" in climbed.step("frozen").evidence.why
    assert dear.tried == []
    assert climbed.stopped == "the budget"


def test_where_the_budget_is_spent_no_cost_is_measured(job, monkeypatch):
    late = Scripted("frozen", 1.0)
    monkeypatch.setattr(late, "predict_cost", lambda _: pytest.fail("measured"))
    climbed = climb(job, ladder([Scripted("prior", 0.5), late], left=0))
    assert climbed.step("frozen").evidence.why == "nothing is left of the budget"
    assert climbed.stopped == "the budget"


def test_a_rung_that_would_not_end_in_time_is_given_up_and_the_budget_is_named(job, monkeypatch):
    slow = Scripted("frozen", 1.0)

    def climbs(_):
        raise OutOfTime("after 1 of 5 folds it needed about 80 s more, with 10 s left of the budget")

    monkeypatch.setattr(slow, "climb", climbs)
    climbed = climb(job, ladder([Scripted("prior", 0.5), slow], left=10))
    assert climbed.step("frozen").evidence.status == "skipped"
    assert "80 s" in climbed.step("frozen").evidence.why
    assert climbed.winner == "prior"
    assert climbed.stopped == "the budget"


def test_a_rung_that_predicts_one_class_has_collapsed(job):
    climbed = climb(job, ladder([Scripted("prior", 0.7), Scripted("a", 0.9, one_class=True)]))
    assert climbed.step("a").evidence.status == "collapsed"
    assert climbed.winner == "prior"


def test_a_rung_that_does_not_apply_says_why(job):
    climbed = climb(job, ladder([Scripted("prior", 0.5), Scripted("a", 0.9, refuses="no text")]))
    assert climbed.step("a").evidence.why == "no text"


def test_holm_never_lowers_a_p_value_and_counts_the_rungs_tried(job):
    rungs = [Scripted("prior", 0.5), Scripted("a", 0.55), Scripted("b", 0.60)]
    steps = climb(job, ladder(rungs)).steps[1:]
    assert all(step.evidence.gain.p_holm >= step.evidence.gain.p for step in steps)
    smallest = min(step.evidence.gain.p for step in steps)
    assert min(step.evidence.gain.p_holm for step in steps) == pytest.approx(min(1, 2 * smallest))


def test_a_step_that_was_kept_is_not_tried_again(job):
    first = climb(job, ladder([Scripted("prior", 0.5), Scripted("a", 0.8)]))
    kept = {step.evidence.name: step for step in first.steps}
    again = Scripted("a", 0.8)
    second = climb(job, ladder([Scripted("prior", 0.5), again], kept=kept))
    assert again.tried == []
    assert second.winner == first.winner


class Costly(Scripted):
    """A rung that trains the backbone: its trial brings a model, and memory is what it asks for."""

    dear = True
    memory = 0

    def predict_cost(self, job):
        return Cost(0.0, self.memory)

    def climb(self, job):
        trial = super().climb(job)
        return replace(trial, model=super().refit(job, trial.choice))

    def refit(self, job, choice):
        self.refits = getattr(self, "refits", 0) + 1
        return super().refit(job, choice)


def test_a_rung_that_does_not_fit_in_memory_is_skipped_by_name(job):
    big = Costly("full", 0.9)
    big.memory = 8_000_000_000
    climbed = climb(job, replace(ladder([Scripted("prior", 0.5), big]), free=lambda: 1e9))
    assert climbed.step("full").evidence.status == "skipped"
    assert "8.0 GB of memory, more than the 1.0 GB that are free" in climbed.step("full").evidence.why


def test_a_rung_that_died_in_training_is_said_and_the_climb_goes_on(job):
    class Dying(Scripted):
        def climb(self, job):
            raise Collapse("the loss was not finite at step 3 of 40")

    climbed = climb(job, ladder([Scripted("prior", 0.5), Dying("full", 0.9), Scripted("classic", 0.8)]))
    assert climbed.step("full").evidence.status == "collapsed"
    assert "step 3 of 40" in climbed.step("full").evidence.why
    assert climbed.winner == "classic"


@pytest.mark.parametrize(("left", "refits"), [(float("inf"), 1), (-1.0, 0)])
def test_a_winner_that_trains_is_refitted_once_when_the_budget_allows(job, left, refits):
    rung = Costly("full", 0.9)
    climbed = climb(job, ladder([Scripted("prior", 0.5), rung]))
    assert climbed.winner == "full"
    _, said = refitted(job, [rung], climbed, lambda: left)
    assert getattr(rung, "refits", 0) == refits
    assert said == (REFITTED if refits else NOT_REFITTED)


def test_guessing_gives_way_to_a_surer_gain_than_others_do(job, monkeypatch):
    """Two rungs may challenge it, so each must be surer than one alone."""
    between = Difference(0.02, -0.001, 0.04, 0.001, 0.04)
    monkeypatch.setattr("rung.recipes.climb.compare", lambda *_, **__: between)
    rungs = [Scripted("prior", 0.5), Scripted("a", 0.6), Scripted("b", 0.6)]
    assert climb(job, ladder(rungs)).winner == "prior"
    sure = Difference(0.1, 0.05, 0.2, 0.06, 0.0)
    found = iter([sure, between])
    monkeypatch.setattr("rung.recipes.climb.compare", lambda *_, **__: next(found))
    assert climb(job, ladder(rungs)).winner == "b"


@dataclass
class Spoken(Scripted):
    """A rung whose rows that are right are said with another chance than 0.9."""

    sure: float = 0.9
    latency: float = 1.0

    def climb(self, job):
        trial = super().climb(job)
        said = trial.prediction[0]
        truth = job.target.value[job.plan.judged]
        right = said.argmax(1) == truth
        said[right] = 1 - self.sure
        said[np.flatnonzero(right), truth[right]] = self.sure
        said[~right] = 0.6
        said[np.flatnonzero(~right), truth[~right]] = 0.4
        return replace(trial, prediction=said[None])


@pytest.mark.parametrize(
    ("right", "sure", "latency", "winner"),
    [
        (0.805, 0.99, 1.0, "b"),  # a row more, and much less surprise
        (0.805, 0.7, 1.0, "a"),  # a row more alone may be luck
        (0.800, 0.99, 1.0, "a"),  # less surprise alone is not what was asked for
        (0.810, 0.99, 3.0, "b"),  # who is dearer has to gain half a point, as ever
    ],
)
def test_a_gain_that_may_be_luck_counts_where_probabilities_are_better_for_sure(job, right, sure, latency, winner):
    rungs = [Scripted("prior", 0.5), Spoken("a", 0.8, sure=0.7), Spoken("b", right, sure=sure, latency=latency)]
    climbed = climb(job, ladder(rungs))
    assert climbed.winner == winner
    told = climbed.step("b").evidence
    if winner == "b":
        assert told.gain.bound <= 0 < told.saved.bound
        assert "but that of the Brier score it saves" in told.why


def test_probabilities_are_no_second_evidence_against_guessing(job):
    rungs = [Scripted("prior", 0.5), Spoken("a", 0.51, sure=0.99)]
    found = climb(job, ladder(rungs)).step("a").evidence
    assert found.saved is None
    assert not found.promoted


def test_a_rung_climbs_by_the_only_settings_in_time_and_says_so(job, monkeypatch):
    rung = Scripted("a", 0.9)
    monkeypatch.setattr(rung, "predict_cost", lambda _: Cost(1.0, settings={"a.k": 1}))
    monkeypatch.setattr(rung, "climb", lambda job, real=rung.climb: rung.tried.append(job.settings) or real(job))
    notes = climb(job, ladder([Scripted("prior", 0.5), rung])).step("a").evidence.notes
    assert rung.tried[0] == {"a.k": 1}
    assert notes == ("k 1 alone was tried: for others the budget has no time",)
