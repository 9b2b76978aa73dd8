"""A row that can't be read is told from a value that is missing."""

import polars as pl

from rung.core.types import Column, Role
from rung.recipes.apply import unreadable

COLUMNS = (Column("text", Role.TEXT), Column("stars", Role.NUMBER))


def test_a_word_where_a_number_belongs_is_named():
    frame = pl.DataFrame({"text": ["a", "b"], "stars": ["4", "many"]})
    assert unreadable(frame, COLUMNS) == ["", "column 'stars': wanted a number, got 'many'"]


def test_a_missing_number_is_no_error():
    frame = pl.DataFrame({"text": ["a", "b", "c"], "stars": ["NA", "", None]})
    assert unreadable(frame, COLUMNS) == ["", "", ""]


def test_numbers_that_are_numbers_are_not_looked_at():
    assert unreadable(pl.DataFrame({"text": ["a"], "stars": [1.5]}), COLUMNS) == [""]
