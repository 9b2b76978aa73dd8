"""Two backbones side by side embed as one, and are taken where that surely pays."""

import numpy as np
import polars as pl
import pytest

import rung
from rung.backbones.load import load
from rung.backbones.pair import Pair
from rung.core.errors import NoBackbone
from rung.predict.earlier import load_backbone
from rung.testing.senses import tiny_sense
from rung.testing.toys import tiny

TEXTS = ["the card has not arrived", "a warm and funny film", "no"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("pair")
    tiny_sense("resnet", place / "resnet")
    return [str(tiny("bert", place / "bert")), str(tiny("distilbert", place / "distilbert")), str(place / "resnet")]


@pytest.fixture(scope="module")
def both(folders):
    return [load(folder, precision="float32", cache=False, device="cpu") for folder in folders[:2]]


def test_each_half_is_one_backbone_at_length_one(both):
    x = Pair(*both)(TEXTS)
    first, second = (one(TEXTS) for one in both)
    assert x.shape == (3, first.shape[1] + second.shape[1])
    assert np.allclose(x[:, : first.shape[1]], first / np.linalg.norm(first, axis=1, keepdims=True), atol=1e-6)
    assert np.allclose(np.linalg.norm(x[:, first.shape[1] :], axis=1), 1, atol=1e-5)
    assert np.allclose(Pair(*both).uncached(TEXTS), x, atol=1e-5)


def test_the_card_adds_up_and_the_order_counts(both):
    pair, turned = Pair(*both), Pair(*both[::-1])
    assert pair.card.parameters == sum(one.card.parameters for one in both)
    assert pair.card.id == f"{both[0].card.id} + {both[1].card.id}"
    assert pair.tunable is None
    assert pair.fingerprint != turned.fingerprint


def test_two_that_read_different_things_are_refused(folders):
    with pytest.raises(NoBackbone, match="one for text and one for image"):
        load_backbone(f"{folders[0]} + {folders[2]}")


def test_a_fit_on_two_is_delivered_and_predicts_as_before(folders, tmp_path):
    frame = pl.DataFrame({"text": [f"{('anchor', 'basil')[i % 2]} note {i}" for i in range(60)], "y": [0, 1] * 30})
    name = f"{folders[0]} + {folders[1]}"
    run = rung.fit(
        frame, target="y", column={"text": "text"}, backbone=name, rungs="frozen,partial", out=tmp_path / "r"
    )
    assert run.manifest["backbone"]["id"] == name
    assert "can't be trained" in run.evidence.rung("partial").why
    assert run.evidence.winner == "frozen"
    assert run.predictor.manifest.backbone is not None
    before = run.predict_proba(frame["text"].to_list())
    assert np.abs(rung.load(run.path).predict_proba(frame["text"].to_list()) - before).max() < 1e-6
    assert (run.path / "model" / "preprocess" / "second" / "tokenizer.json").is_file()


def test_rank_tries_the_best_two_side_by_side(folders):
    frame = pl.DataFrame({"text": [f"{('anchor', 'basil')[i % 2]} note {i}" for i in range(60)], "y": [0, 1] * 30})
    found = rung.rank(frame, target="y", column={"text": "text"}, backbone=folders[:2])
    pair = next(each for each in found.backbones if " + " in each.id)
    assert pair.score is not None
    assert found.chosen != pair.id
    assert "side by side are not worth it" in found.why
