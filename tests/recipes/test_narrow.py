"""A rung that a budget let be judged in some folds meets the others in these."""

from dataclasses import replace

import numpy as np
import pytest
from test_climb import N, Scripted, ladder
from test_climb import job as plain  # noqa: F401  # a fixture

from rung.core.types import Fold, Plan
from rung.recipes.climb import climb
from rung.recipes.narrow import judged_in, narrowed

FOLDS = 5


class InTwo(Scripted):
    """A rung that two folds of five judge."""

    def climb(self, job):
        two = replace(job, plan=replace(job.plan, folds=job.plan.folds[:2]))
        return super().climb(two)


@pytest.fixture
def folded(plain):  # noqa: F811  # the fixture
    fold_N = np.arange(N) % FOLDS
    every = np.arange(N)
    folds = tuple(Fold(every[fold_N != f], every[fold_N == f]) for f in range(FOLDS))
    return replace(plain, plan=Plan("folds", folds, every))


def test_all_scores_are_of_the_rows_that_judged_all(folded):
    tried = [Scripted("prior", 0.5), Scripted("classic", 0.8), InTwo("partial", 0.95), Scripted("lora", 0.95)]
    climbed = climb(folded, ladder(tried))
    assert climbed.plan is not None
    assert [fold.validation.tolist() for fold in climbed.plan.folds] == [
        fold.validation.tolist() for fold in folded.plan.folds[:2]
    ]
    truth = folded.target.value[climbed.plan.judged]
    for step in climbed.steps:
        said = step.trial.prediction[0]
        assert len(said) == len(truth)
        assert step.evidence.score.value == pytest.approx(float((said.argmax(1) == truth).mean()))
    assert climbed.winner == "partial"
    gain = climbed.step("partial").evidence.gain.value
    scores = {step.evidence.name: step.evidence.score.value for step in climbed.steps}
    assert gain == pytest.approx(scores["partial"] - scores["classic"])


def test_a_climb_that_goes_on_after_such_a_rung_ends_as_the_undisturbed_one(folded):
    rungs = [Scripted("prior", 0.5), Scripted("classic", 0.8), InTwo("partial", 0.95), Scripted("lora", 0.95)]
    kept: dict = {}
    whole = climb(folded, replace(ladder(rungs), keep=lambda step: kept.update({step.evidence.name: step})))
    again = climb(folded, ladder(rungs, kept=kept))
    assert [step.evidence for step in again.steps] == [step.evidence for step in whole.steps]
    assert again.plan.judged.tolist() == whole.plan.judged.tolist()


def test_a_step_that_more_rows_judged_before_an_interruption_is_tried_again(folded):
    """The first time partial had no memory, and lora was judged by all rows; now there is room for partial."""
    kept = {}
    before = [Scripted("prior", 0.5), Scripted("classic", 0.8), Scripted("lora", 0.9)]
    climb(folded, replace(ladder(before), keep=lambda step: kept.update({step.evidence.name: step})))
    again = [*before[:2], InTwo("partial", 0.85), before[2]]
    climbed = climb(folded, ladder(again, kept=kept))
    assert {step.trial.prediction.shape[1] for step in climbed.steps} == {2 * N // FOLDS}
    assert before[2].tried == ["lora", "lora"]


def test_a_rung_that_some_folds_judged_is_held_against_guessing_on_their_rows(folded):
    """Guessing is right on every row but those of two folds, the rung on a tenth more of these than guessing."""

    class Lucky(Scripted):
        def climb(self, job):
            trial = super().climb(job)
            rows, two = job.plan.judged, np.concatenate([fold.validation for fold in folded.plan.folds[:2]])
            said = np.eye(2, dtype=np.float32)[job.target.value[rows]] * 0.8 + 0.1
            said[np.isin(rows, two)] = trial.prediction[0][np.isin(rows, two)]
            return replace(trial, prediction=said[None])

    climbed = climb(folded, ladder([Lucky("prior", 0.5), InTwo("partial", 0.6)]))
    assert climbed.step("partial").evidence.status == "tried"


def test_a_trial_of_all_rows_leaves_the_plan_as_it_is(folded):
    trial = Scripted("classic", 0.8).climb(folded)
    assert judged_in(folded.plan, trial) is folded.plan
    assert judged_in(folded.plan, None) is folded.plan


def test_a_trial_keeps_the_predictions_of_the_rows_that_are_left(folded):
    trial = Scripted("classic", 0.8).climb(folded)
    plan = judged_in(folded.plan, InTwo("partial", 0.9).climb(folded))
    here = np.isin(folded.plan.judged, plan.judged)
    assert np.array_equal(narrowed(trial, folded.plan, plan).prediction, trial.prediction[:, here])
