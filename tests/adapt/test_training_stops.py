"""A dead run is stopped within a tenth of its steps, one that memory runs out of goes on in smaller passes."""

import re
from contextlib import nullcontext
from dataclasses import replace
from math import ceil

import numpy as np
import pytest
import torch
from loop_runs import QUICK, accuracy, judged, run, same, still

from rung.adapt.ladder import rungs
from rung.adapt.training.learner import Learner
from rung.adapt.training.loop import Judge
from rung.core.stops import Collapse, Thawed
from rung.core.types import Task


def early(died, steps):
    """Whether the message of a collapse is of the first tenth of so many steps."""
    return int(re.search(r"(?:after|at step) (\d+) of", str(died.value))[1]) <= ceil(0.1 * steps)


@pytest.mark.parametrize("name", ["partial", "lora", "full"])
def test_a_rate_a_thousand_times_too_high_is_stopped_within_a_tenth(make, name):
    rung = next(each for each in rungs() if each.name == name)
    high = {"rate": 1000 * rung.recipe.rate, "head_rate": 1000 * rung.recipe.head_rate, "epochs": 5, "batch": 8}
    with pytest.raises(Collapse) as died:
        rung.climb(make(rows=160, settings={f"{name}.{key}": value for key, value in high.items()}))
    assert early(died, 5 * 14)


def test_inputs_that_are_not_numbers_are_stopped_at_the_first_step(learner):
    mine = learner()
    beside = np.full((48, 1), np.nan, np.float32)
    mine.net.head = torch.nn.Linear(mine.net.head.in_features + 1, mine.net.head.out_features)
    with pytest.raises(Collapse, match="loss was not finite at step 1"):
        run(replace(mine, rows=replace(mine.rows, beside=beside)))


def test_what_scores_worse_than_guessing_after_a_tenth_is_stopped(learner):
    mine, scores = learner(96), iter([0.9, 0.1])  # of the start, of the early look
    with pytest.raises(Collapse, match=r"worse than guessing \(0.100 against 0.500\) after 3 of 30 steps"):
        run(mine, replace(QUICK, epochs=5), judged(mine, lambda *_: next(scores), prior=0.5))


@pytest.mark.parametrize("kind", ["parameter", "buffer"])
def test_a_frozen_tensor_that_moves_in_training_is_found(learner, kind):
    mine = learner()
    frozen = next(mine.net.body.parameters()).requires_grad_(requires_grad=False)
    mine.net.body.register_buffer("running", torch.zeros(3))

    def thaw(_):
        (frozen if kind == "parameter" else mine.net.body.running).data += 1

    run(learner())
    with pytest.raises(Thawed, match=r"^body\.(embed.*|running), which should be frozen, changed in training"):
        run(mine, tell=thaw)


@pytest.mark.parametrize("aside", [48, 6], ids=["rows enough set aside", "few, so that training rows are looked at"])
def test_labels_that_are_all_equal_are_stopped_early(learner, aside):
    mine = learner(96)
    mine.truth.zero_()
    judge = replace(judged(mine, accuracy(mine)), aside=np.arange(48, 48 + aside))
    with pytest.raises(Collapse, match="one class was predicted") as died:  # at a rate at which two steps suffice
        run(mine, replace(QUICK, epochs=5, head_rate=0.2), judge)
    assert early(died, 30)


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


def test_memory_that_runs_out_halves_what_passes_at_once_and_ends_in_the_same_weights(learner, monkeypatch):
    mine, other, passed = still(learner()), still(learner()), []
    forward = mine.net.forward

    def narrow(parts, back):
        if len(back) > 3:
            raise torch.OutOfMemoryError("no more")
        passed.append(len(back))
        return forward(parts, back)

    monkeypatch.setattr(mine.net, "forward", narrow)
    found, after = run(mine)
    assert found.micro == 2
    assert set(passed) == {2}
    assert any("memory ran out" in note for note in found.notes)
    assert same(after, run(other)[1], atol=2e-5)


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


def test_one_class_from_the_start_on_is_no_collapse(learner):
    mine = learner(96)
    mine.truth.zero_()
    mine.truth[::40] = 1
    with torch.no_grad():
        mine.net.head.bias[0] = 50.0
    found, _ = run(mine, replace(QUICK, epochs=2), judged(mine, accuracy(mine)))
    assert found.score > 0.9
