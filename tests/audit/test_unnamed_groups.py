"""A column of codes is told to hold groups by what its rows have in common, not by its name."""

import numpy as np
import polars as pl
import pytest

from rung.audit.unnamed_groups import unnamed_groups
from rung.core.rng import generator
from rung.core.types import Role
from rung.testing.checks_audit import ROLES, audited

ROWS, PEOPLE = 600, 60


def told(x7, label, role=Role.NUMBER, **others):
    frame = pl.DataFrame({"text": ["as it is"] * ROWS, "label": label, "x7": x7, **others})
    seen = audited(frame, roles=ROLES | {"x7": role} | dict.fromkeys(others, Role.NUMBER))
    return [(each.check, each.sure, each.what.split("'")[1]) for each in unnamed_groups(seen)]


def people():
    draw = generator(0, "people")
    return draw, draw.integers(PEOPLE, size=ROWS)


def yes(value):
    return np.where(value, "yes", "no")


@pytest.mark.parametrize("role", [Role.NUMBER, Role.CATEGORY])
def test_codes_whose_rows_have_one_target_are_groups_and_shuffled_ones_are_not(role):
    draw, who = people()
    ill = draw.random(PEOPLE) < 0.5
    label = yes(np.where(draw.random(ROWS) < 0.1, ~ill[who], ill[who]))
    code = draw.permutation(5000)[:PEOPLE][who]
    cells = code if role is Role.NUMBER else [f"c{each}" for each in code]
    assert told(cells, label, role) == [("possible_group", "possible", "x7")]
    assert not told(draw.permutation(np.asarray(cells)), label, role)


def test_codes_whose_rows_have_one_number_are_groups():
    draw, who = people()
    label, weight, code = yes(draw.random(ROWS) < 0.5), draw.normal(70, 9, PEOPLE), draw.permutation(PEOPLE)
    assert told(code[who], label, weight=weight[who]) == [("possible_group", "possible", "x7")]
    assert not told(code[who], label, weight=draw.permutation(weight[who]))


def test_a_quantity_that_tells_or_comes_in_two_units_is_none():
    draw, age = people()
    assert not told(age, yes(age > PEOPLE / 2))
    assert not told(age, yes(draw.random(ROWS) < 0.5), days=age * 365.0)


def test_what_repeats_a_named_group_is_not_told_again():
    draw, who = people()
    ill, weight, code = draw.random(PEOPLE) < 0.5, draw.permutation(PEOPLE), draw.permutation(PEOPLE)
    assert told(code[who], yes(ill[who]), weight=weight[who])
    assert not told(code[who], yes(ill[who]), patient=weight[who])


def test_few_values_are_kinds_of_things():
    _, kind = people()
    assert not told(kind % 12, yes(kind % 12 % 3 == 0))
