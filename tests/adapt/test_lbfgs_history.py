"""The history gives the textbook's direction, model by model, and carries what it learnt to the next strength."""

import numpy as np
import torch

from rung.adapt.history import History


def _two_loops(gradient, pairs):
    query, rates = gradient.copy(), []
    for step, change in reversed(pairs):
        rates.append(step @ query / (step @ change))
        query -= rates[-1] * change
    step, change = pairs[-1]
    query *= step @ change / (change @ change)
    for (step, change), rate in zip(pairs, reversed(rates), strict=True):
        query += (rate - change @ query / (step @ change)) * step
    return -query


def _pairs(count, width, seed=0):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(width, width))
    hessian = root @ root.T / width + np.eye(width)
    steps = rng.normal(size=(count, width))
    return [(step, hessian @ step) for step in steps], hessian


def _row(vector):
    return torch.tensor(np.atleast_2d(vector), dtype=torch.float32)


def test_each_models_direction_is_nocedals_also_after_old_pairs_were_dropped():
    first, _ = _pairs(7, 10, seed=1)
    second, _ = _pairs(7, 10, seed=2)
    history = History(2, 10, memory=4)
    gradient = np.random.default_rng(3).normal(size=(2, 10))
    for (s1, y1), (s2, y2) in zip(first, second, strict=True):
        history.add(_row(np.stack([s1, s2])), _row(np.stack([y1, y2])))
        found = history.direction(_row(gradient)).numpy()
    expected = np.stack([_two_loops(gradient[0], first[-4:]), _two_loops(gradient[1], second[-4:])])
    assert np.allclose(found, expected, atol=1e-3)


def test_without_pairs_it_is_steepest_descent():
    assert History(1, 3, memory=2).direction(_row([1.0, -2.0, 3.0])).tolist() == [[-1.0, 2.0, -3.0]]


def test_a_model_that_stood_still_keeps_its_direction():
    pairs, _ = _pairs(2, 6)
    moving, still = History(1, 6, memory=4), History(1, 6, memory=4)
    for step, change in pairs:
        moving.add(_row(step), _row(change))
        still.add(_row(step), _row(change))
    still.add(torch.zeros(1, 6), torch.zeros(1, 6))
    gradient = _row(np.arange(6.0))
    assert torch.allclose(moving.direction(gradient), still.direction(gradient), atol=1e-5)


def test_carried_pairs_are_the_pairs_of_the_new_coordinates_and_penalty():
    pairs, _ = _pairs(3, 5)
    old, new = np.full(5, 2.0), np.linspace(0.5, 3.0, 5)
    ridge = np.array([0.3, 0.3, 0.3, 0.3, 0.0])
    carried, fresh = History(1, 5, memory=3), History(1, 5, memory=3)
    for step, change in pairs:
        carried.add(_row(step * old), _row(change / old))
        fresh.add(_row(step * new), _row((change + ridge * step) / new))
    carried.carry(_row(old), _row(new), _row(ridge))
    gradient = _row(np.arange(5.0))
    assert torch.allclose(carried.direction(gradient), fresh.direction(gradient), atol=1e-4)
