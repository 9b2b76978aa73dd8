"""How it was decided, in sentences that are true of the options."""

from dataclasses import replace

import pytest
from made_up_evidence import binary, regression

from rung.report.sentences import _split, protocol


@pytest.mark.parametrize(
    ("options", "has", "has_not"),
    [
        ({"test": 0.2}, "Content hashes and the seed (0) alone decide which row goes where", "newest"),
        ({"test": 0.2, "time": "when"}, "The newest rows by when are the test rows.", "alone decide"),
        ({"test": "t.csv", "time": "when"}, "Of the others the newest by when judge", "are the test rows"),
        ({"test": "t.csv", "group": "who"}, "never straddle the folds and shares that decided", "a split"),
    ],
)
def test_what_decides_where_a_row_goes(options, has, has_not):
    said = _split({"seed": 0, "options": options})
    assert has in said
    assert has_not not in said


@pytest.mark.parametrize(("made", "said"), [(binary, "0.5 points or more"), (regression, "0.5 % of the other's score")])
def test_what_a_dear_rung_must_gain_is_in_the_metrics_own_measure(made, said):
    assert said in " ".join(protocol(replace(made().evidence, min_gain=0.5), {}))


def test_where_some_folds_judged_their_rows_are_numbered():
    rows = {"train": 1000, "validation": 400, "test": 50, "folds": 2, "repeats": 1}
    assert "400 judged the rungs once a repeat, out of fold (2 folds)" in " ".join(
        protocol(replace(binary().evidence, rows=rows), {})
    )
