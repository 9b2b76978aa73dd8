"""Names of classes stand beside few rows as rows of their own, and only where they have something to say."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from rung.adapt import contrastive, frozen, hearing
from rung.adapt.frozen import Frozen
from rung.adapt.ground import Ground, through
from rung.adapt.hearing import telling
from rung.adapt.ladder import rungs
from rung.adapt.linear import fit_linear
from rung.adapt.solver import LinearPath
from rung.core.contracts import Job
from rung.core.named import named
from rung.core.types import Column, Fold, Inputs, Plan, Role, Target, Task
from rung.metrics.table import default
from rung.testing.fakes import FakeEmbedder

CONTRASTIVE = next(rung for rung in rungs() if rung.name == "contrastive")


embed = FakeEmbedder(width=32)


@pytest.fixture
def target():
    return Target(Task.MULTICLASS, np.arange(24) % 3, ("anger", "joy", "fear"))


@pytest.fixture
def x_ND():  # noqa: N802  # shape letters
    return np.random.default_rng(0).normal(size=(24, 32)).astype(np.float32)


def test_a_head_with_names_is_scikit_learns_on_rows_and_weighted_names(target, x_ND):
    known = named(target.labels, embed)
    head = fit_linear(target, x_ND, {"strength": 0.5, "names": 6.0}, 0.0, 1.0, known)
    rows, value = np.vstack([x_ND, known.embed()]), np.concatenate([target.value, known.label])
    weight = np.concatenate([np.ones(24), np.full(6, 3.0)])  # two texts a class
    scale = LinearPath(rows, value, "softmax", 3, np.ones((1, 30), bool)).scale
    oracle = LogisticRegression(C=0.5 / scale**2, tol=1e-8, max_iter=5000).fit(rows, value, sample_weight=weight)
    assert head(x_ND) == pytest.approx(oracle.predict_proba(x_ND), abs=0.01)


def test_the_weight_of_names_changes_the_head(target, x_ND):
    known = named(target.labels, embed)
    said = [fit_linear(target, x_ND, {"strength": 1.0, "names": w}, 0.0, 1.0, known)(x_ND) for w in (0.0, 4.0, 16.0)]
    assert np.abs(said[0] - said[1]).max() > 0.01
    assert np.abs(said[1] - said[2]).max() > 0.01
    assert np.array_equal(said[0], fit_linear(target, x_ND, {"strength": 1.0}, 0.0, 1.0)(x_ND))


@pytest.mark.parametrize("labels", [("1", "2"), ("C", "D"), ("joy", "7")])
def test_labels_without_words_name_nothing(labels):
    assert named(labels, embed) is None


def job_of(*, told):
    """60 rows around the directions of three names, hidden in noise; not `told`: the names are called otherwise."""
    labels, every, draw = ("anger", "joy", "fear"), np.arange(60), np.random.default_rng(0)
    x = (draw.normal(size=(60, 128)) + 3 * np.eye(128)[every % 3]).astype(np.float32)
    texts = [f"row {row}" for row in every]
    inputs = Inputs({"text": texts}, pl.DataFrame({"n": every}).drop("n"), lambda _: x, 60)
    folds = tuple(Fold(every[every % 4 != f], every[every % 4 == f]) for f in range(4))
    target = Target(Task.MULTICLASS, every % 3, labels)
    columns, plan = (Column("text", Role.TEXT),), Plan("folds", folds, every)
    backbone, metric = FakeEmbedder(width=128).card, default(Task.MULTICLASS)
    say = np.repeat(9 * np.eye(128)[0 if told else 9 :][:3], 2, axis=0).astype(np.float32)
    return Job(inputs, columns, target, plan, metric, backbone=backbone, named=named(labels, lambda _: say))


def test_frozen_takes_names_where_rows_alone_tell_less():
    told = job_of(told=True)
    trial = Frozen().climb(told)
    assert trial.choice["names"] > 0
    alone = Frozen().climb(replace(told, named=None))
    truth = told.target.value[told.plan.judged]
    assert (trial.prediction[0].argmax(1) == truth).mean() > (alone.prediction[0].argmax(1) == truth).mean()


def test_paths_with_names_are_in_what_frozen_is_said_to_take(monkeypatch):
    monkeypatch.setattr(frozen, "_affords_words", lambda *_: False)
    monkeypatch.setattr(frozen, "rate_of_products", lambda: 1e6)
    job = job_of(told=True)
    with_names, without = (Frozen().predict_cost(each).seconds for each in (job, replace(job, named=None)))
    assert with_names - frozen.AT_REST == pytest.approx(3 * (without - frozen.AT_REST))  # a path more by each weight


@pytest.mark.parametrize("told", [True, False])
def test_pairs_take_names_that_tell_the_classes_and_no_others(told):
    assert telling(job_of(told=told), np.arange(60)) is told


def test_names_stand_behind_the_rows_and_are_embedded_by_the_body_as_it_is_now(make):
    job = make()
    job = replace(job, named=named(job.target.labels, lambda texts: np.zeros((len(texts), 32), np.float32)))
    ground, n = Ground.of(job), len(job.target)
    assert len(ground.columns[0].ids) == n + 6
    body = CONTRASTIVE.method.body(job, {"k": job.tunable.count}, ground.probe)
    now = through(job, ground, body)
    assert now.inputs.embed("text").shape == (n, 32)
    own = job.tunable.prepare(job.named.texts)
    found = now.named.embed()
    wanted = job.tunable.vectors(body.module.eval(), job.tunable.batch(own, np.arange(6))).detach().numpy()
    assert found == pytest.approx(wanted, abs=1e-4)


@pytest.mark.usefixtures("short")
def test_names_change_what_pairs_teach(make, monkeypatch):
    job = make(rows=48)
    job = replace(job, named=named(job.target.labels, lambda texts: np.ones((len(texts), 32), np.float32)))
    seen = []
    real = contrastive.drawn
    monkeypatch.setattr(contrastive, "drawn", lambda *given: seen.append(given[1]) or real(*given))
    for tells in (True, False):
        monkeypatch.setattr(hearing, "telling", lambda *_, tells=tells: tells)
        CONTRASTIVE.learner(Ground.of(job), np.arange(40), CONTRASTIVE.method.settings(job)[0], np.arange(40, 48))
    assert seen[0].tolist() == [*range(40), *range(48, 54)]
    assert seen[1].tolist() == [*range(40)]


@pytest.mark.usefixtures("short")
def test_pairs_with_names_are_in_the_cost(make, monkeypatch):
    """Names stand behind the rows, where lengths are looked up too."""
    monkeypatch.setattr(hearing, "telling", lambda *_: True)
    job = make(rows=48)
    job = replace(job, named=named(job.target.labels, lambda texts: np.ones((len(texts), 32), np.float32)))
    assert CONTRASTIVE.predict_cost(job).seconds > 0


def test_what_a_pass_takes_beside_its_products_is_in_the_cost_of_a_path():
    job, rate = job_of(told=False), 1e9
    quick, slow = (frozen.work_of_path(job, 8, folds, rate) / rate for folds in (1, 2))
    passes = frozen.PASSES * job.target.outputs ** (1 / 3) * len(frozen.STRENGTHS)
    products = 4 * len(job.target) * 8 * job.target.outputs / rate
    beside = frozen.A_PASS * min(len(job.target), frozen.FULL) / frozen.FULL
    assert quick == pytest.approx(passes * (products + beside))
    assert slow == pytest.approx(2 * quick)
