"""Any function of later rows' targets is found in a column; what is honest and merely moves slowly is not."""

from time import perf_counter

import numpy as np
import polars as pl
import pytest

from rung.core.types import Column, Role
from rung.data.future import future_columns


def alarms(target, columns, role=Role.NUMBER):
    """Names of the columns that are found."""
    frame = pl.DataFrame({"day": np.arange(len(target)), "y": target, **columns})
    asked = [Column(name, role) for name in columns]
    left, _ = future_columns(frame, [Column("day", Role.DATETIME), Column("y", Role.TARGET), *asked], time="day")
    return {column.name for column in left if column.role is Role.IGNORE}


def week(y, made, *, past=False, k=7):
    """What is made of the k targets after each row, or before it."""
    n, windows = len(y), np.lib.stride_tricks.sliding_window_view(y, k)
    found = np.full(n, np.nan)
    if past:
        found[k:] = made(windows, axis=1)[: n - k]
    else:
        found[: n - k] = made(windows, axis=1)[1:]
    return found


def autocorrelated(n, seed):
    draw = np.random.default_rng(seed).normal(size=n)
    y = np.zeros(n)
    for i in range(1, n):
        y[i] = 0.8 * y[i - 1] + draw[i]
    return y


def planted(y, level):
    high, after = week(y, np.max), np.append(y[1:], np.nan)
    return {
        "max": high,
        "min of three": week(y, np.min, k=3),
        "median": week(y, np.median),
        "range": week(y, np.ptp),
        "scrambled": np.tanh(after / y.std()) ** 3,
        "rises": np.where(np.isnan(after), np.nan, after > y),
        "exceeds": np.where(np.isnan(high), np.nan, high > level),
        "noisy": high + 0.1 * np.random.default_rng(9).normal(size=len(y)),
    }


def test_functions_of_the_week_to_come_are_found():
    y = autocorrelated(2000, 0)
    columns = planted(y, level=2.0)
    assert alarms(y, columns) == set(columns)


def test_of_a_random_walk_too():
    y = np.cumsum(np.random.default_rng(0).normal(size=2000)) + 50
    columns = {name: x for name, x in planted(y, level=0).items() if name not in ("exceeds", "scrambled")}
    assert alarms(y, columns) == set(columns)


def test_whether_a_class_comes_within_a_week_is_found():
    failed = np.random.default_rng(0).random(2000) < 0.15
    soon = week(failed * 1.0, np.max)
    words = {
        "soon": np.where(soon > 0, "yes", "no"),
        "lately": np.where(week(failed * 1.0, np.max, past=True) > 0, 1, 0),
    }
    label = np.where(failed, "failed", "ran")
    assert alarms(label, {"soon": words["soon"]}, Role.CATEGORY) == {"soon"}
    assert alarms(label, {"lately": words["lately"], "twice": soon * 2}) == {"twice"}


def honest(seed, n=360):
    draw, t = np.random.default_rng(seed), np.arange(n)
    season = np.sin(2 * np.pi * t / 30)
    y = (autocorrelated(n, seed), np.cumsum(draw.normal(size=n)), 3 * season + draw.normal(size=n))[seed % 3]
    level = np.repeat(draw.normal(size=n // 40 + 1), 40)[:n]
    return y, {
        "lag": np.append(np.nan, y[:-1]),
        "highest of last week": week(y, np.max, past=True),
        "over the middle last week": (week(y, np.max, past=True) > np.median(y)) * 1.0,
        "own": y**2,
        "walk": np.cumsum(draw.normal(size=n)),
        "season": season,
        "weekday": t % 7,
        "level": level,
    }


@pytest.mark.parametrize("seed", range(20))
def test_what_is_honest_raises_no_alarm(seed):
    y, columns = honest(seed)
    assert alarms(y, columns) == set()


@pytest.mark.parametrize("seed", range(6))
def test_what_moves_the_target_and_moves_slowly_raises_none(seed):
    """A driver is seen better in the middle of fifteen noisy targets than at the end of eight, and is no leak."""
    draw, t = np.random.default_rng(seed), np.arange(800)
    for x in (np.sin(2 * np.pi * t / 365), np.repeat(draw.normal(size=20), 40), (draw.random(800) < 0.2) * 1.0):
        for noise in (0.05, 0.3):
            assert alarms(x + noise * draw.normal(size=800), {"x": x}) == set()


def test_a_category_may_be_named_as_counts_are():
    draw = np.random.default_rng(0)
    assert alarms(draw.normal(size=400), {"n": draw.choice(list("abc"), 400)}, Role.CATEGORY) == set()


def test_ten_thousand_rows_take_seconds():
    y, draw = autocorrelated(10_000, 1), np.random.default_rng(2)
    begun = perf_counter()
    assert alarms(y, {"a": draw.normal(size=10_000), "b": week(y, np.max) > 2.0}) == {"b"}
    assert perf_counter() - begun < 20  # about two on an idle core: the limit is for a busy one
