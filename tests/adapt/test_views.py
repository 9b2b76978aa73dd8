"""Augmentation: training feels each change, and the rows set aside decide which are kept."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from rung.adapt import costs
from rung.adapt.ground import Ground
from rung.adapt.ladder import rungs
from rung.adapt.training.mix import ALPHA
from rung.adapt.training.varied import IMAGE, SERIES, SOUND
from rung.adapt.views import TOGETHER, agreeing, fitting, summary, with_views
from rung.backbones.load import load
from rung.core.contracts import Job
from rung.core.types import Column, Fold, Inputs, Plan, Role, Target, Task
from rung.metrics.table import default
from rung.testing import curves
from rung.testing.curves import tiny_series
from rung.testing.senses import SIDE, Picture, noises, pictures, tiny_sense

TUNED = {rung.name: rung for rung in rungs() if getattr(rung, "dear", False)}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Load a tiny model of a family, once."""
    known = {}

    def of(family):
        if family not in known:
            make = tiny_series if family in curves.MAKES else tiny_sense
            folder = make(family, tmp_path_factory.mktemp(family))
            known[family] = load(str(folder), precision="float32", cache=False, device="cpu")
        return known[family]

    return of


@pytest.fixture
def job_of(loaded):
    """Make a job of images, sounds or series of known classes."""

    def make(items, label_N, family="vit", **rest):
        embedder = loaded(family)
        role = Role(embedder.card.modality)
        x_ND = embedder(items)
        empty = pl.DataFrame({"": label_N}).drop("")  # which remembers its height
        inputs = Inputs({}, empty, lambda _: x_ND, len(items), media={"file": items})
        every = np.arange(len(items))
        plan = Plan("holdout", (Fold(every[every % 5 > 0], every[every % 5 == 0]),), every)
        target = Target(Task.MULTICLASS, label_N, tuple(map(str, np.unique(label_N))))
        return Job(
            inputs, (Column("file", role),), target, plan, default(Task.MULTICLASS), 3,
            backbone=embedder.card, tunable=embedder.tunable, **rest,
        )  # fmt: skip

    return make


def toy(job_of, family="vit", rows=60, **rest):
    label_N = np.arange(rows) // 2 % 3
    make = curves.curves if family in curves.MAKES else pictures if family in ("vit", "resnet") else noises
    return job_of(make(label_N), label_N, family, **rest)


EFFECTS = [(name, "resnet") for name in (*IMAGE, *ALPHA)] + [(name, "yamnet") for name in (*SOUND, "mixup")]
EFFECTS += [(name, "patchtst") for name in (*SERIES, "mixup")]


PLAIN = {}  # (rung, family) -> the head that training without any change ends in


@pytest.mark.parametrize("rung", ["partial", "full"])
@pytest.mark.parametrize(("name", "family"), EFFECTS)
def test_each_change_is_felt_in_training(job_of, rung, name, family):
    def trained(augment):
        job = toy(job_of, family, rows=16, settings={f"{rung}.augment": augment, f"{rung}.batch": 8})
        choice = {**TUNED[rung].method.settings(job)[0], "stop_after": 1}
        return TUNED[rung].refit(job, choice).head.weight

    if (rung, family) not in PLAIN:
        PLAIN[rung, family] = trained("none")
    once, again = trained(name), trained(name)
    assert np.array_equal(once, again)
    assert not np.allclose(PLAIN[rung, family], once, atol=1e-6)


def test_views_take_turns_and_validation_never_sees_one(job_of):
    ground = Ground.of(toy(job_of, rows=20))
    for k in (0, 1):
        rows = ground.rows(k, None, ("crop", "mixup"))
        plain, first, second = rows, rows.view(0), rows.view(1)
        assert rows.mixes == ()
        assert first.mixes == ("mixup",)
        if k:
            bits = [each.kept[0].bits_U for each in (plain, first, second, rows.view(4))]
            assert np.array_equal(bits[1], bits[3])  # computed once, used again
        else:
            bits = [np.concatenate(each.columns[0].ids) for each in (plain, first, second)]
        assert not np.array_equal(bits[0], bits[1])
        assert not np.array_equal(bits[1], bits[2])


def blobs(rows, *, by, seed=0):
    """A bright blob somewhere; its class is where it lies, left or right ("across") or up or down ("down")."""
    draw = np.random.default_rng(seed)
    place = draw.uniform(0, SIDE, (rows, 2))
    label_N = (place[:, 1 if by == "across" else 0] > SIDE / 2).astype(np.int64)
    down, across = np.mgrid[:SIDE, :SIDE]
    found = []
    for y, x in place:
        bright = 220 * np.exp(-((down - y) ** 2 + (across - x) ** 2) / 40) + draw.normal(0, 6, (SIDE, SIDE)) + 20
        found.append(Picture(np.clip(np.repeat(bright[..., None], 3, 2), 0, 255).astype(np.uint8)))
    return found, label_N


def test_a_change_that_turns_one_class_into_another_is_refused(job_of):
    chosen = {}
    for by in ("across", "down"):
        job = job_of(*blobs(240, by=by))
        chosen[by] = agreeing(Ground.of(job), Fold(np.arange(60), np.arange(60, 240)), ("flip",))
    assert chosen == {"across": (), "down": ("flip",)}


class Stub:
    """A run with a score."""

    def __init__(self, score, choice):
        self.score, self.choice = score, choice


@pytest.mark.parametrize(("score", "kept"), [(0.8, True), (0.7, False), (0.6, False)])
def test_views_are_kept_only_where_the_rows_set_aside_score_higher(job_of, monkeypatch, score, kept):
    job = toy(job_of)
    monkeypatch.setattr("rung.adapt.views.agreeing", lambda *_: ("crop", "flip"))
    asked = []

    def train(setting, said):
        asked.append((setting, said))
        return Stub(score, setting)

    plain = Stub(0.7, {"k": 1, "stop_after": 2, "wise": 1.0, "soup": False})
    run, went = with_views(plain, train, Ground.of(job), job.plan.folds[0])
    assert asked == [({"k": 1, "augment": "crop+flip"}, "augmented by crop+flip")]
    assert (run is not plain) == kept
    assert went == ("crop+flip" if kept else TOGETHER)


def test_few_rows_set_aside_judge_nothing(job_of):
    job = toy(job_of)
    few = Fold(np.arange(50), np.arange(50, 59))
    run, went = with_views(Stub(0.5, {}), pytest.fail, Ground.of(job), few)
    assert run.score == 0.5
    assert summary([went]) == ["no augmentation: fewer than 10 rows set aside could judge it"]


def test_a_climb_asks_for_views_and_the_refit_trains_on_them(job_of, monkeypatch):
    job = toy(job_of, "resnet", 110, settings={"partial.epochs": 1, "partial.k": 1})
    monkeypatch.setattr("rung.adapt.tuned.with_views", _always)
    trial = TUNED["partial"].climb(job)
    assert trial.choice["augment"] == "crop"
    assert "augmented (crop), as the rows set aside agree" in trial.notes
    plain = {key: value for key, value in trial.choice.items() if key != "augment"}
    heads = [TUNED["partial"].refit(job, {**choice, "stop_after": 1}).head.weight for choice in (trial.choice, plain)]
    assert not np.array_equal(*heads)


def _always(run, train, ground, inner):
    return train({"k": run.choice["k"], "augment": "crop"}, "augmented by crop"), "crop"


def test_without_time_no_views_are_tried_and_the_cost_leaves_them_out(job_of):
    job = toy(job_of, "resnet", 110, settings={"partial.epochs": 1, "partial.k": 1})
    hurried = replace(job, left=lambda: 0.0)
    assert TUNED["partial"].predict_cost(hurried).seconds < TUNED["partial"].predict_cost(job).seconds
    assert any("leaves no time" in note for note in TUNED["partial"].climb(hurried).notes)


def test_views_that_too_few_rows_could_judge_are_not_in_the_cost(job_of, monkeypatch):
    asked = []
    monkeypatch.setattr(costs, "_views", lambda *_, folds, **__: asked.append(folds > 0) or 0.0)
    for rows in (30, 110):
        TUNED["partial"].predict_cost(toy(job_of, "resnet", rows, settings={"partial.epochs": 1, "partial.k": 1}))
    assert asked == [False, True]


def test_which_changes_a_job_allows(job_of):
    assert fitting(toy(job_of)) == ("crop", "flip", "rotation", "colour", "mixup", "cutmix")
    assert fitting(toy(job_of, "yamnet")) == ("shift", "gain", "noise", "specaugment", "mixup")


def test_a_change_for_another_sense_is_said(job_of):
    job = toy(job_of, rows=24, settings={"full.augment": "shift+crop", "full.epochs": 1})
    assert any("full.augment shift was not used" in note for note in TUNED["full"].climb(job).notes)
