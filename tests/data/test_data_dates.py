"""Dates: the form that fits every value, and the order of rows in time."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.core.errors import BadOption
from rung.data.dates import FORMS, instants, parse, stranger

MOMENTS = st.lists(
    st.datetimes(
        min_value=pl.Series(["2000-01-01"]).str.to_datetime()[0],
        max_value=pl.Series(["2060-01-01"]).str.to_datetime()[0],
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(MOMENTS, st.sampled_from([form for _, form in FORMS if "%z" not in form]))
def test_every_form_reads_back_what_it_wrote(moments, form):
    values = pl.Series("when", moments, dtype=pl.Datetime("us"))
    written = values.dt.strftime(form.replace("%.f", ".%6f"))
    dates = parse(written, form)
    assert dates.values.dt.strftime(form.replace("%.f", ".%6f")).to_list() == written.to_list()
    assert parse(written) is not None


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["12/19/21", None, "1/1/20"], "%m/%d/%y"),
        (["19/12/2021", "1/1/2020"], "%d/%m/%Y"),
        (["2021-12-19", "NA"], "%Y-%m-%d"),
        (["2021-12-19T10:11:12Z"], "%Y-%m-%d %H:%M:%S%.f%z"),
        (["1 March 2021"], "%d %B %Y"),
    ],
)
def test_the_form_is_the_first_that_fits_all(values, form):
    assert parse(pl.Series(values)).form == form


@pytest.mark.parametrize("values", [["hello"], ["2021-13-45"], ["12/19/21", "soon"], [None], ["12.5"]])
def test_what_is_no_date_is_none(values):
    assert parse(pl.Series(values, dtype=pl.String)) is None


def test_whole_numbers_are_years_or_seconds_or_milliseconds():
    for values in ([1999], [915_148_800], [915_148_800_000]):
        assert parse(pl.Series(values)).values.dt.year()[0] == 1999


@settings(max_examples=30, deadline=None)
@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_instants_keep_order_and_ties(values):
    ranks = instants(pl.Series("t", values, dtype=pl.Float64), "t").tolist()
    known = sorted({value for value in values if value is not None})
    assert ranks == [-1 if value is None else known.index(value) for value in values]


def test_a_time_column_of_words_is_refused():
    with pytest.raises(BadOption, match="wanted dates or numbers, got 'soon'"):
        instants(pl.Series(["soon"]), "when")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (["2024-01-02", "", "2024-31-12", "2024-01-03"], "'2024-31-12' in row 2"),
        (["2024-01-02T10:00:00Z", "2024-01-02T11:00:00Z", "later"], "'later' in row 2"),
        (["1.2.2024", "n/a", "3/4/2024", "30.2.2024", "2.3.2024"], "'3/4/2024' in row 2"),
        ([True, False], "'True'"),
        (["n/a", None, " "], "no value at all"),
    ],
)
def test_the_value_that_is_no_date_is_named_not_the_first(column, said):
    assert stranger(pl.Series(column)) == said


@pytest.mark.parametrize(
    ("unit", "first"), [("years", None), ("seconds", "1970-01-01 00:33:20"), ("milliseconds", "1970-01-01 00:00:02")]
)
def test_numbers_of_a_later_table_are_read_in_the_unit_of_the_training_table(unit, first):
    column = {"years": [1999, 2020], "seconds": [5, 1_700_000_000], "milliseconds": [5, 1_700_000_000_000]}[unit]
    known = parse(pl.Series(column)).form
    assert known == unit
    for later in (pl.Series([2000, 9999]), pl.Series(["2000", "9999"])):
        read = parse(later, known).values
        assert str(read[0]) == (first or "2000-01-01 00:00:00")


def test_one_odd_cell_changes_no_other():
    together = parse(pl.Series([1999, 10_000_000]), "years").values
    assert together.to_list() == [parse(pl.Series([1999]), "years").values[0], None]
