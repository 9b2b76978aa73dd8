"""What the terminal says of transfer, where the test rows and those that decided don't say the same."""

from dataclasses import replace

import pytest
from made_up_evidence import evidence

from rung.core.evidence import Verdict
from rung.report.sentences import closing


def test_a_gain_on_test_rows_alone_is_not_called_no_evidence_in_one_breath():
    found = evidence(verdicts=(Verdict("transfer", "no evidence", "x", 0.107, 0.033, 0.18),))
    assert closing(found)[1].endswith(
        "; +10.7 [3.3, 18.0] pts over classic there, which alone is no evidence that transfer helps."
    )


@pytest.mark.parametrize(("against", "over"), [("", " over classic"), ("; against a random start, -3.1", "")])
def test_the_number_of_a_verdict_says_over_whom(against, over):
    found = evidence(verdicts=(Verdict("transfer", "hurts", f"Transfer hurts{against}", -0.031, -0.05, -0.01),))
    assert closing(found)[1].endswith(f"; transfer hurts (-3.1 [-5.0, -1.0] pts{over}).")


def test_a_gain_that_one_repeat_judged_is_said_to_be_of_it():
    found = evidence()
    won = found.rung(found.winner)
    told = replace(won, why="it is above 0 (in the first repeat of the folds, which judged both)")
    rungs = tuple(told if step is won else step for step in found.rungs)
    assert closing(replace(found, rungs=rungs))[0].endswith("in the first repeat of the folds, which judged both.")
