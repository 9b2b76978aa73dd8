"""Rows far from the backbone's are said once, with what to try instead; what suits it stays unsaid."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import rung
from rung.backbones.catalog import catalog
from rung.backbones.load import load
from rung.core.rng import generator
from rung.recipes.advice import next_steps
from rung.recipes.far import CHECK, far_texts
from rung.recipes.options import checked
from rung.recipes.prepare import prepare
from rung.testing.fakes import FakeEmbedder

GERMAN = [
    "Der Zug nach {} ist nicht gekommen und ich habe {} Minuten gewartet",
    "Die Suppe im {} war kalt und für {} Euro",
]
PLACES = ["Köln", "Bremen", "Kassel", "Ulm", "Jena", "Hof", "Trier", "Emden"]
RUSSIAN = ["Поезд в город {} снова опоздал на {} минут", "Суп в кафе {} был холодным и стоил {} рублей"]


@pytest.fixture(scope="module")
def default():
    return load(None, precision="float32")


def table(forms, rows=80):
    texts = [forms[i % 2].format(PLACES[i % 8], i) for i in range(rows)]
    return pl.DataFrame({"text": texts, "label": ["train" if i % 2 == 0 else "food" for i in range(rows)]})


def found(frame, embedder):
    return far_texts(prepare(frame, checked(target="label")), embedder)


@pytest.mark.parametrize(("forms", "language"), [(GERMAN, "German"), (RUSSIAN, "Cyrillic letters")])
def test_another_language_is_said_with_a_backbone_that_knows_it(default, forms, language):
    (said,) = found(table(forms), default)
    assert (said.check, said.severity) == (CHECK, "warn")
    assert language in said.what
    assert "it knows en" in said.what
    assert "hf:sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2" in said.fix


def test_a_backbone_that_knows_the_language_is_left_alone(default):
    class Multilingual(FakeEmbedder):
        def pieces(self, texts):
            return default.pieces(texts)

    fake = Multilingual(id="hf:intfloat/multilingual-e5-small@0123")
    assert found(table(GERMAN), fake) == ()
    assert found(table(RUSSIAN), fake) == ()


@pytest.fixture
def sequences():
    draw = generator(0, "sequences")
    texts = [" ".join("".join(draw.choice(list("ACGT"), 14)) for _ in range(5)) for _ in range(60)]
    return pl.DataFrame({"text": texts, "label": ["a", "b"] * 30})


def test_words_that_the_tokenizer_breaks_are_said_with_domains(default, sequences):
    (said,) = found(sequences, default)
    assert "into scraps" in said.what
    assert "hf:NeuML/pubmedbert-base-embeddings (biomedical)" in said.fix
    assert "all-MiniLM-L6-v2" not in said.fix


def test_weights_that_the_loader_would_refuse_are_no_advice(default, sequences, monkeypatch):
    known = [replace(each, pickled="biomedical" in each.domains) for each in catalog()]
    monkeypatch.setattr("rung.recipes.far.catalog", lambda: known)
    (said,) = found(sequences, default)
    assert "finance" in said.fix
    assert "biomedical" not in said.fix


def test_tokens_that_the_tokenizer_does_not_know_are_said(default):
    unknown = FakeEmbedder(id="some folder")  # of no entry: its languages aren't known
    unknown.pieces = default.pieces
    texts = [f"今天早上火车又晚点了{i}个小时,所以我错过了看医生的预约" for i in range(60)]
    (said,) = found(pl.DataFrame({"text": texts, "label": ["a", "b"] * 30}), unknown)
    assert "does not know" in said.what


def test_the_demo_s_paragraphs_are_near(default, paragraphs):
    assert found(paragraphs, default) == ()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["trec6", "banking77", "sms_spam", "tweet_emotion", "mpqa"])
def test_english_sets_are_near(default, shared, name):
    assert found(shared / "data" / name, default) == ()


class Blind(FakeEmbedder):
    """Vectors that say nothing of the words."""

    def __call__(self, items, *, tell=None):
        return np.stack([generator(0, item).normal(size=self.card.width) for item in items]).astype(np.float32)


@pytest.fixture(scope="module")
def few(paragraphs):
    return paragraphs.group_by("label", maintain_order=True).head(35)


def fitted(monkeypatch, embedder, frame, out):
    monkeypatch.setattr("rung.recipes.choice.load_backbone", lambda *_, **__: embedder)
    monkeypatch.setattr("rung.backbones.load.load", lambda *_, **__: embedder)
    run = rung.fit(frame, target="label", out=out, max_rung="frozen")
    said = [each for each in json.loads((run.path / "audit.json").read_text())["findings"] if each["check"] == CHECK]
    return run, said


def test_neighbours_that_disagree_where_classic_holds_are_said_everywhere(monkeypatch, few, tmp_path):
    run, said = fitted(monkeypatch, Blind(), few, tmp_path / "run")
    assert run.evidence.winner == "classic"
    assert len(said) == 1
    assert "nearest neighbours" in said[0]["what"]
    assert any("far from what the backbone was trained on" in step for step in run.evidence.next_steps)
    assert "far from what fake was trained on" in (run.path / "report.html").read_text()


def test_nothing_is_said_where_frozen_holds_the_place(monkeypatch, few, tmp_path):
    run, said = fitted(monkeypatch, FakeEmbedder(), few, tmp_path / "run")
    assert said == []
    assert not any("far from" in step for step in run.evidence.next_steps)


def test_labels_without_any_sense_are_no_sign_of_a_far_domain(monkeypatch, few, tmp_path):
    labels = generator(0, "labels").permutation(few["label"].to_numpy())
    _, said = fitted(monkeypatch, Blind(), few.with_columns(label=pl.Series(labels)), tmp_path / "run")
    assert said == []


def test_advice_on_far_rows_stands_in_the_place_of_the_general_one(monkeypatch, tmp_path):
    run, _ = fitted(monkeypatch, FakeEmbedder(), table(GERMAN), tmp_path / "run")
    evidence = replace(run.evidence, winner="classic")
    assert not any("far from" in step for step in next_steps(evidence))
    german = far_texts(prepare(table(GERMAN), checked(target="label")), FakeEmbedder(id="all-MiniLM-L6-v2"))
    steps = next_steps(evidence, german)
    assert sum("--backbone" in step for step in steps) == 1
    assert any("knows the language" in step for step in steps)
