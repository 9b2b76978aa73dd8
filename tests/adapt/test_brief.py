"""A small budget has time for one deeper setting, briefly, in some of the folds."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rung.adapt import brief as room
from rung.adapt.brief import as_many, in_brief
from rung.adapt.ladder import rungs
from rung.adapt.training.cost import Rates
from rung.core.stops import Collapse

FOLDS, SETTING = 5, {"k": 2, "epochs": 2, "times": 0.5}


@pytest.fixture
def partial():
    return next(rung for rung in rungs() if rung.name == "partial")


@pytest.fixture
def tight(make, monkeypatch, partial):
    """A job of five folds, each of which takes the brief setting ten seconds, by what is measured."""
    monkeypatch.setattr(room, "LEAST_FOR_SMALL", 10)
    monkeypatch.setattr(room, "seconds_of_run", lambda *_, **__: 10.0)
    monkeypatch.setattr(Rates, "look", lambda *_: 0.0)
    monkeypatch.setattr(partial.method, "brief", lambda _: dict(SETTING))

    def job(left, **rest):
        return replace(make(rows=60, folds=FOLDS), left=lambda: left, **rest)

    return job


@pytest.mark.parametrize(("left", "folds"), [(12.0, 1), (35.0, 1), (60.0, 3), (100.0, 5)])
def test_a_small_budget_has_time_for_some_folds_and_a_refit_or_for_one_alone(tight, partial, left, folds):
    cost = in_brief(partial, tight(left))
    assert cost.settings == {"partial.brief": SETTING, "partial.folds": folds}
    assert cost.seconds == pytest.approx(10 * folds, abs=2)


@pytest.mark.parametrize(
    ("left", "rest"),
    [
        (float("inf"), {}),
        (200.0, {}),
        (11.0, {}),
        (60.0, {"settings": {"partial.k": 1}}),
        (60.0, {"rate": 1e-4}),
        (60.0, {"search": 4}),
    ],
    ids=["no budget", "ample", "no time for one", "a setting", "a rate", "a search"],
)
def test_it_is_not_tried(tight, partial, left, rest):
    assert in_brief(partial, tight(left, **rest)) is None


def test_few_rows_keep_their_short_list(tight, partial, monkeypatch):
    monkeypatch.setattr(room, "LEAST_FOR_SMALL", 61)
    assert in_brief(partial, tight(60.0)) is None


def test_folds_end_where_another_one_and_a_refit_would_not_fit():
    budget = iter([60.0, 40.0, 20.0])
    assert as_many(lambda f: f, 5, lambda: next(budget), [10.0]) == [0, 1, 2]


def test_two_folds_are_judged_by_their_own_rows_and_no_row_that_trains_is_set_aside(tight, partial, monkeypatch):
    seen = []
    train = partial._train

    def trained(ground, rows, *rest, **more):
        seen.append(rows)
        return train(ground, rows, *rest, **more)

    monkeypatch.setattr(partial, "_train", trained)
    job = tight(1e6, settings={"partial.brief": SETTING, "partial.folds": 2})
    trial = partial.climb(job)
    two = job.plan.folds[:2]
    assert [each.tolist() for each in seen] == [fold.train.tolist() for fold in two]
    assert trial.prediction.shape == (1, sum(len(fold.validation) for fold in two), job.target.outputs)
    assert np.allclose(trial.prediction.sum(axis=2), 1, atol=1e-5)
    assert trial.choice == {**SETTING, "stop_after": 2, "wise": 1.0, "soup": False}
    assert "judged in 2 of 5 folds" in trial.notes[1]


def test_a_dead_model_is_stopped_within_a_tenth_of_its_steps_though_no_row_is_set_aside(tight, partial):
    with pytest.raises(Collapse, match=r"after \d+ of \d+ steps"):
        partial.climb(tight(60.0, settings={"partial.brief": SETTING, "partial.rate": 50.0, "partial.batch": 2}))


@pytest.mark.parametrize(("blocks", "k"), [(6, 4), (12, 8), (3, 2), (2, None), (1, None)])
def test_what_partial_tries_so_is_deeper_than_its_short_list(partial, blocks, k):
    found = partial.method.brief(SimpleNamespace(tunable=SimpleNamespace(count=blocks), settings={}))
    assert found == (k and {"k": k, "epochs": 2, "times": 0.5})
