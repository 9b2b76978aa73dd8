"""Word counts beside embeddings: chosen where each tells half of the class, saved whole, left out where dear."""

import json

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load, save

from rung.adapt import frozen
from rung.adapt.frozen import Frozen
from rung.adapt.words import counts_of
from rung.bundle.model import FittedModel, Parts
from rung.core.contracts import Job
from rung.core.types import Column, Fold, Inputs, Plan, Role, Target, Task
from rung.metrics.table import default
from rung.testing.fakes import FakeEmbedder


@pytest.fixture
def halves():
    """240 rows of four classes: a word tells one bit, the embedding (of length 7) the other."""
    draw = np.random.default_rng(0)
    word, sense = draw.integers(2, size=(2, 240))
    texts = [f"row {'anchor' if bit else 'basil'} {draw.integers(50)}" for bit in word]
    x = draw.normal(size=(240, 16)) + 3 * sense[:, None] * np.eye(16)[0]
    x = (7 * x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    target = Target(Task.MULTICLASS, 2 * word + sense, tuple("abcd"))
    every = np.arange(240)
    folds = tuple(Fold(every[every % 4 != k], every[every % 4 == k]) for k in range(4))
    no_columns = pl.DataFrame({"n": every}).drop("n")
    inputs = Inputs({"text": texts}, no_columns, lambda _: x, 240)
    columns = (Column("text", Role.TEXT),)
    plan = Plan("folds", folds, every)
    return Job(inputs, columns, target, plan, default(Task.MULTICLASS), backbone=FakeEmbedder(width=16).card)


def accuracy(job, prediction_VC):
    return (prediction_VC.argmax(1) == job.target.value[job.plan.judged]).mean()


def test_it_is_chosen_where_each_tells_half_of_the_class(halves):
    trial = Frozen().climb(halves)
    assert trial.choice["variant"] == "words"
    alone = [c for c in Frozen().candidates(halves, halves.plan.folds) if c.choice["variant"] == "linear"]
    best_alone = max(accuracy(halves, _in_order(halves, c.held_out)) for c in alone)
    assert accuracy(halves, trial.prediction[0]) > best_alone + 0.2


def test_a_saved_model_predicts_bit_for_bit(halves):
    trial = Frozen().climb(halves)
    model = Frozen().refit(halves, trial.choice)
    parts = model.parts()
    again = FittedModel.from_parts(Parts(json.loads(json.dumps(parts.meta)), load(save(parts.tensors)), parts.files))
    assert np.array_equal(again.predict(halves.inputs), model.predict(halves.inputs))
    assert model.uses_embedding


def test_embeddings_of_any_length_weigh_as_much_as_the_words(halves):
    encoders = frozen.WORDS.fit(halves, np.arange(240), _choice()).encoders
    length = np.linalg.norm(halves.inputs.embed("text") * encoders.weight, axis=1)
    assert length.mean() ** 2 == pytest.approx(len(encoders.tfidf), rel=0.01)


def test_it_is_not_tried_where_a_solve_would_be_dear(halves, monkeypatch):
    monkeypatch.setattr(frozen, "MOST_FOR_WORDS", 4 * 179)
    tried = {candidate.choice["variant"] for candidate in Frozen().candidates(halves, halves.plan.folds)}
    assert "words" not in tried


def test_texts_are_cut_into_terms_once_while_their_rows_live(halves):
    first = counts_of(halves.inputs)
    assert counts_of(halves.inputs) is first
    assert counts_of(halves.inputs.take(np.arange(5))) is not first


def _choice():
    return {"strength": 1.0, "class_weight": "none", "slope": [1.0, 0.0]}


def _in_order(job, held_out):
    result = np.zeros((len(job.target), 4), np.float32)
    for fold, said in zip(job.plan.folds, held_out, strict=True):
        result[fold.validation] = said
    return result
