"""Handmade features beside embeddings: chosen where each tells half of the class, saved whole, as heavy as they are."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load, save

from rung.adapt import frozen
from rung.adapt.choose import scores
from rung.adapt.frozen import Frozen
from rung.adapt.signals import SIGNALS
from rung.bundle.model import FittedModel, Parts
from rung.core.blank import Blank
from rung.core.contracts import Job
from rung.core.types import Column, Fold, Inputs, Plan, Role, Target, Task
from rung.metrics.table import default
from rung.testing.fakes import FakeEmbedder


@pytest.fixture(params=[Role.IMAGE, Role.AUDIO])
def halves(request):
    """240 rows of four classes: a handmade feature tells one bit, the embedding (of length 7) the other."""
    draw = np.random.default_rng(0)
    edge, sense = draw.integers(2, size=(2, 240))
    plain = (draw.normal(size=(240, 12)) / 50 + edge[:, None] * np.eye(12)[3] / 10).astype(np.float32)
    x = draw.normal(size=(240, 16)) + 3 * sense[:, None] * np.eye(16)[0]
    x = (7 * x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    target = Target(Task.MULTICLASS, 2 * edge + sense, tuple("abcd"))
    every = np.arange(240)
    folds = tuple(Fold(every[every % 4 != k], every[every % 4 == k]) for k in range(4))
    items = [object() for _ in every]
    no_columns = pl.DataFrame({"n": every}).drop("n")
    inputs = Inputs({}, no_columns, lambda _: x, 240, media={"file": items}, plain=lambda _: plain)
    plan = Plan("folds", folds, every)
    columns = (Column("file", request.param),)
    return Job(inputs, columns, target, plan, default(Task.MULTICLASS), backbone=FakeEmbedder(width=16).card)


def tried(job):
    return {candidate.choice["variant"]: candidate for candidate in Frozen().candidates(job, job.plan.folds)}


def test_they_are_chosen_where_each_tells_half_of_the_class(halves):
    trial = Frozen().climb(halves)
    assert trial.choice["variant"] == SIGNALS
    found = Frozen().candidates(halves, halves.plan.folds)
    best = {
        variant: scores(halves, [c for c in found if c.choice["variant"] == variant], halves.plan.folds).mean(1).max()
        for variant in ("linear", SIGNALS)
    }
    assert best[SIGNALS] > best["linear"] + 0.2


def test_a_saved_model_predicts_bit_for_bit(halves):
    model = Frozen().refit(halves, Frozen().climb(halves).choice)
    parts = model.parts()
    again = FittedModel.from_parts(Parts(json.loads(json.dumps(parts.meta)), load(save(parts.tensors)), parts.files))
    assert np.array_equal(again.predict(halves.inputs), model.predict(halves.inputs))
    assert model.uses_embedding


def test_what_is_kept_predicts_as_the_folds_did(halves):
    choice = tried(halves)[SIGNALS].choice
    fold = halves.plan.folds[0]
    said = Frozen().held_out(halves, [fold], choice)[0]
    again = Frozen().fit(halves, fold.train, choice).predict(halves.inputs.take(fold.validation))
    assert np.allclose(said, again, atol=1e-5)


def test_embeddings_have_as_much_variance_as_what_stands_beside_them(halves):
    features = tried(halves)[SIGNALS].choice["features"]
    encoders, x, _ = frozen._beside_signals(halves, features)._features(halves, np.arange(240))
    width = halves.inputs.embed("file").shape[1]
    assert x[:, :width].var(axis=0).sum() == pytest.approx(x[:, width:].var(axis=0).sum(), rel=1e-4)
    assert encoders.embedded == ("file",)


def test_roots_are_taken_of_embeddings_without_negative_values(halves):
    x = np.abs(halves.inputs.embed("file"))
    object.__setattr__(halves.inputs, "embed", lambda _: x)
    choice = tried(halves)[SIGNALS].choice
    assert choice["features"].startswith("root")
    model = Frozen().fit(halves, np.arange(240), choice)
    assert model.encoders.root
    assert model.encoders.weight > 0


def test_a_row_that_lacks_its_file_takes_the_mean(halves):
    halves.inputs.media["file"][7] = Blank()
    choice = tried(halves)[SIGNALS].choice
    model = Frozen().fit(halves, np.arange(240), choice)
    said = model.predict(halves.inputs.take(np.arange(6, 9)))
    assert np.isfinite(said).all()
    assert [part.flag for part in model.encoders.parts] == [True]


def test_what_no_backbone_reads_stands_beside_what_one_reads(halves):
    inputs = replace(halves.inputs, media={**halves.inputs.media, "other": halves.inputs.media["file"]}, read=("file",))
    choice = tried(replace(halves, inputs=inputs))[SIGNALS].choice
    model = Frozen().fit(replace(halves, inputs=inputs), np.arange(240), choice)
    assert model.reads == ("file",)
    assert model.encoders.plain == ("file", "other")


def test_they_are_not_tried_where_a_solve_would_be_dear(halves, monkeypatch):
    monkeypatch.setattr(frozen, "MOST_FOR_WORDS", 4 * 179)
    assert SIGNALS not in tried(halves)
