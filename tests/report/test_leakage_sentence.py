"""The price of leakage is told where test rows repeat training rows, and nowhere else."""

from made_up_evidence import evidence

from rung.core.evidence import Evidence, Leak, Score
from rung.report.sentences import closing, leaked

FOUND = Leak(132, 1678, Score("accuracy", 0.753, 0.731, 0.774), 0.004, -0.002, 0.01)


def test_without_a_leak_nothing_is_said():
    assert leaked(evidence()) == ""
    assert len(closing(evidence())) == 3


def test_the_score_without_copies_and_what_they_add_are_told():
    told = evidence(leak=FOUND)
    assert leaked(told) == (
        "132 of the 1,678 test rows repeat training rows, exactly or nearly. On the others accuracy is "
        "0.753 [0.731, 0.774]; the copies add +0.4 [-0.2, 1.0] pts to the score of all."
    )
    assert closing(told)[2] == leaked(told)


def test_too_few_others_are_no_score():
    assert "too little" in leaked(evidence(leak=Leak(1, 5)))


def test_a_leak_survives_its_file():
    import json

    told = evidence(leak=FOUND)
    assert Evidence.from_json(json.dumps(told.to_json())).leak == FOUND
