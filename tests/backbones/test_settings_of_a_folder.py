"""sentence-transformers' own settings are honoured, the family's used otherwise, and nothing is guessed in silence."""

import json
import shutil

import numpy as np
import pytest
import torch

from rung.backbones.catalog import Family, families
from rung.backbones.huggingface import HuggingFace
from rung.backbones.pooling import pool
from rung.backbones.settings import LONGEST, UNSAID, settings
from rung.backbones.source import locate
from rung.core.errors import NoBackbone

BERT = families()["bert"]
TEXTS = ["a warm film", "the card has not arrived yet and the bank does not answer", "why"]


def write(folder, name, value):
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps(value))


def pipeline(folder, *kinds, pooling=None):
    write(
        folder,
        "modules.json",
        [{"path": f"{i}_{kind}" if i else "", "type": f"a.{kind}"} for i, kind in enumerate(kinds)],
    )
    write(folder, "1_Pooling/config.json", pooling or {"pooling_mode_mean_tokens": True})


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_mean_tokens": True}, "mean"),
        ({"pooling_mode_max_tokens": True}, "max"),
        ({"pooling_mode_lasttoken": True}, "last"),
        ({"pooling_mode": "cls"}, "cls"),
        ({"pooling_mode": ["lasttoken"]}, "last"),
    ],
)
def test_pooling_is_what_the_folder_says(tmp_path, config, expected):
    pipeline(tmp_path, "Transformer", "Pooling", pooling=config)
    assert settings(tmp_path, BERT, 512, 512).pooling == expected


@pytest.mark.parametrize(
    "config",
    [{"pooling_mode_weightedmean_tokens": True}, {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}],
)
def test_a_pooling_that_rung_cannot_do_is_refused(tmp_path, config):
    pipeline(tmp_path, "Transformer", "Pooling", pooling=config)
    with pytest.raises(NoBackbone, match="wanted one of mean, cls, max, lasttoken"):
        settings(tmp_path, BERT, 512, 512)


def test_a_dense_layer_on_top_is_refused(tmp_path):
    pipeline(tmp_path, "Transformer", "Pooling", "Dense")
    with pytest.raises(NoBackbone, match="got Dense"):
        settings(tmp_path, BERT, 512, 512)


def test_normalising_is_done_where_the_folder_says(toy, tmp_path):
    folder = shutil.copytree(toy("bert"), tmp_path / "st")
    plain = HuggingFace(locate(str(folder)))
    pipeline(folder, "Transformer", "Pooling", "Normalize")
    unit = HuggingFace(locate(str(folder)))
    raw = plain.embed(plain.prepare(TEXTS))
    found = unit.embed(unit.prepare(TEXTS))
    np.testing.assert_allclose(found, raw / np.linalg.norm(raw, axis=1, keepdims=True), atol=1e-5)
    assert unit.fingerprint != plain.fingerprint


@pytest.mark.parametrize(
    ("said", "positions", "tokens", "family", "limit"),
    [
        (256, 512, 512, "bert", 256),
        (None, 512, 128, "bert", 128),
        (None, 514, 10**30, "roberta", 512),
        (None, None, 10**30, "t5", UNSAID),
        (None, 131072, 10**30, "llama", LONGEST),
        (512, 64, None, "bert", 64),
    ],
)
def test_the_limit_is_the_least_that_anyone_says(tmp_path, said, positions, tokens, family, limit):
    if said:
        write(tmp_path, "sentence_bert_config.json", {"max_seq_length": said})
    assert settings(tmp_path, families()[family], positions, tokens).limit == limit


def test_the_folders_limit_cuts_texts(toy, tmp_path):
    folder = shutil.copytree(toy("bert"), tmp_path / "st")
    write(folder, "sentence_bert_config.json", {"max_seq_length": 8, "do_lower_case": False})
    prepared = HuggingFace(locate(str(folder))).prepare(["a film", "a film " * 10])
    assert len(prepared.ids[1]) == 8
    assert prepared.truncated.tolist() == [False, True]


def test_a_default_prompt_goes_before_each_text(toy, tmp_path):
    folder = shutil.copytree(toy("bert"), tmp_path / "st")
    plain = HuggingFace(locate(str(folder)))
    wanted = plain.prepare(["query: a film"]).ids
    write(folder, "config_sentence_transformers.json", {"prompts": {"q": "query: "}, "default_prompt_name": "q"})
    assert HuggingFace(locate(str(folder))).prepare(["a film"]).ids == wanted


def test_lower_case_is_read_where_the_folder_says(toy, tmp_path):
    folder = shutil.copytree(toy("gpt2"), tmp_path / "st")
    write(folder, "sentence_bert_config.json", {"do_lower_case": True})
    backbone = HuggingFace(locate(str(folder)))
    assert backbone.prepare(["A FILM"]).ids == backbone.prepare(["a film"]).ids


def test_a_folder_without_pipeline_pools_as_its_family(tmp_path):
    assert settings(tmp_path, Family("x", "layers", "last"), 512, 512).pooling == "last"


@pytest.mark.parametrize("how", ["mean", "cls", "max", "last"])
def test_pooling_agrees_with_its_definition(how):
    random = torch.Generator().manual_seed(0)
    hidden = torch.randn(4, 6, 3, generator=random)
    lengths = torch.tensor([6, 1, 3, 2])
    expected = {
        "mean": lambda rows: rows.mean(0),
        "cls": lambda rows: rows[0],
        "max": lambda rows: rows.amax(0),
        "last": lambda rows: rows[-1],
    }[how]
    wanted = torch.stack([expected(row[:n]) for row, n in zip(hidden, lengths, strict=True)])
    torch.testing.assert_close(pool(hidden, lengths, how), wanted)


def test_nonsense_at_padded_positions_does_not_reach_the_mean():
    hidden = torch.tensor([[[1.0], [torch.nan]], [[1.0], [3.0]]])
    assert pool(hidden, torch.tensor([1, 2]), "mean").tolist() == [[1.0], [2.0]]


@pytest.mark.shared
def test_a_real_decoder_puts_like_stories_together(shared):
    backbone = HuggingFace(locate(str(shared / "weights" / "stories260k_llama")))
    stories = [
        "Once upon a time there was a little dog.",
        "Once upon a time there was a small dog.",
        "She ate a red apple.",
    ]
    dog, same, apple = backbone.embed(backbone.prepare(stories))
    cosine = [float(dog @ other / np.linalg.norm(dog) / np.linalg.norm(other)) for other in (same, apple)]
    assert cosine[0] > cosine[1]
    assert backbone.card.parameters == 260_032
    assert backbone.card.blocks == ("embeddings", *(f"block {i}" for i in range(5)), "final")


def test_the_default_agrees_with_sentence_transformers():
    sentence_transformers = pytest.importorskip("sentence_transformers", reason="the peer is in the bench extra")
    backbone = HuggingFace(locate(None))
    peer = sentence_transformers.SentenceTransformer(str(backbone.source.folder), device="cpu")
    texts = [*TEXTS, "", "film " * 400]
    np.testing.assert_allclose(backbone.embed(backbone.prepare(texts)), peer.encode(texts), atol=1e-5)
