"""Columns made of later rows' targets are found, whatever they were made by; what is made of the past stays."""

import numpy as np
import polars as pl
import pytest

from rung.core.types import Column, Role
from rung.data.future import future_columns

N = 400
RNG = np.random.default_rng(0)
PRICE = np.cumsum(RNG.normal(size=N)) + 50
DAY = pl.Series("day", np.arange(N)).cast(pl.Int64)


def found_in(values, *, target=PRICE, role=Role.NUMBER, order=None, **more):
    frame = pl.DataFrame({"x": values, "day": DAY, "y": target}, strict=False)
    columns = [Column("x", role), Column("day", Role.DATETIME), Column("y", Role.TARGET)]
    if order is not None:
        frame = frame[order]
    left, findings = future_columns(frame, columns, time="day", **more)
    return left[0].role is Role.IGNORE, findings


def later(values, k):
    return np.concatenate([values[k:], np.full(k, np.nan)])


def earlier(values, k):
    return np.concatenate([np.full(k, np.nan), values[:-k]])


PLANTED = {
    "the next value": later(PRICE, 1),
    "the value three rows on": later(PRICE, 3),
    "what it will rise by": later(PRICE, 1) - PRICE,
    "a mean that is centred": np.convolve(PRICE, np.ones(3) / 3, "same"),
    "the next value, noisy": later(PRICE, 1) + 0.05 * RNG.normal(size=N),
}
HONEST = {
    "the last value": earlier(PRICE, 1),
    "what it rose by": PRICE - earlier(PRICE, 1),
    "a mean of the past": (earlier(PRICE, 1) + earlier(PRICE, 2) + earlier(PRICE, 3)) / 3,
    "a noisy guess of the next": later(PRICE, 1) + RNG.normal(size=N),
    "its own row's value": PRICE * 2 + 1,
    "noise": RNG.normal(size=N),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_future_column_is_left_out_and_said(name):
    gone, findings = found_in(PLANTED[name])
    assert gone
    assert "column 'x' follows from 'y' of later rows by 'day'" in findings[0].what


@pytest.mark.parametrize("name", HONEST)
def test_what_the_past_explains_stays(name):
    assert found_in(HONEST[name]) == (False, ())


def test_the_order_of_the_rows_does_not_matter():
    assert found_in(PLANTED["the next value"], order=RNG.permutation(N))[0]


def test_a_later_label_is_found_as_category_and_as_number():
    label = np.where(RNG.random(N) < 0.4, "yes", "no")
    assert found_in([*label[1:], None], target=label, role=Role.CATEGORY)[0]
    assert found_in(later((label == "yes").astype(float), 2), target=label)[0]
    assert not found_in([None, *label[:-1]], target=label, role=Role.CATEGORY)[0]


def test_who_names_the_column_keeps_it_and_is_told():
    gone, findings = found_in(PLANTED["the next value"], kept={"x": Role.NUMBER})
    assert (gone, len(findings)) == (False, 1)


def test_rows_of_other_groups_are_no_future():
    frame = pl.DataFrame({"x": later(PRICE, 1), "day": DAY, "who": ["a", "b"] * (N // 2), "y": PRICE})
    columns = [Column("x", Role.NUMBER), Column("who", Role.GROUP), Column("y", Role.TARGET)]
    assert future_columns(frame, columns, time="day")[1]
    own = frame.with_columns(pl.col("y").shift(-1).over("who").alias("x"))
    assert future_columns(own, columns, time="day", group="who")[1]


def test_the_newer_half_is_not_looked_at():
    poisoned = PRICE.copy()
    poisoned[N // 2 + 10 :] = RNG.normal(size=N - N // 2 - 10)
    values = later(PRICE, 1)
    assert found_in(values, target=poisoned)[0]


def series_of(windows):
    return pl.Series("x", [None if np.isnan(each).any() else each.tolist() for each in windows.T])


@pytest.mark.parametrize(("make", "left_out"), [(later, True), (earlier, False)], ids=["next values", "past values"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_series_of_later_targets_is_found_and_one_of_earlier_targets_stays(make, left_out, channels):
    one = series_of(np.stack([make(PRICE, k) for k in range(1, 6)]))
    noise = RNG.normal(size=(N, 5)).tolist()
    values = one if channels == 1 else pl.Series("x", [[a, b] for a, b in zip(noise, one.to_list(), strict=True)])
    assert found_in(values, role=Role.SERIES)[0] is left_out


def test_in_a_panel_rows_are_compared_within_the_column_that_has_each_time_once():
    shops, days = 6, 80
    sales = np.cumsum(RNG.normal(size=(shops, days)), axis=1)
    tomorrow = np.concatenate([sales[:, 1:], np.full((shops, 1), np.nan)], axis=1)
    frame = pl.DataFrame(
        {
            "x": tomorrow.T.ravel(),
            "shop": [f"shop {k}" for k in range(shops)] * days,
            "day": np.repeat(np.arange(days), shops),
            "y": sales.T.ravel(),
        }
    )
    roles = {"x": Role.NUMBER, "shop": Role.CATEGORY, "day": Role.DATETIME, "y": Role.TARGET}
    columns = [Column(name, role) for name, role in roles.items()]
    left, _ = future_columns(frame, columns, time="day")
    assert [column.name for column in left if column.role is Role.IGNORE] == ["x"]
