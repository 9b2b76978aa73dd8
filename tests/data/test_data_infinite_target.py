"""A target of numbers with an infinite one among them names the row."""

import polars as pl
import pytest

from rung.core.errors import BadTarget
from rung.data.target import encode


def test_an_infinite_number_in_a_target_is_named_with_its_row():
    cells = pl.Series("price", [*(f"{i}.25" for i in range(40)), "inf"])
    with pytest.raises(BadTarget, match=r"'inf' in row 40"):
        encode(cells)
