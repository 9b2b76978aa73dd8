"""`rung backbones`: every filter works, and the list can be read and copied from a narrow terminal."""

import json

import pytest


def test_backbones_lists_the_embedded_default_as_here(rung):
    code, out, _ = rung("backbones", "--json")
    assert code == 0
    assert any(entry["here"] and entry["id"] == "all-MiniLM-L6-v2" for entry in json.loads(out))


@pytest.mark.parametrize(
    "asked",
    [
        ("--modality", "image"),
        ("--family", "bert"),
        ("--licence", "permissive"),
        ("--max-params", "20000000"),
        ("--max-size", "100MB"),
        ("--language", "de"),
        ("--domain", "legal"),
        ("--here",),
    ],
    ids=lambda asked: asked[0],
)
def test_each_filter_of_backbones_lists_fewer(rung, asked):
    every, fewer = (json.loads(rung("backbones", "--json", *flags)[1]) for flags in ((), asked))
    assert 0 < len(fewer) < len(every)
    assert all(entry in every for entry in fewer)


def test_backbones_can_be_read_and_copied_at_80_columns(rung):
    code, out, _ = rung("backbones")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    ids = [entry["id"] for entry in json.loads(rung("backbones", "--json")[1])]
    assert [name for name in ids if f"{name} " not in out] == []
    assert "MB" in out
    assert "Apache-2.0" in out
    assert "No backbone that is known fits" in rung("backbones", "--max-size", "1kB")[1]
    assert rung("backbones", "--domain", "leagl")[0] == 2
