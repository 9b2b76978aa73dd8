"""The verdict on the shift knows of each rung how it was trained, and leaves yardsticks out."""

from types import SimpleNamespace

import pytest

from rung.core.evidence import RungEvidence, Score
from rung.core.types import Task
from rung.metrics.table import named
from rung.recipes.climb import Climbed, Step
from rung.recipes.finish import _shift

JOB = SimpleNamespace(metric=named("accuracy", Task.BINARY))


def scored(value):
    return Score("accuracy", value, value - 0.02, value + 0.02)


def climbed(**choices):
    return Climbed(
        tuple(Step(RungEvidence(n, "tried", choice=c, score=scored(0.9))) for n, c in choices.items()), "full", ""
    )


@pytest.mark.parametrize(
    ("choice", "way"),
    [
        ({"stop_after": 2, "wise": 1.0}, "full (LP-FT) -"),
        ({"stop_after": 2, "wise": 0.5}, "full (LP-FT, WiSE-FT at 0.5) -"),
        ({"stop_after": 2, "wise": 1.0, "head": "random"}, "full (plain fine-tuning) -"),
        ({"strength": 1.0}, "full -"),
    ],
)
def test_how_a_rung_was_trained_stands_beside_what_it_loses(choice, way):
    steps = climbed(prior={}, frozen={}, full=choice, scratch={"stop_after": 2})
    (verdict,) = _shift(JOB, steps, dict.fromkeys(("prior", "frozen", "full", "scratch"), scored(0.6)))
    assert verdict.verdict == "falls"
    assert way in verdict.sentence
    assert "prior" not in verdict.sentence
    assert "scratch" not in verdict.sentence


def test_without_test_rows_nothing_is_said():
    assert _shift(JOB, climbed(frozen={}, full={}), {}) == ()
