"""A sample has the classes of the whole, keeps units whole, and depends on content and seed alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.core.rng import digest
from rung.core.types import Target, Task
from rung.data.sample import sample


def rows_of(label, units=None):
    label = np.asarray(label)
    keys = [digest(str(i)) for i in range(len(label))]
    cluster = np.arange(len(label)) if units is None else np.asarray(units)
    return Target(Task.MULTICLASS, label, tuple(map(str, range(label.max() + 1)))), keys, cluster


def test_few_rows_are_all_taken():
    target, keys, cluster = rows_of(np.arange(30) % 3)
    assert sample(target, keys, cluster, most=30, seed=0).tolist() == list(range(30))


@given(counts=st.lists(st.integers(1, 300), min_size=2, max_size=6), most=st.integers(30, 200), seed=st.integers(0, 9))
def test_it_is_no_larger_than_asked_and_every_class_that_can_be_has_five(counts, most, seed):
    label = np.repeat(np.arange(len(counts)), counts)
    chosen = sample(*rows_of(label), most=most, seed=seed)
    assert len(chosen) == min(most, len(label))
    assert len(np.unique(chosen)) == len(chosen)
    got = np.bincount(label[chosen], minlength=len(counts))
    assert (got >= np.minimum(5, counts)).all()


def test_classes_keep_their_shares():
    label = np.repeat([0, 1, 2], [7000, 2000, 1000])
    got = np.bincount(label[sample(*rows_of(label), most=1000, seed=0)])
    assert got.tolist() == pytest.approx([700, 200, 100], abs=2)


def test_units_stay_whole():
    units = np.arange(4000) // 4
    chosen = sample(*rows_of(np.arange(4000) % 2, units), most=1000, seed=0)
    assert len(chosen) == 1000
    assert set(np.bincount(units[chosen])) == {0, 4}


def test_units_too_large_to_choose_among_are_all_taken():
    target, keys, cluster = rows_of(np.arange(400) % 2, np.arange(400) // 100)
    assert len(sample(target, keys, cluster, most=150, seed=0)) == 400


def test_the_order_of_rows_does_not_matter_and_the_seed_does():
    target, keys, cluster = rows_of(np.arange(500) % 3)
    turned = np.random.default_rng(0).permutation(500)
    one = {keys[i] for i in sample(target, keys, cluster, most=100, seed=0)}
    own = [keys[i] for i in turned]
    two = {own[i] for i in sample(target.take(turned), own, cluster, most=100, seed=0)}
    assert one == two
    assert one != {keys[i] for i in sample(target, keys, cluster, most=100, seed=1)}
