"""What a rung is said to take is told from its steps alone: of a clock that is known, every rate is found."""

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.adapt import costs
from rung.adapt.costs import in_time, short_list, short_listed
from rung.adapt.ground import Ground
from rung.adapt.ladder import rungs
from rung.adapt.starts import MOST_ASIDE, set_aside
from rung.adapt.training import cost
from rung.adapt.training.cost import Rates, padded, rates, seconds_of_run
from rung.adapt.training.recipe import Recipe
from rung.core.stops import OutOfTime

FULL, PARTIAL = (next(rung for rung in rungs() if rung.name == name) for name in ("full", "partial"))
STILL = lambda _: nullcontext(SimpleNamespace(bytes=1000))  # noqa: E731  # the process's own memory comes and goes


class Clock:
    """Time that passes only where the test says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize("batch", [8, 64])
def test_what_a_step_costs_is_told_from_what_a_run_costs(make, monkeypatch, batch):
    clock = Clock()
    job = make(rows=40, asked={"full"})
    learner = FULL.ready(Ground.of(job), np.arange(40), {})
    length_N = learner.rows.length_N

    orders = []

    def train(_, __, ___, ____, around):
        orders.append(around.order(0))
        clock.now += 5.0  # an optimiser is made
        for some in around.order(0):
            clock.now += 0.25 + 0.125 * padded(length_N, [some], learner.rows.tunable.a_pass)
            around.hear(0.5)
        clock.now += 2.0  # weights are copied

    monkeypatch.setattr(cost, "perf_counter", clock)
    monkeypatch.setattr(cost, "train", train)
    found = rates(lambda: learner, replace(Recipe(), batch=batch), np.arange(40), 0, np.arange(40)[::-1])
    assert {tuple(some) for some in orders[-1]} == {tuple(range(39, 39 - min(batch, 40), -1))}  # widest
    many = cost.STEPS * 8
    assert found.step == pytest.approx(0.125)
    assert found.at_rest == pytest.approx(0.25)
    assert found.steps(many, many * 90) == pytest.approx(many * (0.25 + 0.125 * 90))
    assert found.beside == pytest.approx(7.0, abs=4.0)  # the first steps are taken for steps of middle length


def test_copies_that_a_run_keeps_are_in_its_memory(make, monkeypatch):
    """The best so far; start and mean of all epochs too, where it may blend them."""
    monkeypatch.setattr(cost, "STEPS", 2)
    job = make(rows=40, asked={"partial"})
    ground, rows = Ground.of(job), np.arange(40)
    setting = PARTIAL.method.settings(job)[0]
    plain, wise = (
        rates(lambda: PARTIAL.ready(ground, rows, setting), replace(Recipe(), batch=8, wise=wise), rows, 0, rows)
        for wise in (False, True)
    )
    trained = sum(parameter.nbytes for parameter in PARTIAL.ready(ground, rows, setting).trained().values())
    assert (plain.copies, wise.copies) == (trained, 3 * trained)
    assert wise.memory - plain.memory == 2 * trained
    assert plain.trained == trained


def test_a_run_costs_its_epochs_its_looks_and_what_is_beside_them():
    rate = Rates(step=0.5, passed=0.25, made=3.0, memory=0, at_rest=1.0, beside=4.0, glance=0.5, copy=0.125, fresh=0.25)
    length_N, rows, aside = np.full(10, 2), np.arange(8), np.arange(8, 10)
    recipe = Recipe(epochs=3, batch=4, wise=False)
    an_epoch, a_look, early = 2 * 1.0 + 16 * 0.5, 0.5 + 4 * 0.25, 2 * (0.5 + 16 * 0.25)  # two rows set aside are few
    plain = 3 + 4 + 3 * an_epoch + 4 * a_look + early
    assert seconds_of_run(rate, recipe, length_N, rows, aside, seed=0) == plain + 0.25 + 2.5 * 0.125
    wise = replace(recipe, wise=True)  # the mean of all epochs, seven blends and one put back, a look at each of seven
    copies = 4 * 0.25 + (2.5 + 2 + 8) * 0.125
    assert seconds_of_run(rate, wise, length_N, rows, aside, seed=0) == plain + 7 * a_look + copies


def test_of_many_rows_no_more_are_set_aside_than_say_when_to_stop(make):
    job = make(rows=96)
    assert len(set_aside(job, np.arange(80)).validation) == 10
    many = np.arange(96).repeat(100)  # rows drawn more than once serve: only their number counts here
    assert len(set_aside(job, many).validation) <= MOST_ASIDE * 1.1


@pytest.mark.parametrize(("left", "tried"), [(1e9, {"k 1", "k 2"}), (0.0, {"k 2"})], ids=["time enough", "no time"])
def test_of_a_short_list_the_last_alone_is_tried_where_time_is_short(make, monkeypatch, left, tried):
    heard = []
    job = make(rows=40, asked={"partial"}, left=lambda: left, tell=lambda said: heard.append(said.what))
    monkeypatch.setattr(PARTIAL.method, "settings", lambda _: [{"k": 1}, {"k": 2}])
    PARTIAL.climb(job)
    assert {what[-3:] for what in heard if what.startswith("partial k")} == tried


def test_a_budget_without_room_for_the_list_is_asked_for_its_last(make, monkeypatch):
    monkeypatch.setattr(PARTIAL.method, "settings", lambda _: [{"k": 1}, {"k": 2}])
    monkeypatch.setattr(costs, "Peak", STILL)
    monkeypatch.setattr(costs, "rates", lambda *_: Rates(step=1.0, passed=0.0, made=0.0, memory=0))
    rich = PARTIAL.predict_cost(make(rows=40, asked={"partial"}))
    poor = PARTIAL.predict_cost(make(rows=40, asked={"partial"}, left=lambda: 0.0))
    assert poor.seconds == pytest.approx(rich.seconds / 2, rel=0.01)  # each of the two costs the same
    assert poor.memory < rich.memory  # no other run's weights stay


@pytest.mark.parametrize(
    ("share", "named"), [(1.1, {}), (0.75, {"partial.k": 1}), (0.2, {})], ids=["both", "the first alone", "neither"]
)
def test_a_budget_that_only_the_first_of_a_list_fits_names_it(make, monkeypatch, share, named):
    """A token of the top block costs a second, one of both blocks two."""
    monkeypatch.setattr(PARTIAL.method, "settings", lambda _: [{"k": 1}, {"k": 2}])
    monkeypatch.setattr(costs, "Peak", STILL)
    each = iter([1.0, 2.0] * 3)
    monkeypatch.setattr(costs, "rates", lambda *_: Rates(step=next(each), passed=0.0, made=0.0, memory=0))
    last = PARTIAL.predict_cost(make(rows=40, asked={"partial"}, left=lambda: 0.0)).seconds
    found = PARTIAL.predict_cost(make(rows=40, asked={"partial"}, left=lambda: share * last))
    assert found.settings == named
    assert found.seconds == pytest.approx(last / 2 if named else last, rel=0.01)
    both = PARTIAL.predict_cost(make(rows=40, asked={"partial"}))
    assert found.memory < both.memory


def test_a_run_of_the_short_list_stays_in_memory_while_the_next_trains(make, monkeypatch):
    """Its weights, and what those that learnt began with."""
    monkeypatch.setattr(costs, "Peak", STILL)
    monkeypatch.setattr(costs, "rates", lambda *_: Rates(step=1.0, passed=0.0, made=0.0, memory=0, trained=10))
    job = make(rows=40, asked={"partial"})
    took = []
    for settings in ([{"k": 2}], [{"k": 1}, {"k": 2}]):
        monkeypatch.setattr(PARTIAL.method, "settings", lambda _, settings=settings: settings)
        took.append(PARTIAL.predict_cost(job).memory)
    assert took[1] - took[0] == pytest.approx(4 * job.tunable.card.parameters + 10, abs=2)


@pytest.mark.parametrize(("rows", "times"), [(40, 1), (1001, costs.IN_PIECES)])
def test_the_heap_of_a_long_training_holds_more_than_what_lives(make, monkeypatch, rows, times):
    monkeypatch.setattr(costs, "Peak", STILL)
    monkeypatch.setattr(costs, "rates", lambda *_: Rates(step=1.0, passed=0.0, made=0.0, memory=5000))
    monkeypatch.setattr(PARTIAL.method, "settings", lambda _: [{"k": 1}])
    assert PARTIAL.predict_cost(make(rows=rows, asked={"partial"})).memory == pytest.approx(5000 * times, abs=2)


def test_memory_is_that_of_the_device_that_trains_not_of_one_that_is_there(make, monkeypatch):
    device = SimpleNamespace(reset_peak_memory_stats=pytest.fail, memory_allocated=pytest.fail)
    monkeypatch.setattr("rung.core.memory._cuda", lambda: device)
    assert FULL.predict_cost(make(rows=40, asked={"full"})).memory > 0


@given(
    each_SF=st.integers(1, 3).flatmap(
        lambda many: st.integers(1, 6).flatmap(
            lambda folds: st.lists(
                st.lists(st.integers(1, 64).map(float), min_size=folds, max_size=folds), min_size=many, max_size=many
            )
        )
    ),
    left=st.integers(0, 2000).map(float) | st.just(float("inf")),
)
def test_seconds_foretold_are_those_of_the_settings_that_a_budget_lets_try(each_SF, left):
    clock, folds = Clock(), len(each_SF[0])

    def trained(setting):
        clock.now += setting["seconds"]

    for f in range(folds):
        settings = [{"seconds": seconds[f]} for seconds in each_SF]
        short_list(trained, settings, folds - f, lambda: left - clock.now)
    assert short_listed(each_SF, left) == clock.now


def test_folds_end_where_those_that_ended_show_that_the_others_would_not_fit():
    made = []

    def fold(f):
        made.append(f)
        return f

    budget = iter([10.0, 7.0])  # a fold takes three of ten seconds
    with pytest.raises(OutOfTime, match=r"after 1 of 5 folds it needed about 12 s more, with 7 s left"):
        in_time(fold, 5, lambda: next(budget))
    assert made == [0]
    budget = iter([10.0, 7.0, 4.0, -1.0])  # late, but done
    assert in_time(fold, 3, lambda: next(budget)) == [0, 1, 2]
    assert in_time(fold, 3, lambda: float("inf")) == [0, 1, 2]


def test_a_rung_goes_on_where_the_one_setting_that_later_folds_need_fits():
    """Ten seconds a training, two settings: 20 of 65 are spent; of the 45 left 80 would be asked for, 40 are."""
    now = iter([65.0, 45.0, 35.0, 25.0, 15.0, 5.0])
    assert in_time(lambda f: f, 5, lambda: next(now), [10.0]) == [0, 1, 2, 3, 4]
    clock = [65.0]

    def train(setting):
        clock[0] -= 10.0
        return setting["k"]

    took: list[float] = []
    assert short_list(train, [{"k": 1}, {"k": 2}], 5, lambda: clock[0], took) == [2]
    assert took == [10.0]
