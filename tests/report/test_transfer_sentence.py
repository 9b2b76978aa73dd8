"""What the terminal says of transfer, where the test rows and those that decided don't say the same."""

from made_up_evidence import evidence

from rung.core.evidence import Verdict
from rung.report.sentences import closing


def test_a_gain_on_test_rows_alone_is_not_called_no_evidence_in_one_breath():
    found = evidence(verdicts=(Verdict("transfer", "no evidence", "x", 0.107, 0.033, 0.18),))
    assert closing(found)[1].endswith(
        "; +10.7 [3.3, 18.0] pts over classic there, which alone is no evidence that transfer helps."
    )
