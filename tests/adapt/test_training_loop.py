"""The one loop: every option does what it says, the best weights are kept, a cut run goes on, bfloat16 is near."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from loop_runs import QUICK, judged, run, same, still, weights

from rung.adapt.training import checkpoint
from rung.adapt.training.optimiser import factor


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(learner):
    one, two, other = run(learner())[1], run(learner())[1], run(learner(), seed=1)[1]
    assert same(one, two)
    assert not same(one, other)


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 3},
        {"rate": 2e-3},
        {"head_rate": 2e-2},
        {"layer_decay": 0.5},
        {"weight_decay": 0.5},
        {"warmup": 0.5},
        {"clip": 1e-3},
        {"batch": 4},
        {"smoothing": 0.2},
        {"imbalance": "focal"},
        {"l2sp": 1.0},
        {"gradual": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_setting_changes_what_is_learnt(learner, change):
    assert not same(run(learner())[1], run(learner(), replace(QUICK, **change))[1], atol=1e-7)


def test_class_weights_change_what_is_learnt(learner):
    weight_C = np.array([5.0, 1.0, 1.0], np.float32)
    assert not same(run(learner())[1], run(learner(), weight_C=weight_C)[1], atol=1e-7)


def test_passing_a_batch_in_small_parts_adds_up_to_the_same_step(learner, monkeypatch):
    one, other, passed = still(learner()), still(learner()), []
    forward = other.net.forward

    def counted(parts, back):
        passed.append(len(back))
        return forward(parts, back)

    monkeypatch.setattr(other.net, "forward", counted)
    recipe = replace(QUICK, epochs=1)
    assert same(run(one, recipe)[1], run(other, replace(recipe, micro=2))[1], atol=2e-5)
    assert set(passed) == {2}


def test_in_bfloat16_weights_stay_float32_and_end_near(learner):
    one, other = still(learner()), still(learner())
    other.net.short = True
    run(one)
    found = run(other)[1]
    assert all(each.dtype == torch.float32 for each in found.values())
    rows = np.arange(48)
    assert 0 < np.abs(one.predict(rows) - other.predict(rows)).max() < 0.1


def test_l2sp_stays_nearer_to_the_start(learner):
    def moved(recipe):
        mine = learner()
        start = weights(mine)
        after = run(mine, recipe)[1]
        return sum(float((after[name] - start[name]).square().sum()) for name in start if not name.startswith("head."))

    assert moved(replace(QUICK, l2sp=10.0)) < moved(QUICK)


def test_gradual_unfreezing_leaves_the_lower_weights_for_later(learner):
    mine = learner()
    start = weights(mine)
    run(mine, replace(QUICK, gradual=True, epochs=4), stop_after=1)
    after = weights(mine)
    lowest = [name for name in start if not name.startswith("head.") and mine.depth(name) == 0]
    highest = [name for name in start if mine.depth(name) == 2]
    assert lowest
    assert all(start[name].equal(after[name]) for name in lowest)
    assert not all(start[name].equal(after[name]) for name in highest)


def test_the_best_epoch_is_kept_and_not_the_last(learner):
    scores = iter([0.1, 0.9, 0.2, 0.3, 0.4])
    mine, seen = learner(), []

    def score(rows, said):
        seen.append(weights(mine))
        return next(scores)

    found, after = run(mine, replace(QUICK, epochs=4, patience=9), judged(mine, score), early_look=False)
    assert found.epochs == 1
    assert found.score == 0.9
    assert same(after, seen[1])


def test_training_stops_when_patience_is_at_its_end(learner):
    mine = learner()
    found, _ = run(mine, replace(QUICK, epochs=9, patience=2), judged(mine, lambda *_: 0.5), early_look=False)
    assert found.epochs == 0
    assert len(found.history) == 4  # the start, the first epoch, and two that are no better than it


def test_a_start_that_is_hard_to_better_does_not_end_training_while_epochs_gain(learner):
    mine, scores = learner(), iter([0.9, 0.5, 0.6, 0.7, 0.95])
    found, _ = run(mine, replace(QUICK, epochs=4, patience=2), judged(mine, lambda *_: next(scores)), early_look=False)
    assert found.epochs == 4


def test_a_start_that_is_never_bettered_stays(learner):
    mine = learner()
    start = weights(mine)
    _, after = run(mine, QUICK, judged(mine, lambda *_: 0.5), early_look=False)
    assert same(start, after)


@pytest.mark.parametrize("at", [1, 3, 4, 7])
def test_a_run_cut_at_any_step_ends_in_the_same_weights(learner, notebook, monkeypatch, at):
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    recipe = replace(QUICK, epochs=3, wise=True)

    def score(rows, said):
        return float(said[:, 0].mean())

    undisturbed, other = learner(), learner()
    wanted, weights_wanted = run(undisturbed, recipe, judged(undisturbed, score))
    beats = iter(range(100))

    def cut(_):
        if next(beats) == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(other, recipe, judged(other, score), notebook=notebook, tell=cut)
    assert notebook.pages
    later = learner()
    found, weights_found = run(later, recipe, judged(later, score), notebook=notebook)
    assert same(weights_found, weights_wanted)
    assert (found.epochs, found.score, found.history) == (wanted.epochs, wanted.score, wanted.history)
    assert all(torch.equal(found.soup[name], wanted.soup[name]) for name in wanted.soup)
    assert not notebook.pages


def test_the_rate_rises_then_falls():
    shares = [factor(step, 20, 0.1) for step in range(20)]
    assert shares[0] == 0.5
    assert max(shares) == shares[1] == shares[2] == 1.0
    assert all(a >= b for a, b in pairwise(shares[2:]))
    assert shares[-1] < 0.02
