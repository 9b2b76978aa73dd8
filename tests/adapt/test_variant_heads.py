"""Each variant's head learns each task it is for, and the same from the same seed."""

import numpy as np
import pytest

from rung.adapt.boost import fit_trees
from rung.adapt.knn import fit_knn
from rung.adapt.mlp import BATCH, EPOCHS, PATIENCE, fit_mlp, steps_of
from rung.core.types import Target, Task

FITS = {
    "knn": lambda target, x: fit_knn(target, x, 5),
    "mlp": lambda target, x: fit_mlp(target, x, 0, 0.0, 1.0),
    "trees": lambda target, x: fit_trees(target, x, 0),
}


def _rows(task, n=300):
    rng = np.random.default_rng(0)
    kind = np.arange(n) % (2 if task is Task.BINARY else 3)
    centre = np.eye(3)[kind] * 4
    x = np.concatenate([centre, np.zeros((n, 5))], axis=1) + rng.normal(size=(n, 8))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    if task is Task.REGRESSION:
        return Target(task, kind - 1.0), x
    if task is Task.MULTILABEL:
        return Target(task, np.stack([kind == 0, kind != 1], axis=1).astype(np.uint8), ("a", "b")), x
    return Target(task, kind.astype(np.int64), tuple("abc"[: kind.max() + 1])), x


@pytest.mark.parametrize("task", list(Task), ids=str)
@pytest.mark.parametrize("name", FITS)
def test_head_learns_what_can_be_learnt(name, task):
    target, x = _rows(task)
    said = FITS[name](target.take(np.arange(200)), x[:200])(x[200:])
    assert said.shape == (100, target.outputs)
    truth = target.value[200:]
    if task is Task.REGRESSION:
        right = np.abs(said[:, 0] - truth) < 0.5
    else:
        right = (said > 0.5) == truth if task is Task.MULTILABEL else said.argmax(1) == truth
    assert right.mean() > 0.8


@pytest.mark.parametrize("name", FITS)
def test_head_is_the_same_from_the_same_seed(name):
    target, x = _rows(Task.MULTICLASS)
    assert np.array_equal(FITS[name](target, x)(x), FITS[name](target, x)(x))


@pytest.mark.parametrize("name", FITS)
def test_a_class_with_one_row_or_none_keeps_its_column(name):
    _, x = _rows(Task.MULTICLASS, 120)
    value = np.zeros(120, np.int64)
    value[x[:, 1] > x[:, 0]] = 3
    value[5] = 1
    said = FITS[name](Target(Task.MULTICLASS, value, tuple("abcd")), x)(x)
    assert said.shape == (120, 4)
    assert np.isfinite(said).all()
    assert said[:, 2].max() < 0.2
    assert (said.argmax(1) == value).mean() > 0.7


@pytest.mark.parametrize("rows", [400, 10_000, 10_000_000])
def test_a_network_is_foretold_to_take_no_fewer_steps_than_it_can_and_no_more(rows):
    _, steps = steps_of(8, _rows(Task.BINARY)[0], rows)
    epoch = np.ceil(0.9 * rows / BATCH)
    assert (PATIENCE + 1) * epoch <= steps <= EPOCHS * epoch


def test_more_outputs_take_a_network_more_steps():
    two, three = (_rows(task)[0] for task in (Task.BINARY, Task.MULTICLASS))
    assert steps_of(8, three, 1000)[1] > steps_of(8, two, 1000)[1]
