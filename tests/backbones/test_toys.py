"""Toys are what they claim: the same every time, and learnable."""

import numpy as np
import pytest

from rung.core.types import Task
from rung.testing.toys import tiny, toy_table


def test_the_same_seed_writes_the_same_weights(tmp_path):
    one, two, other = (tiny("bert", tmp_path / str(i), seed=seed) for i, seed in enumerate((0, 0, 1)))
    weights = [(folder / "model.safetensors").read_bytes() for folder in (one, two, other)]
    assert weights[0] == weights[1] != weights[2]


def test_a_toy_does_not_touch_the_callers_chance(tmp_path):
    import torch

    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    tiny("bert", tmp_path / "toy")
    assert torch.rand(1) == expected


@pytest.mark.parametrize("task", Task)
def test_the_words_of_a_toy_table_tell_its_label(task):
    table = toy_table(120, task=task)
    assert table.equals(toy_table(120, task=task))
    card = table["text"].str.contains("card|arrived|bank|answer").to_numpy()
    labels = np.array([str(label) for label in table["label"]]) if task is not Task.REGRESSION else table["label"] < 0.5
    first = np.asarray(labels == ("cards" if task.one_label else "one")) if task is not Task.REGRESSION else labels
    assert (card == np.asarray(first)).mean() > 0.9
