"""`rung rank` at the door: the last line, one document, exit codes."""

import json

import pytest

pytestmark = pytest.mark.journey


def test_rank_ends_in_which_to_take_and_why(rung, table, fake):
    code, out, err = rung("rank", table, "--target", "label", "--backbone", "all-MiniLM-L6-v2")
    assert code == 0, err
    assert "Take all-MiniLM-L6-v2" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


def test_rank_json_is_one_document(rung, table, fake):
    code, out, _ = rung("rank", table, "--target", "label", "--backbone", "a", "--backbone", "b", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["chosen"] == found["backbones"][0]["id"]
    assert {each["status"] for each in found["backbones"]} == {"ranked"}


def test_rank_ends_with_3_where_nothing_keeps_the_limits(rung, table, fake):
    code, _, err = rung("rank", table, "--target", "label", "--backbone", "a", "--licence", "mit")
    assert code == 3
    assert "its licence is Apache-2.0, not mit" in " ".join(err.split())


def test_the_limits_of_fit_are_those_of_rank(rung, table, fake, tmp_path):
    code, _, err = rung("fit", table, "--target", "label", "--licence", "mit", "-o", tmp_path / "run")
    assert code == 3
    assert "within the limits" in " ".join(err.split())
