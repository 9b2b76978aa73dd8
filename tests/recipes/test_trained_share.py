"""What share of all weights was trained."""

from types import SimpleNamespace

import pytest

from rung.recipes.sizes import untouched


@pytest.mark.parametrize(
    ("replaced", "left"), [(0, 100), (30, 70), (104, 0)], ids=["head", "blocks", "all and buffers"]
)
def test_weights_that_are_brought_anew_are_not_taken_as_they_are(replaced, left):
    card = SimpleNamespace(parameters=100)
    assert untouched(SimpleNamespace(replaced=replaced), [card]) == left
