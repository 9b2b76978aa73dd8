"""Inputs: what a model sees is what the role promises, in training and later."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from rung.core.errors import NoBackbone, NoSuchColumn
from rung.core.types import Column, Role
from rung.data.inputs import Reader, make_inputs


def one(values, role, form=""):
    return make_inputs(pl.DataFrame({"x": values}, strict=False), [Column("x", role, form=form)])


@pytest.mark.parametrize(
    ("values", "role", "seen"),
    [
        (["1.50", "NA", "five", None], Role.NUMBER, [1.5, None, None, None]),
        ([True, False], Role.NUMBER, [1.0, 0.0]),
        ([1.0, float("nan"), float("inf")], Role.NUMBER, [1.0, None, None]),
        ([28801.0, None], Role.CATEGORY, ["28801", None]),
        ([True, None], Role.CATEGORY, ["True", None]),
        (["x", ""], Role.CATEGORY, ["x", None]),
        ([2021], Role.DATETIME, [dt.datetime(2021, 1, 1)]),  # noqa: DTZ001  # naive on purpose: tables hold UTC
        (["2021-01-02T03:04:05+01:00"], Role.DATETIME, [dt.datetime(2021, 1, 2, 2, 4, 5)]),  # noqa: DTZ001  # see above
        (["what"], Role.DATETIME, [None]),
    ],
)
def test_table_columns_are_cast_by_role(values, role, seen):
    table = one(values, role).table
    assert table["x"].to_list() == seen
    assert table.dtypes == [{Role.NUMBER: pl.Float64, Role.CATEGORY: pl.String, Role.DATETIME: pl.Datetime("us")}[role]]


def test_texts_are_strings_and_never_null():
    assert one(["a", None], Role.TEXT).texts == {"x": ["a", ""]}
    assert one([12, None], Role.TEXT).texts == {"x": ["12", ""]}


def test_later_dates_are_read_in_the_form_of_training():
    january_second, february_first = dt.datetime(2021, 1, 2), dt.datetime(2021, 2, 1)  # noqa: DTZ001  # naive UTC
    assert one(["1/2/21"], Role.DATETIME, "%m/%d/%y").table["x"].to_list() == [january_second]
    assert one(["1/2/21"], Role.DATETIME, "%d/%m/%y").table["x"].to_list() == [february_first]


def test_each_column_is_embedded_once():
    asked = []

    def embed(texts):
        asked.append(texts)
        return np.ones((len(texts), 3))

    inputs = make_inputs(pl.DataFrame({"a": ["x", "y"]}), [Column("a", Role.TEXT)], {Role.TEXT: Reader(embed)})
    assert inputs.embed("a") is inputs.embed("a")
    assert (asked, inputs.embed("a").dtype, inputs.n) == ([["x", "y"]], np.float32, 2)


def test_the_rate_of_an_embedded_column_is_nothing():
    frame, columns = pl.DataFrame({"a": ["x", "y"]}), [Column("a", Role.TEXT)]
    reader = Reader(lambda texts: np.ones((len(texts), 3)), lambda texts: 2.0 * len(texts))
    inputs = make_inputs(frame, columns, {Role.TEXT: reader})
    before = inputs.rate("a")
    inputs.embed("a")
    assert (before, inputs.rate("a")) == (4.0, 0.0)


def test_without_a_backbone_nothing_is_embedded():
    with pytest.raises(NoBackbone, match="column 'x'"):
        one(["a"], Role.TEXT).embed("x")


def test_only_columns_that_training_needed_must_be_there():
    columns = [Column("text", Role.TEXT), Column("id", Role.ID), Column("label", Role.TARGET)]
    assert make_inputs(pl.DataFrame({"text": ["a"], "more": [1]}), columns).n == 1
    with pytest.raises(NoSuchColumn, match="Did you mean 'texts'"):
        make_inputs(pl.DataFrame({"texts": ["a"]}), columns)


def test_rows_of_a_table_without_table_columns_can_be_taken():
    inputs = make_inputs(pl.DataFrame({"a": ["x", "y", "z"]}), [Column("a", Role.TEXT)])
    assert inputs.take(np.array([2, 0])).texts == {"a": ["z", "x"]}
