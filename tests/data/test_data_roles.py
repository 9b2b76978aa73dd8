"""Roles: what a column is, why, and who may overrule it."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.core.errors import BadOption, NoSuchColumn, NothingToLearnFrom
from rung.core.types import Role
from rung.data.guess import guess
from rung.data.roles import infer

N = 60
TEXT = [f"this is review number {i} and it is {'good' if i % 2 else 'bad'}" for i in range(N)]


def table(**columns):
    return pl.DataFrame({"text": TEXT, "label": ["a", "b"] * (N // 2), **columns})


def role_of(name, values, **options):
    columns = infer(table(**{name: values}), target="label", **options)
    return next(column for column in columns if column.name == name)


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("body", TEXT, Role.TEXT),
        ("words", [f"{'un' * (i % 7)}{chr(97 + i % 26)}{'ly' * (i % 11)}" for i in range(N)], Role.TEXT),
        ("phrase", ["not viable", "support"] * (N // 2), Role.TEXT),
        ("colour", ["red", "green", "blue"] * (N // 3), Role.CATEGORY),
        ("sold", [True, False] * (N // 2), Role.CATEGORY),
        ("zip", [28801, 28806, 28704] * (N // 3), Role.CATEGORY),
        ("neighbourhood", ["02139", "02140"] * (N // 2), Role.CATEGORY),
        ("price", [float(i) / 7 for i in range(N)], Role.NUMBER),
        ("count", [i * i for i in range(N)], Role.NUMBER),
        ("year", [1990 + i % 30 for i in range(N)], Role.NUMBER),
        ("score", ["0.50", "NA", "1.25"] * (N // 3), Role.NUMBER),
        ("day", [dt.date(2024, 1, 1 + i % 28) for i in range(N)], Role.DATETIME),
        ("when", [f"{1 + i % 12}/{1 + i % 28}/21" for i in range(N)], Role.DATETIME),
        ("id", [i * 7 for i in range(N)], Role.ID),
        ("row", list(range(N)), Role.ID),
        ("userId", [f"u{i % 40}" for i in range(N)], Role.ID),
        ("sku", [f"A-{i:04d}" for i in range(N)], Role.ID),
        ("link", [f"https://example.org/{i}" for i in range(N)], Role.ID),
        ("photo", [f"img/{i}.png" for i in range(N)], Role.IMAGE),
        ("same", ["x"] * N, Role.IGNORE),
        ("one", [1] * N, Role.IGNORE),
        ("void", [None] * N, Role.IGNORE),
        ("blank", [" "] * N, Role.IGNORE),
        ("wave", [[1.0, 2.0]] * N, Role.SERIES),
    ],
)
def test_a_column_gets_its_role_and_a_reason(name, values, role):
    column = role_of(name, values)
    assert (column.role, bool(column.why)) == (role, True)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(N)))
def test_roles_do_not_depend_on_row_order(order):
    frame = table(zip=[28801, 28806, 28704] * (N // 3), sku=[f"A-{i:04d}" for i in range(N)], row=list(range(N)))
    assert infer(frame[order], target="label") == infer(frame, target="label")


def test_every_column_is_there_once_in_table_order():
    columns = infer(table(price=[0.5 + i for i in range(N)]), target="label")
    assert [column.name for column in columns] == ["text", "label", "price"]
    assert columns[1].role is Role.TARGET


def test_overrides_win_and_take_wildcards():
    frame = table(t0=[float(i) for i in range(N)], t1=[i / 2 for i in range(N)])
    columns = infer(frame, target="label", overrides={"t[0-9]": Role.IGNORE, "text": Role.TEXT})
    assert [column.role for column in columns] == [Role.TEXT, Role.TARGET, Role.IGNORE, Role.IGNORE]


def test_a_wildcard_passes_by_the_target():
    columns = infer(table(), target="label", overrides={"*": Role.TEXT})
    assert [column.role for column in columns] == [Role.TEXT, Role.TARGET]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"text": "txt"}, "Did you mean 'text'"),
        ({"text": "series"}, "wanted a column of series values"),
        ({"text": "target"}, "Say --target instead"),
        ({"label": "text"}, "wanted a column that is not the target"),
        ({"text": "number"}, "wanted a column of number values, got values such as"),
        ({"text": "datetime"}, "wanted a column of datetime values"),
    ],
)
def test_overrides_that_cannot_be_are_refused(overrides, message):
    with pytest.raises(BadOption, match=message) as caught:
        infer(table(), target="label", overrides=overrides)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "options", [{"target": "lable"}, {"target": "label", "group": "lable"}, {"target": "label", "time": "lable"}]
)
def test_a_wrong_column_offers_the_nearest(options):
    with pytest.raises(NoSuchColumn, match="Did you mean 'label'") as caught:
        infer(table(), **options)
    assert caught.value.exit_code == 2


def test_an_override_of_no_column_is_refused():
    with pytest.raises(NoSuchColumn, match="column 'txet'"):
        infer(table(), target="label", overrides={"txet": Role.TEXT})


def test_group_and_time_are_roles_of_their_own():
    frame = table(who=["x", "y"] * (N // 2), day=[f"{1 + i % 28}.1.2024" for i in range(N)])
    roles = {column.name: column for column in infer(frame, target="label", group="who", time="day")}
    assert (roles["who"].role, roles["day"].role, roles["day"].form) == (Role.GROUP, Role.IGNORE, "%d.%m.%Y")


def test_time_must_be_dates_and_not_the_target():
    with pytest.raises(BadOption, match="wanted a column of dates or numbers"):
        infer(table(), target="label", time="text")
    with pytest.raises(BadOption, match="another column than the target"):
        infer(table(), target="label", group="label")


def test_a_table_without_text_is_learnt_from():
    frame = table(price=[0.5 + i for i in range(N)], colour=["dark red", "light blue"] * (N // 2)).drop("text")
    roles = {column.name: column.role for column in infer(frame, target="label")}
    assert roles == {"label": Role.TARGET, "price": Role.NUMBER, "colour": Role.CATEGORY}


def test_a_table_of_ids_says_what_can_be_learnt_from():
    frame = table(row=list(range(N)), same=["x"] * N).drop("text")
    with pytest.raises(NothingToLearnFrom, match=r"row \(id.*same \(ignore.*learns from text") as caught:
        infer(frame, target="label")
    assert caught.value.exit_code == 3


def test_the_only_phrases_are_text_although_few_differ():
    frame = table(kind=["good film", "bad film"] * (N // 2)).drop("text")
    assert infer(frame, target="label")[1].role is Role.TEXT


def test_bytes_that_are_no_image_are_left_out():
    column = guess(pl.Series("image", [{"bytes": b"x", "path": "a.png"}]))
    assert (column.role, column.why) == (Role.IGNORE, "bytes that are neither images nor sounds")
