"""Advice rests on sound numbers: not on spoilt test rows, not on one side alone."""

from dataclasses import replace

import pytest

from rung.core.evidence import Difference, Evidence, RungEvidence, Verdict
from rung.core.types import Finding
from rung.recipes.advice import next_steps
from rung.recipes.refit import NOT_REFITTED, REFITTED

HURTS = Verdict("transfer", "hurts", "Transfer hurts.", -0.1, -0.2, -0.05)
BASE = Evidence(
    task="binary", metric="accuracy", better="higher", labels=("a", "b"), rows={"test": 100}, rungs=(),
    winner="frozen", stopped="", trained_on="", test={}, test_by_rung={}, verdicts=(HURTS,), next_steps=(),
    curve=None, calibration=None, half_width=None,
)  # fmt: skip

SPOILT = (("shared_rows", 30), ("unknown_label", 90))


@pytest.mark.parametrize(("check", "said"), [("unknown_label", "never had"), ("shared_rows", "training rows too")])
def test_spoilt_test_rows_come_first_and_silence_what_they_say_of_the_backbone(check, said):
    steps = next_steps(BASE, [Finding(check, "", tuple(range(30)), "warn", part="test")])
    assert said in steps[0]
    assert not any("classic" in step or "backbone" in step for step in steps)


def test_what_spoilt_most_test_rows_is_said_first():
    found = [Finding(check, "", tuple(range(n)), "warn", part="test") for check, n in SPOILT]
    assert next_steps(BASE, found)[0].startswith("90 of 100 test rows hold labels that training never had")


def test_a_few_odd_test_rows_change_no_advice():
    assert next_steps(BASE, [Finding("unknown_label", "", (1, 2), "warn")]) == next_steps(BASE)


def test_where_test_and_validation_disagree_nothing_is_said_to_hurt():
    assert "Test rows prefer classic, validation rows chose frozen" in next_steps(BASE)[0]
    assert "hurts here" in next_steps(replace(BASE, winner="classic"))[0]


@pytest.mark.parametrize(
    ("status", "why", "first"),
    [
        ("skipped", "needs about 9 s, more than the 1 s left of the budget", "Give more --budget: classic"),
        ("skipped", "there is no text", "No rung above guessing could be tried (classic: there is no text)"),
        ("tried", "", "No rung beat guessing"),
    ],
)
def test_guessing_that_won_alone_is_no_sign_of_bad_data(status, why, first):
    rungs = (RungEvidence("prior", "tried"), RungEvidence("classic", status, why))
    steps = next_steps(replace(BASE, winner="prior", verdicts=(), rungs=rungs))
    assert steps[0].startswith(first)
    assert len(set(steps)) == len(steps)


def test_where_test_rows_are_harder_that_is_said_once():
    falls = Verdict("shift", "falls", "Test rows are harder.", -0.2, -0.3, -0.1)
    steps = next_steps(replace(BASE, verdicts=(falls,)))
    assert any("falls short on test rows of what validation rows foretold" in step for step in steps)
    assert sum("come from the same place" in step for step in next_steps(replace(BASE, verdicts=(HURTS, falls)))) == 1
    assert next_steps(replace(BASE, verdicts=(replace(falls, verdict="no sign"),))) == next_steps(
        replace(BASE, verdicts=())
    )


@pytest.mark.parametrize(
    ("p", "saved_p", "confidence", "against", "told"),
    [
        (0.08, None, 0.95, "frozen", True),
        (0.3, 0.08, 0.95, "frozen", True),  # by the Brier score it saves
        (0.3, 0.3, 0.95, "frozen", False),
        (0.08, None, 0.84, "frozen", False),  # what was asked for decided
        (0.08, None, 0.95, "classic", False),  # who won then was another
    ],
)
def test_whoever_was_ahead_but_not_for_sure_is_named(p, saved_p, confidence, against, told):
    gain = Difference(0.02, -0.02, 0.06, -0.01, p)
    saved = saved_p and Difference(0.02, -0.02, 0.06, -0.01, saved_p)
    rung = RungEvidence("lora", "tried", against=against, gain=gain, saved=saved or None)
    steps = next_steps(replace(BASE, verdicts=(), rungs=(rung,), confidence=confidence))
    assert any("lora was ahead of frozen, but not for sure (p 0.08)" in step for step in steps) == told


@pytest.mark.parametrize(("p", "said"), [(0.03, "frozen was ahead of guessing"), (0.4, "No rung beat guessing")])
def test_where_a_rung_was_ahead_of_guessing_its_columns_are_not_doubted(p, said):
    gain = Difference(0.08, -0.02, 0.2, -0.01, p)
    rung = RungEvidence("frozen", "tried", against="prior", gain=gain)
    prior = RungEvidence("prior", "tried")
    assert next_steps(replace(BASE, winner="prior", verdicts=(), rungs=(prior, rung)))[0].startswith(said)


def test_rungs_that_died_in_training_are_to_be_tried_at_a_lower_rate():
    """But not one whose answers alone were dead: it has no rate."""
    died = RungEvidence("lora", "collapsed", "the loss was not finite at step 3 of 40")
    dead = RungEvidence("classic", "collapsed", "it predicts one class for every row")
    prior = RungEvidence("prior", "tried")
    assert next_steps(replace(BASE, winner="prior", verdicts=(), rungs=(prior, dead, died)))[0].startswith(
        "lora died in training: a lower rate (--lr)"
    )
    assert not any("--lr" in step for step in next_steps(replace(BASE, verdicts=(), rungs=(prior, dead))))
    late = replace(dead, name="full", choice={"stop_after": 8})  # trained, and dead in the end
    assert next_steps(replace(BASE, verdicts=(), rungs=(prior, late)))[0].startswith("full died in")
    yardstick = replace(late, name="scratch")
    assert not any("died" in step for step in next_steps(replace(BASE, verdicts=(), rungs=(prior, yardstick))))


@pytest.mark.parametrize(("trained_on", "said"), [(NOT_REFITTED, True), (REFITTED, False)])
def test_a_model_that_learnt_from_one_fold_alone_is_said_to_want_a_budget(trained_on, said):
    steps = next_steps(replace(BASE, trained_on=trained_on))
    assert any("learnt from the training rows of one fold" in step for step in steps) is said
