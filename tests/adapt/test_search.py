"""A search spends its trials, sees rows set aside alone, and shares one study between processes."""

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from rung.adapt import tuned
from rung.adapt.ladder import rungs
from rung.adapt.slower import or_slower
from rung.adapt.training import trials
from rung.adapt.training.rate_finder import steepest
from rung.adapt.training.recipe import Recipe
from rung.adapt.training.trials import search
from rung.core.errors import BadOption
from rung.core.stops import Collapse

PARTIAL = next(rung for rung in rungs() if rung.name == "partial")


def peak(params, after):
    """Best at ten times less than five times the rate."""
    for epoch in range(3):
        after(epoch, -abs(np.log(params["times"] / 2)))
    return -abs(np.log(params["times"] / 2))


def test_the_search_is_seeded_and_its_first_trial_is_the_recipe():
    seen = []

    def run(params, after):
        seen.append(params)
        return peak(params, after)

    one = search(run, Recipe(), {"rank": (8, 4)}, trials=8, seed=1, name="a")
    assert seen[0] == {"times": 1.0, "weight_decay": 0.01, "epochs": 4, "rank": 8}
    assert one.trials == one.here == 8
    again = search(peak, Recipe(), {"rank": (8, 4)}, trials=8, seed=1, name="a")
    assert one.setting == again.setting
    assert one.score >= peak(seen[0], lambda *_: None)


def test_bad_runs_are_pruned():
    ended = []

    def run(params, after):
        score = -abs(np.log(params["times"]))
        for epoch in range(1, 9):
            after(epoch, score)
        ended.append(score)
        return score

    assert search(run, Recipe(), {}, trials=10, seed=0, name="b").trials == 10
    assert len(ended) < 10


def test_a_setting_under_which_training_dies_is_no_more_than_a_bad_one():
    def run(params, after):
        if params["times"] != 1.0:
            raise Collapse("dead")
        return 0.5

    assert search(run, Recipe(), {}, trials=4, seed=0, name="c").score == 0.5

    def dead(params, after):
        raise Collapse("dead")

    with pytest.raises(Collapse, match="each of 2 settings"):
        search(dead, Recipe(), {}, trials=2, seed=0, name="d")


def test_a_search_that_was_cut_off_goes_on_after_the_trials_it_finished(notebook):
    ran = []

    def run(params, after):
        if len(ran) == stop:
            raise KeyboardInterrupt
        ran.append(params["times"])
        after(1, -abs(params["times"] - 2))
        return -abs(params["times"] - 2)

    stop = 99
    whole = search(run, Recipe(), {}, trials=9, seed=0, name="s")
    wanted, ran[:] = list(ran), []
    stop = 5
    with pytest.raises(KeyboardInterrupt):
        search(run, Recipe(), {}, trials=9, seed=0, name="s", kept=notebook)
    stop = 99
    again = search(run, Recipe(), {}, trials=9, seed=0, name="s", kept=notebook)
    assert (again.setting, again.score) == (whole.setting, whole.score)
    assert ran == wanted  # none twice


TWIN = """
import sys, time
from rung.adapt.training.recipe import Recipe
from rung.adapt.training.trials import search
def run(params, after):
    time.sleep(0.1)
    return -abs(params["times"] - 2)
best = search(run, Recipe(), {}, trials=8, seed=int(sys.argv[2]), name="shared", kept=sys.argv[1])
print(best.trials, best.here, best.score)
"""


def test_two_processes_spend_one_study(tmp_path):
    url = f"sqlite:///{tmp_path / 'search.db'}"
    search(lambda params, _: -9.0, Recipe(), {}, trials=1, seed=0, name="shared", kept=url)
    both = [
        subprocess.Popen([sys.executable, "-c", TWIN, url, str(seed)], stdout=subprocess.PIPE, text=True)
        for seed in (1, 2)
    ]
    said = [process.communicate(timeout=120)[0].split() for process in both]
    assert all(process.returncode == 0 for process in both)
    here = [int(each[1]) for each in said]
    assert 7 <= sum(here) <= 9  # one was there; each may have begun one while the other finished the last
    assert max(here) < 8


def test_a_searched_rung_counts_its_trials_and_stays_blind_to_the_judging_rows(make, monkeypatch):
    monkeypatch.setattr(PARTIAL, "recipe", replace(PARTIAL.recipe, epochs=2, batch=16))
    job = make(search=3)
    clean = PARTIAL.climb(job)
    assert any("3 trials" in note for note in clean.notes)
    value = job.target.value.copy()
    value[job.plan.judged] = (value[job.plan.judged] + 1) % 3
    dirty = PARTIAL.climb(replace(job, target=replace(job.target, value=value)))
    assert clean.choice == dirty.choice
    assert np.array_equal(clean.prediction, dirty.prediction)


def test_what_the_user_set_is_not_searched_over(make, monkeypatch):
    monkeypatch.setattr(PARTIAL, "recipe", replace(PARTIAL.recipe, epochs=2, batch=16))
    trial = PARTIAL.climb(make(search=3, settings={"partial.epochs": 1, "partial.k": 1, "partial.rate": 1e-4}))
    assert trial.choice["k"] == 1
    assert not {"epochs", "times"} & trial.choice.keys()


def test_other_options_have_a_study_of_their_own(make, monkeypatch, tmp_path):
    """Two searches in one storage: the second shares nothing with the first, whose rate was another."""
    optuna = pytest.importorskip("optuna")
    monkeypatch.setattr(PARTIAL, "recipe", replace(PARTIAL.recipe, epochs=1, batch=16))
    url = f"sqlite:///{tmp_path / 'search.db'}"
    for rate in (1e-4, 1e-4, 1e-3):
        PARTIAL.climb(make(search=2, storage=url, rate=rate))
    assert [each.n_trials for each in optuna.get_all_study_summaries(url)] == [2, 2]


DYING = """
import os, signal, sys, time
from rung.adapt.training import trials
from rung.adapt.training.recipe import Recipe
trials.BEAT = trials.DEAD = 1
def run(params, after):
    time.sleep(2)  # signs of life are written down by a thread
    os.kill(os.getpid(), signal.SIGKILL)
trials.search(run, Recipe(), {}, trials=3, seed=0, name="cut", kept=sys.argv[1])
"""


def test_a_trial_that_died_with_its_process_is_begun_again(tmp_path, monkeypatch):
    pytest.importorskip("optuna")
    monkeypatch.setattr(trials, "BEAT", 1)
    monkeypatch.setattr(trials, "DEAD", 1)
    url, seen = f"sqlite:///{tmp_path / 'search.db'}", []
    died = [
        subprocess.run([sys.executable, "-c", DYING, url], capture_output=True, text=True, timeout=120, check=False)
        for _ in range(2)
    ]
    assert [each.returncode for each in died] == [-9, -9]

    def run(params, _):
        seen.append(params["times"])
        return params["times"]

    best = search(run, Recipe(), {}, trials=3, seed=0, name="cut", kept=url)
    assert (best.trials, best.here, len(seen)) == (3, 3, 3)
    assert 1.0 in seen  # the recipe's own, which was the first to die


def test_a_trial_that_never_gave_a_sign_of_life_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    optuna = pytest.importorskip("optuna")
    monkeypatch.setattr(trials, "DEAD", 1)
    url = f"sqlite:///{tmp_path / 'search.db'}"
    optuna.create_study(storage=url, study_name="mute", direction="maximize").ask()
    best = search(lambda params, _: params["times"], Recipe(), {}, trials=2, seed=0, name="mute", kept=url)
    assert (best.trials, best.here) == (2, 2)


def test_the_usual_rates_are_taken_where_found_ones_kill_a_run():
    def train(setting):
        if "rate" in setting:
            raise Collapse("dead")
        return setting

    notes = []
    assert or_slower(train, {"k": 2, "rate": 0.02, "head_rate": 0.1}, notes) == {"k": 2}
    assert "died under 0.02" in notes[0]


def test_a_rung_whose_found_rate_kills_it_is_trained_by_the_usual_one_under_another_name(make, monkeypatch):
    monkeypatch.setattr(tuned, "found_rates", lambda *_: {"rate": 10.0, "head_rate": 10.0})
    train, named = PARTIAL._train.__func__, []

    def noted(self, ground, rows, setting, name, **more):
        named.append(name)
        if setting.get("rate") == 10.0:
            raise Collapse("dead")
        return train(self, ground, rows, setting, name, **more)

    monkeypatch.setattr(type(PARTIAL), "_train", noted)
    trial = PARTIAL.climb(make(rate="find", settings={"partial.epochs": 1, "partial.k": 1}))
    assert "rate" not in trial.choice
    assert any("died under 1e+01" in note for note in trial.notes)
    assert len(set(named)) == len(named)  # a checkpoint of the dead run is nobody else's


def test_the_steepest_fall_names_the_rate():
    rates = np.geomspace(1e-6, 1e-1, 30).tolist()
    losses = [2.0] * 12 + [1.8, 1.3, 0.9, 0.8, 0.8] + [0.8] * 5 + [2.0, 5.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0]
    assert rates[11] <= steepest(rates, losses, 1.0) <= rates[16]
    assert steepest(rates, [1.0] * 30, 0.5) == 0.5


TOGETHER = """
import sys, time
from rung.adapt.training.trials import opened
import optuna
time.sleep(max(0.0, float(sys.argv[2]) - time.time()))
opened(sys.argv[1])
"""


def test_two_machines_may_make_one_storage_at_the_same_time(tmp_path):
    pytest.importorskip("optuna")
    url, begin = f"sqlite:///{tmp_path / 'search.db'}", str(time.time() + 8)
    both = [subprocess.Popen([sys.executable, "-c", TOGETHER, url, begin]) for _ in range(2)]
    assert [each.wait(120) for each in both] == [0, 0]


@pytest.mark.parametrize("url", ["sqlite:////no/such/folder/search.db", "mysql://nobody@nowhere/search"])
def test_a_storage_that_can_not_be_opened_is_one_message(url, monkeypatch):
    pytest.importorskip("optuna")
    monkeypatch.setattr(trials, "TRIES", 1)
    with pytest.raises(BadOption, match="a database that can be opened"):
        trials.opened(url)


def test_each_fold_searches_among_settings_of_its_own(make, monkeypatch, tmp_path):
    optuna = pytest.importorskip("optuna")
    monkeypatch.setattr(PARTIAL, "recipe", replace(PARTIAL.recipe, epochs=1, batch=16))
    url = f"sqlite:///{tmp_path / 'search.db'}"
    PARTIAL.climb(make(search=4, folds=2, storage=url))
    studies = [optuna.load_study(study_name=name, storage=url) for name in optuna.get_all_study_names(url)]
    first, second = ([study.trials[n].params["times"] for study in studies] for n in (0, 1))
    assert first == [1.0, 1.0]  # the recipe's own
    assert len(set(second)) == 2


def test_whoever_joins_a_study_draws_other_settings(tmp_path):
    pytest.importorskip("optuna")
    url, seen = f"sqlite:///{tmp_path / 'search.db'}", []

    def run(params, _):
        seen.append(params["times"])
        return 0.0

    for trials_by_now in (2, 3):  # as two machines with one seed would
        search(run, Recipe(), {}, trials=trials_by_now, seed=1, name="shared", kept=url)
    assert len(set(seen)) == 3
