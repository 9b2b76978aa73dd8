"""A frozen tensor that moved costs one rung, by name, and is not taken for a rate too high."""

import pytest
import test_climb
from test_climb import Scripted, ladder

from rung.adapt.slower import or_slower
from rung.core.stops import Thawed
from rung.recipes.climb import climb

job = test_climb.job
SAID = "body.x, which should be frozen, changed in training"


@pytest.mark.parametrize(("where", "status"), [("climb", "failed"), ("predict_cost", "skipped")])
def test_a_rung_whose_frozen_tensor_moved_ends_by_name(job, monkeypatch, where, status):
    thawed = Scripted("full", 1.0)

    def moves(_):
        raise Thawed(SAID)

    monkeypatch.setattr(thawed, where, moves)
    found = climb(job, ladder([Scripted("prior", 0.5), Scripted("classic", 0.8), thawed]))
    assert found.winner == "classic"
    assert (found.step("full").evidence.status, found.step("full").evidence.why) == (status, SAID)


def test_no_lower_rate_is_tried():
    tried = []

    def train(setting):
        tried.append(setting)
        raise Thawed(SAID)

    with pytest.raises(Thawed):
        or_slower(train, {"k": 2}, [])
    assert len(tried) == 1
