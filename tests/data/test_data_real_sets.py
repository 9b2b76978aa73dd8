"""Real tables get the roles, tasks and splits that a person would give them."""

from pathlib import Path

import numpy as np
import pytest

from rung.core.types import Role, Task
from rung.data.read import read
from rung.data.roles import infer
from rung.data.splits import hold_out, unit_keys
from rung.data.target import encode

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside this checkout"),
]
TEXT_SETS = {
    "banking77": (Task.MULTICLASS, 77),
    "trec6": (Task.MULTICLASS, 6),
    "mpqa": (Task.BINARY, 2),
    "tweet_emotion": (Task.MULTICLASS, 4),
    "sms_spam": (Task.BINARY, 2),
}


@pytest.mark.parametrize("name", TEXT_SETS)
def test_text_sets_are_one_text_and_one_label(name):
    sheet = read(SHARED / name)
    columns = infer(sheet.frame.rename({"text": "unhelpful"}), target="label")
    target = encode(sheet.frame["label"]).target
    assert [column.role for column in columns] == [Role.TEXT, Role.TARGET]
    assert (target.task, len(target.labels)) == TEXT_SETS[name]
    assert sheet.test is not None


def test_a_table_of_listings_is_understood():
    frame = read(SHARED / "airbnb_asheville").frame
    roles = {column.name: column.role for column in infer(frame, target="price")}
    assert roles.pop("name") is Role.TEXT
    assert (roles.pop("room_type"), roles.pop("neighbourhood")) == (Role.CATEGORY, Role.CATEGORY)
    assert (roles.pop("last_review"), roles.pop("price")) == (Role.DATETIME, Role.TARGET)
    assert set(roles.values()) == {Role.NUMBER}
    assert encode(frame["price"]).target.task is Task.REGRESSION


def test_equal_messages_stay_on_one_side_of_a_stratified_split():
    frame = read(SHARED / "sms_spam").frame
    target = encode(frame["label"]).target
    keys, cluster = unit_keys(frame, infer(frame, target="label"))
    pool, test = hold_out(target, keys, cluster, share=0.2, seed=0)
    assert len(set(keys)) < len(keys)
    assert not {keys[i] for i in pool} & {keys[i] for i in test}
    assert target.value[test].mean() == pytest.approx(target.value.mean(), abs=0.005)
    assert len(test) == pytest.approx(0.2 * len(frame), abs=5)
    assert np.union1d(pool, test).size == len(frame)
