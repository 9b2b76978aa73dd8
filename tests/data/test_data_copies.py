"""A column that is the target under another name is found and left out; one that merely predicts is not."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.core.rng import generator
from rung.core.types import Column, Role, Target, Task
from rung.data.copies import copies, target_copies

N = 240


def label(classes=3, rows=N):
    return generator(0, "label").integers(classes, size=rows)


def classes_target(value, names=("a", "b", "c")):
    names = tuple(names[: int(value.max()) + 1])
    return Target(Task.BINARY if len(names) == 2 else Task.MULTICLASS, value, names)


def found_in(target, role=Role.CATEGORY, why="", **columns):
    frame = pl.DataFrame({**columns, "y": target.value if target.value.ndim == 1 else [0] * len(target)})
    roles = [Column(name, role, why) for name in columns] + [Column("y", Role.TARGET)]
    left, found = target_copies(frame, roles, target)
    return {column.name for column in left if column.role is Role.IGNORE}, found


ENCODED = {
    "renamed": lambda y: np.array(["a", "b", "c"])[y],
    "other words": lambda y: np.array(["red", "green", "blue"])[y],
    "codes": lambda y: y * 7 - 1,
    "case": lambda y: [f"{'aA'[i % 2]} " if each == 0 else "bc"[each - 1] for i, each in enumerate(y)],
    "a few cells edited": lambda y: np.where(np.arange(N) % 80 == 0, (y + 1) % 3, y),
    "holes": lambda y: [None if i % 20 == 0 else str(each) for i, each in enumerate(y)],
    "filled now and then": lambda y: [str(each) if i % 3 == 0 else None for i, each in enumerate(y)],
}


@pytest.mark.parametrize("way", ENCODED)
def test_copies_of_classes_are_left_out(way):
    y = label()
    gone, found = found_in(classes_target(y), c=ENCODED[way](y), other=label()[::-1])
    assert gone == {"c"}
    assert [each.severity for each in found] == ["block"]


RESCALED = {
    "times two": lambda y: 2 * y + 3,
    "negative": lambda y: -y,
    "logarithm": np.log1p,
    "rounded": lambda y: np.round(y, 1),
    "ranges": lambda y: np.digitize(y, [0.5, 1, 2]).astype(str),
}


@pytest.mark.parametrize("way", RESCALED)
def test_copies_of_numbers_are_left_out(way):
    draw = generator(0, "numbers")
    y = draw.exponential(size=N)
    role = Role.CATEGORY if way == "ranges" else Role.NUMBER
    target = Target(Task.REGRESSION, y)
    assert found_in(target, role, c=RESCALED[way](y))[0] == {"c"}
    assert not found_in(target, role, c=RESCALED[way](draw.permutation(y)))[0]
    if role is Role.NUMBER:
        assert not found_in(target, role, c=y + 0.1 * draw.normal(size=N))[0]


def test_yes_and_no_of_a_class_are_copies_where_named_so_or_where_all_are_there():
    y = label()
    assert found_in(classes_target(y), is_a=y == 0, other=label()[::-1])[0] == {"is_a"}
    assert not found_in(classes_target(y), feathers=y == 1)[0]
    assert found_in(classes_target(y), u=y == 0, v=y == 1)[0] == {"u", "v"}


def test_one_column_a_label_is_a_copy_of_several_labels():
    value = generator(0, "several").integers(2, size=(N, 3)).astype(np.uint8)
    target = Target(Task.MULTILABEL, value, ("a", "b", "c"))
    assert found_in(target, u=value[:, 0], v=1 - value[:, 1], w=value[:, 2])[0] == {"u", "v", "w"}
    assert not found_in(target, u=value[:, 0])[0]


def test_a_class_in_two_spellings_has_one_code():
    y = label(2)
    value = np.where(np.arange(N) % 10 == 0, y + 2, y)
    assert found_in(classes_target(value, ("no", "yes", "NO ", "YES ")), c=y)[0] == {"c"}


def test_what_the_user_named_stays_and_is_told():
    y = label()
    gone, found = found_in(classes_target(y), why="named with --column", c=y)
    assert not gone
    assert found[0].check == "target_copy"
    assert "left out" not in found[0].what


def test_ids_good_predictors_and_few_rows_are_no_copies():
    y = label()
    assert not found_in(classes_target(y), id=np.arange(N))[0]
    assert not found_in(classes_target(y), kinds=y * 4 + np.arange(N) % 4)[
        0
    ]  # each value has one class, not the reverse
    assert not found_in(classes_target(label(2)), c=np.where(np.arange(N) % 60 == 0, 1 - label(2), label(2)))[0]
    assert not found_in(classes_target(label()[:9]), c=label()[:9])[0]
    rare = (np.arange(N) == 7).astype(np.int64)
    assert not found_in(classes_target(rare), c=rare)[0]  # one row in 240 may agree by luck


@pytest.mark.parametrize("role", [Role.CATEGORY, Role.NUMBER, Role.ID])
def test_a_few_codes_for_each_of_many_classes_are_a_copy(role):
    y, draw = label(20, 2000), generator(0, "codes")
    code = draw.permutation(1000)[3 * y + draw.integers(3, size=len(y))]
    target = classes_target(y, [f"k{each}" for each in range(20)])
    gone, found = found_in(target, role=role, x7=code, decoy=draw.permutation(code))
    assert gone == {"x7"}
    assert "--group x7" in found[0].what
    assert not found_in(target, role=role, many=code * 100 + np.arange(2000) % 100)[0]  # a group of its own


def test_a_count_of_rows_is_no_copy_of_a_target_that_grows():
    y = np.cumsum(generator(0, "growing").exponential(size=N))
    assert not found_in(Target(Task.REGRESSION, y), Role.NUMBER, c=np.arange(N))[0]


@given(st.integers(2, 5), st.permutations(range(5)), st.integers(0, 10**6))
def test_any_one_to_one_map_is_found_and_no_shuffled_one(classes, order, seed):
    draw = generator(seed, "map")
    y = draw.integers(classes, size=120)
    y[:classes] = np.arange(classes)
    target = classes_target(y, ("a", "b", "c", "d", "e"))
    assert found_in(target, c=np.array(order)[y])[0] == {"c"}
    assert not found_in(target, c=np.array(order)[draw.permutation(y)])[0]


def test_a_wrong_value_or_two_hide_no_copy_of_a_number():
    value = generator(0, "priced").lognormal(size=N)
    dollars = value * 1.1
    value[[5, 90]] = 1e4, -3.0
    left_out, (found,) = found_in(Target(Task.REGRESSION, value), Role.NUMBER, dollars=dollars)
    assert left_out == {"dollars"}
    assert "2 rows aside" in found.what


def test_a_number_that_merely_follows_the_target_stays():
    draw = generator(0, "follows")
    value = draw.normal(size=N)
    assert found_in(Target(Task.REGRESSION, value), Role.NUMBER, near=value + 0.05 * draw.normal(size=N)) == (set(), ())


@pytest.mark.parametrize(("label", "rows"), [("n/a", 1), ("n/a", 40), ("other", 1), ("other", 4)])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_copy_stays_one_beside_labels_that_say_none_and_rare_classes(label, rows, classes):
    y_N = np.arange(400) % classes
    said = [f"kind {y}" for y in y_N]
    said[: rows * 3 : 3] = [label] * rows
    labels = tuple(sorted(set(said)))
    target = Target(Task.MULTICLASS, np.array([labels.index(each) for each in said]), labels)
    frame = pl.DataFrame({"code": [f"c{y * 7}" for y in y_N], "y": said})
    columns = (Column("code", Role.CATEGORY), Column("y", Role.TARGET))
    assert list(copies(frame, columns, target)) == ["code"]


def test_a_column_that_tells_two_of_three_classes_is_no_copy():
    y_N = np.arange(300) % 3
    target = Target(Task.MULTICLASS, y_N, ("bird", "fish", "mammal"))
    frame = pl.DataFrame({"skin": ["feathers" if y == 0 else "none" for y in y_N], "y": y_N})
    assert not copies(frame, (Column("skin", Role.CATEGORY), Column("y", Role.TARGET)), target)
