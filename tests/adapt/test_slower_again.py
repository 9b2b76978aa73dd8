"""A rung that dies by its own rate is trained once more at a tenth of it; a rate that the user gave stays."""

from types import SimpleNamespace

import pytest

from rung.adapt.slower import given, or_slower
from rung.core.stops import Collapse


def test_a_rung_that_dies_by_its_usual_rate_is_trained_by_a_tenth_of_it_once():
    tried, notes = [], []

    def train(setting):
        tried.append(setting.get("times", 1.0))
        if tried[-1] == 1.0:
            raise Collapse("one class")
        return setting

    assert or_slower(train, {"k": 2}, notes) == {"k": 2, "times": 0.1}
    assert tried == [1.0, 0.1]
    assert notes == ["training died under its usual rate (one class): a tenth of that was taken"]


@pytest.mark.parametrize(
    ("rate", "settings", "said"),
    [(0.1, {}, True), (None, {"full.head_rate": 0.1}, True), ("find", {"lora.rate": 0.1}, False)],
)
def test_a_rate_is_given_for_all_rungs_or_for_this_one(rate, settings, said):
    assert given("full", SimpleNamespace(rate=rate, settings=settings)) is said


@pytest.mark.parametrize(("fixed", "times"), [(True, 1), (False, 2)])
def test_a_rate_that_the_user_gave_stays_and_the_last_death_ends_the_rung(fixed, times):
    tried = []

    def train(setting):
        tried.append(setting)
        raise Collapse("dead")

    with pytest.raises(Collapse, match="dead"):
        or_slower(train, {"k": 2}, [], fixed=fixed)
    assert len(tried) == times
