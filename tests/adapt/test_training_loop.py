"""The one loop: every option does what it says, the best weights are kept, a dead run is stopped, a cut one goes on."""

from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from rung.adapt.bodies import whole
from rung.adapt.training import checkpoint
from rung.adapt.training.learner import Learner, Net, Rows
from rung.adapt.training.loop import Around, Judge, train
from rung.adapt.training.optimiser import factor
from rung.adapt.training.recipe import Recipe
from rung.core.stops import Collapse
from rung.core.types import Task

QUICK = Recipe(epochs=2, rate=1e-3, head_rate=1e-2, batch=8, wise=False)


@pytest.fixture
def learner(make):
    """Make a learner over a tiny whole model, its head drawn with a seed."""

    def new(rows=48, task=Task.MULTICLASS):
        job = make(task, rows)
        body = whole(job.tunable)
        torch.manual_seed(0)
        net = Net(body.module, body.vectors, torch.nn.Linear(job.tunable.card.width, job.target.outputs))
        columns = tuple(job.tunable.prepare(texts) for texts in job.inputs.texts.values())
        truth = torch.from_numpy(job.target.value)
        return Learner(net, Rows(job.tunable, columns), truth, "softmax")

    return new


def weights(learner):
    return {name: parameter.detach().clone() for name, parameter in learner.trained().items()}


def run(learner, recipe=QUICK, judge=None, **around):
    rows = np.arange(len(learner.truth) // 2)
    found = train(learner, recipe, rows, judge, Around(**around))
    return found, weights(learner)


def judged(learner, score, prior=-1.0):
    half = len(learner.truth) // 2
    return Judge(np.arange(half, 2 * half), score, prior, Task.MULTICLASS)


def same(one, other, atol=0.0):
    return all(torch.allclose(one[name], other[name], atol=atol, rtol=0) for name in one)


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


def test_passing_a_batch_in_small_parts_adds_up_to_the_same_step(learner):
    still = {"seed": 0}
    one, other = learner(), learner()
    for each in (one, other):
        for module in each.net.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        each.net.body.config.attention_probs_dropout_prob = 0.0
    recipe = replace(QUICK, epochs=1)
    assert same(run(one, recipe, **still)[1], run(other, replace(recipe, micro=2), **still)[1], atol=2e-5)


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


def accuracy(mine):
    return lambda rows, said: float((said.argmax(1) == mine.truth[rows].numpy()).mean())


def test_a_rate_a_thousand_times_too_high_is_stopped_early(learner):
    mine = learner(96)
    with pytest.raises(Collapse, match=r"after|at step"):
        run(mine, replace(QUICK, rate=1e3, head_rate=1e3, epochs=5), judged(mine, accuracy(mine), prior=0.2))


def test_inputs_that_are_not_numbers_are_stopped_at_the_first_step(learner):
    mine = learner()
    with torch.no_grad():
        next(mine.net.body.parameters()).fill_(float("nan"))
    with pytest.raises(Collapse, match="loss was not finite at step 1"):
        run(mine)


@pytest.mark.parametrize("aside", [48, 6], ids=["rows enough set aside", "few, so that training rows are looked at"])
def test_labels_that_are_all_equal_are_stopped_early(learner, aside):
    mine = learner(96)
    mine.truth.zero_()
    judge = replace(judged(mine, accuracy(mine)), aside=np.arange(48, 48 + aside))
    with pytest.raises(Collapse, match="one class was predicted"):  # at a rate with which two steps suffice anywhere
        run(mine, replace(QUICK, epochs=5, head_rate=0.2), judge)


@pytest.mark.parametrize(("rare", "died"), [(0.4, False), (0.1, True)])
def test_one_class_for_every_row_is_death_only_where_probabilities_tell_none_apart(learner, monkeypatch, rare, died):
    """Five of six rows are of one class, which is named for all once training began."""
    mine, asked = learner(96), []
    mine.truth.copy_(torch.arange(96) % 6 == 0)

    def predict(_, rows):
        asked.append(rows)
        p = np.where(mine.truth[rows] == 1, rare if len(asked) > 1 else 0.9, 0.1)
        return np.stack([1 - p, p], 1).astype(np.float32)

    monkeypatch.setattr(Learner, "predict", predict)
    with pytest.raises(Collapse, match="one class was predicted") if died else nullcontext():
        run(mine, QUICK, judged(mine, accuracy(mine)))


@pytest.mark.parametrize("task", [Task.REGRESSION, Task.MULTILABEL])
def test_one_answer_for_every_row_is_stopped_early_whatever_is_predicted(learner, task):
    """At such a rate the body gives one vector for all texts."""
    mine = learner(96)
    judge = Judge(np.arange(48, 54), lambda *_: 0.5, 0.2, task)
    with pytest.raises(Collapse, match="the same was predicted for every row after"):
        run(mine, replace(QUICK, rate=10.0, epochs=5), judge)
    run(learner(96), replace(QUICK, epochs=5), judge)


def test_memory_that_runs_out_halves_what_passes_at_once(learner, monkeypatch):
    mine = learner()
    forward = mine.net.forward

    def narrow(parts, back):
        if len(back) > 3:
            raise torch.OutOfMemoryError("no more")
        return forward(parts, back)

    monkeypatch.setattr(mine.net, "forward", narrow)
    found, _ = run(mine)
    assert found.micro == 2
    assert any("memory ran out" in note for note in found.notes)


def test_memory_that_runs_out_in_a_pass_changes_no_answer(learner, monkeypatch):
    mine, rows = learner(), np.arange(48)
    before, forward, passes = mine.predict(rows), mine.net.forward, []

    def narrow(parts, back):
        passes.append(len(back))
        if len(back) > 5:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return forward(parts, back)

    monkeypatch.setattr(mine.net, "forward", narrow)
    assert mine.predict(rows) == pytest.approx(before, abs=1e-6)
    assert passes == [48, 24, 12, 6] + [3] * 16
    mine.predict(rows)
    assert passes[20:] == [3] * 16  # what was learnt of the room is not forgotten


def test_any_other_error_is_not_taken_for_memory(learner, monkeypatch):
    mine = learner()

    def broken(**_):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(mine.net, "forward", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        run(mine)


def test_the_rate_rises_then_falls():
    shares = [factor(step, 20, 0.1) for step in range(20)]
    assert shares[0] == 0.5
    assert max(shares) == shares[1] == shares[2] == 1.0
    assert all(a >= b for a, b in pairwise(shares[2:]))
    assert shares[-1] < 0.02


def test_one_class_from_the_start_on_is_no_collapse(learner):
    mine = learner(96)
    mine.truth.zero_()
    mine.truth[::40] = 1
    with torch.no_grad():
        mine.net.head.bias[0] = 50.0
    found, _ = run(mine, replace(QUICK, epochs=2), judged(mine, accuracy(mine)))
    assert found.score > 0.9
