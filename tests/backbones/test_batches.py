"""Batches hold every text once, within the budget, and rarely pad."""

from hypothesis import given
from hypothesis import strategies as st

from rung.backbones.batches import batches

lengths = st.lists(st.integers(1, 60), max_size=80)
budgets = st.integers(1, 200)


@given(lengths, budgets)
def test_every_text_is_in_one_batch(lengths, budget):
    assert sorted(i for batch in batches(lengths, budget=budget) for i in batch) == list(range(len(lengths)))


@given(lengths, budgets)
def test_no_batch_but_a_lone_text_is_over_the_budget(lengths, budget):
    for batch in batches(lengths, budget=budget):
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= budget


@given(lengths, budgets)
def test_a_batch_that_pads_was_less_than_half_full_at_its_first_length(lengths, budget):
    for batch in batches(lengths, budget=budget):
        longest = lengths[batch[0]]
        same = sum(lengths[i] == longest for i in batch)
        assert same == len(batch) or same * longest * 2 < budget


def test_longest_texts_come_first():
    assert batches([1, 9, 5], budget=9) == [[1], [2], [0]]
