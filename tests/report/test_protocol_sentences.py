"""How it was decided, in sentences that are true of the options."""

import pytest

from rung.report.sentences import _split


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
