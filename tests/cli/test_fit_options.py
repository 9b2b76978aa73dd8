"""What the command line says of rungs that train reaches `fit` as it was said."""

from types import SimpleNamespace

import pytest

import rung.recipes.fit as recipe

SAID = {
    ("--lr", "find"): {"lr": "find"},
    ("--lr", "0.0003"): {"lr": "0.0003"},
    ("--search", "8", "--storage", "sqlite:///s.db"): {"search": 8, "storage": "sqlite:///s.db"},
    ("--ensemble",): {"ensemble": True},
    ("--confidence", "0.8", "--min-gain", "0"): {"confidence": 0.8, "min_gain": 0.0},
    ("--set", "lora.rank=4", "--set", "full.gradual=yes"): {"settings": ["lora.rank=4", "full.gradual=yes"]},
    ("--max-rung", "full", "--rungs", "partial,full"): {"max_rung": "full", "rungs": "partial,full"},
}


@pytest.mark.parametrize(("words", "heard"), SAID.items(), ids=" ".join)
def test_options_of_training_reach_the_climb(rung, table, monkeypatch, words, heard):
    got = {}

    def fit(data, **options):
        got.update(options, settings=options["set"])
        return SimpleNamespace(path="run", evidence=SimpleNamespace(to_json=dict))

    monkeypatch.setattr(recipe, "fit", fit)
    assert rung("fit", table, "--target", "label", "--json", *words)[0] == 0
    assert {name: got[name] for name in heard} == heard


@pytest.mark.parametrize("words", [("--lr", "find"), ("--search", "4")])
def test_options_of_training_are_refused_where_no_rung_trains(rung, table, fake, words):
    code, _, said = rung("fit", table, "--target", "label", "--max-rung", "frozen", *words)
    assert code == 2
    assert f"{words[0]}: wanted a rung that trains among those tried: prior, classic" in " ".join(said.split())
