"""Trees over what training made: grown on rows held out, taken where they gain, skipped where there is no time."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from rung.adapt.features import choice_of
from rung.adapt.frozen import Frozen
from rung.adapt.ground import Ground, through
from rung.adapt.ladder import rungs
from rung.adapt.tuned_fusion import AXES, HEAD, LATE, NOTHING, TREES, HeldOut, Space, chosen, held_out, parts_of
from rung.bundle.model import FittedModel
from rung.core.contracts import Job
from rung.core.stops import Collapse
from rung.core.types import Column, Fold, Plan, Role, Task
from rung.testing.toys import SENTENCES

TUNED = {rung.name: rung for rung in rungs() if getattr(rung, "dear", False)}
FULL = TUNED["full"]
WORDS = sorted({word.strip(",") for sentence in SENTENCES for word in sentence.split()})
TRAIN, JUDGE = 480, 240


def planted(rows, *, seed=0, noise=0.5):
    """A target that words tell, but loudly only where the number is small: neither a head nor frozen words see it."""
    draw = np.random.default_rng(seed)
    value = np.random.default_rng(7).choice([-1.0, 1.0], len(WORDS))
    drawn = draw.integers(len(WORDS), size=(rows, 2))
    size = draw.uniform(-1, 1, rows)
    loud = np.where(np.abs(size) < 0.5, 2.0, 0.2)
    told = value[drawn].sum(1) / np.sqrt(2) * loud + noise * draw.normal(size=rows)
    texts = [f"{WORDS[a]} {WORDS[b]} {draw.integers(1000, 9999)}" for a, b in drawn]
    return pl.DataFrame({"text": texts, "size": size, "told": told})


@pytest.fixture(scope="module")
def job_of(tmp_path_factory):
    """A job on planted rows and a tiny random BERT; one share judges."""
    from rung.backbones.load import load
    from rung.data.inputs import make_inputs, readers_of
    from rung.data.target import encode
    from rung.metrics.table import default
    from rung.testing.toys import tiny

    folder = tiny("bert", tmp_path_factory.mktemp("bert"))
    loaded = load(str(folder), precision="float32", cache=False, device="cpu")

    def make(frame, train=None, **rest):
        columns = (Column("text", Role.TEXT), Column("size", Role.NUMBER))
        inputs = make_inputs(frame, columns, readers_of({Role.TEXT: loaded}))
        target, every = encode(frame["told"], task=Task.REGRESSION).target, np.arange(len(frame))
        cut = len(frame) * 3 // 4 if train is None else train
        plan = Plan("holdout", (Fold(every[:cut], every[cut:]),), every)
        settings = {"full.epochs": 6, "full.rate": 5e-4, "full.head_rate": 1e-2, **rest.pop("settings", {})}
        return Job(
            inputs, columns, target, plan, default(Task.REGRESSION), 3, backbone=loaded.card, tunable=loaded.tunable,
            settings=settings, **rest,
        )  # fmt: skip

    return make


@pytest.fixture(scope="module")
def whole(job_of):
    """Planted rows, a climb that chooses and one that may not, on the same rows."""
    first = job_of(planted(TRAIN + JUDGE, noise=0.2), TRAIN, settings={"full.epochs": 12})
    for seed in (5, 4, 3):  # a tiny model may collapse, by the last bits of a machine's sums: nothing to grow on then
        job = replace(first, seed=seed)
        bare = replace(job, settings={**job.settings, "full.fusion": HEAD})
        try:
            return job, FULL.climb(job), FULL.climb(bare)
        except Collapse:
            continue
    raise AssertionError("training collapsed whatever the seed")


@pytest.fixture(scope="module")
def small(job_of):
    """Few rows and two epochs, for the mechanics."""
    return job_of(planted(96, noise=0.1), 72, settings={"full.epochs": 2, "full.batch": 16})


def again(rung, ground, choice):
    return lambda rows, name: rung._train(ground, rows, choice, name, aside=None)


def r2(job, said):
    """Of predictions of the rows that judge."""
    return float(job.metric(job.target.value[job.plan.judged], said))


def test_trees_see_what_neither_one_head_nor_frozen_words_do(whole):
    job, trees, head = whole
    (fold,) = job.plan.folds
    frozen = Frozen().fit(job, fold.train, choice_of("trees", "main axes+columns"))
    assert trees.choice["fusion"] in (TREES, AXES)
    assert "fusion" not in head.choice
    assert "boosted trees over what training made of the parts, and the columns" in trees.notes
    assert r2(job, trees.prediction[0]) > r2(job, head.prediction[0]) + 0.05
    assert r2(job, trees.prediction[0]) > r2(job, frozen.predict(job.inputs.take(fold.validation))) + 0.05


def test_the_model_of_a_bundle_says_what_the_climb_said(whole):
    job, trees, _ = whole
    (fold,) = job.plan.folds
    model = FittedModel.from_parts(trees.model.parts())
    assert model.head.kind == "trees"
    assert model.delta is not None
    assert model.reads == ("text",)
    said = model.predict(job.inputs.take(fold.validation))
    assert np.corrcoef(said[:, 0], trees.prediction[0, :, 0])[0, 1] > 0.99


def test_trees_grown_on_rows_that_trained_the_backbone_trust_it_too_much(job_of):
    """Long training on noise: the same features and trees, in the sample and out of it, on the same backbone."""
    job = job_of(planted(200 + JUDGE, noise=1.0), 200, settings={"full.epochs": 24})
    ground, (fold,) = Ground.of(job), job.plan.folds
    train, folds, space = again(FULL, ground, {"stop_after": 24}), parts_of(job, fold.train), Space.of(job, fold.train)
    held = held_out(ground, space, folds, train, "it")
    run = train(fold.train, "it")
    seen = through(job, ground, run.body)
    x_NF = space.encoders(run, seen, fold.train, AXES).apply(seen.inputs)
    slope, lost = {}, {}
    for way, rows_NF in (("out", held.x_NF), ("in", x_NF)):
        said = space.grow(job, fold.train, rows_NF, TREES)(space.less(x_NF, 1))[:, 0].astype(np.float64)
        wrong = np.square(said - job.target.value)
        slope[way] = np.polyfit(said[fold.validation], job.target.value[fold.validation], 1)[0]
        lost[way] = wrong[fold.validation].mean(), wrong[fold.train].mean()
    assert slope["in"] < 0.9 < slope["out"], "of what the one says, a part is noise; of what the other says, nothing"
    assert lost["in"][1] < 0.5 * lost["in"][0], "it believes to know the rows that it saw"


def test_what_trees_see_of_a_row_knows_nothing_of_its_label(small):
    """Other labels in one part: what the trees see of its rows stays, bit for bit; of all other rows it changes."""
    (fold,) = small.plan.folds
    folds = parts_of(small, fold.train)
    told = small.target.value.copy()
    told[folds[0].validation] = 5 - told[folds[0].validation]
    other = replace(small, target=replace(small.target, value=told))
    seen = []
    for job in (small, other):
        ground, space = Ground.of(job), Space.of(job, fold.train)
        seen.append(held_out(ground, space, folds, again(FULL, ground, {"stop_after": 2}), "it"))
    same = (seen[0].x_NF == seen[1].x_NF).all(axis=1)
    assert same[folds[0].validation].all()
    assert np.array_equal(seen[0].said[0], seen[1].said[0])
    assert not same[np.concatenate([folds[1].validation, folds[2].validation])].any()


def test_no_training_of_a_climb_sees_the_rows_that_it_embeds_for_the_trees(small, notebook, monkeypatch):
    """Nor the rows that judge; and together the parts are all training rows."""
    trained, made = {}, FULL._train

    def spy(ground, rows, setting, name, **rest):
        trained[name] = rows
        return made(ground, rows, setting, name, **rest)

    monkeypatch.setattr(FULL, "_train", spy)
    FULL.climb(replace(small, notebook=notebook, settings={**small.settings, "full.fusion": TREES}))
    (fold,) = small.plan.folds
    parts = [rows for name, rows in trained.items() if "without part" in name]
    assert len(parts) == 3
    held = [np.setdiff1d(fold.train, rows) for rows in parts]
    assert np.array_equal(np.sort(np.concatenate(held)), fold.train)
    for f, rows in enumerate(held):
        note = notebook.get(f"full without part {f + 1} of 3 done")
        assert len(note.arrays["features"]) == len(rows)
        assert not np.intersect1d(parts[f], fold.validation).size


def test_trees_are_taken_only_where_they_surely_gain(small):
    """On features that are noise the head stays; a user who wants trees gets them."""
    (fold,) = small.plan.folds
    folds, space = parts_of(small, fold.train), Space.of(small, fold.train)
    draw, value = np.random.default_rng(0), small.target.value
    wide = 2 + space.parts[0].axes.shape[1] if space.parts[0].axes is not None else 2 + len(space.parts[0].fill)
    noise = draw.normal(size=(len(value), wide)).astype(np.float32)
    good = [value[part.validation, None].astype(np.float32) for part in folds]
    assert chosen(small, space, folds, HeldOut(noise, good), "auto") == HEAD
    assert chosen(small, space, folds, HeldOut(noise, good), TREES) in (TREES, AXES)
    bad = [np.float32(draw.normal(size=(len(part.validation), 1))) for part in folds]
    loud = noise.copy()
    loud[:, 1] = value
    assert chosen(small, space, folds, HeldOut(loud, bad), "auto") in (TREES, AXES)


def test_a_climb_cut_while_it_trains_for_the_trees_goes_on(small, notebook):
    job = replace(small, settings={**small.settings, "full.fusion": TREES})
    whole = FULL.climb(job)
    beats = iter(range(1000))

    def cut(beat):
        if "without part 2" in beat.what and next(beats) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FULL.climb(replace(job, notebook=notebook, tell=cut))
    started = []
    resumed = FULL.climb(replace(job, notebook=notebook, tell=lambda beat: started.append(beat.what)))
    assert np.array_equal(whole.prediction, resumed.prediction)
    assert whole.choice == resumed.choice
    assert not any("without part 1" in what for what in started)
    assert any("without part 3" in what for what in started)


def test_a_refit_grows_the_trees_anew_on_all_rows(small):
    job = replace(small, settings={**small.settings, "full.fusion": TREES})
    told = []
    model = FULL.refit(replace(job, tell=lambda beat: told.append(beat.what)), {"stop_after": 1, "fusion": TREES})
    assert model.head.kind == "trees"
    assert {"full refit", *(f"full refit without part {k} of 3" for k in (1, 2, 3))} <= set(told)
    assert FULL.refit(job, {"stop_after": 1}).head.kind == "linear"


def test_the_trainings_for_the_trees_are_in_the_cost_and_skipped_by_name(small):
    bare = replace(small, settings={**small.settings, "full.fusion": HEAD})
    alone, both = FULL.predict_cost(bare).seconds, FULL.predict_cost(small).seconds
    assert both > 1.5 * alone
    assert FULL.predict_cost(replace(small, left=lambda: 0.0)).seconds < 0.8 * both
    started = []
    trial = FULL.climb(replace(small, left=lambda: 0.0, tell=lambda beat: started.append(beat.what)))
    assert f"one head over all parts, no trees: {LATE}" in trial.notes
    assert not any("without part" in what for what in started)


def test_training_that_brought_nothing_leaves_nothing_to_see(small):
    still = {**small.settings, "full.rate": 1e-12, "full.head_rate": 1e-12}
    started = []
    trial = FULL.climb(replace(small, settings=still, tell=lambda beat: started.append(beat.what)))
    assert f"one head over all parts, no trees: {NOTHING}" in trial.notes
    assert not any("without part" in what for what in started)


def test_a_row_of_one_part_is_left_alone(make):
    trial = FULL.climb(make(settings={"full.fusion": TREES, "full.epochs": 1}))
    assert "full.fusion trees was not used: the row has one part alone" in trial.notes
    assert "fusion" not in trial.choice


@pytest.mark.parametrize("task", [Task.MULTICLASS, Task.MULTILABEL], ids=str)
def test_classes_and_label_sets_are_served_beside_a_table(make, task):
    job = make(task, rows=64, table=True, settings={"full.fusion": TREES, "full.epochs": 1})
    trial = FULL.climb(job)
    assert trial.choice["fusion"] in (TREES, AXES)
    assert trial.prediction.shape == (1, len(job.plan.judged), job.target.outputs)
    assert np.isfinite(trial.prediction).all()


@pytest.mark.parametrize("name", ["partial", "lora", "contrastive"])
def test_every_way_of_training_is_served(make, name):
    rung = TUNED[name]
    job = make(rows=64, table=True, asked=(name,), settings={f"{name}.fusion": TREES, f"{name}.epochs": 1})
    model = rung.refit(job, {**rung.method.settings(job)[0], "stop_after": 1, "fusion": AXES})
    assert model.head.kind == "trees"
    again_ = FittedModel.from_parts(model.parts())
    assert np.array_equal(again_.predict(job.inputs), model.predict(job.inputs))


@pytest.mark.parametrize(("said", "way"), [({}, HEAD), ({"contrastive.fusion": TREES}, TREES)])
def test_unasked_no_trees_are_grown_where_pairs_alone_train(make, said, way):
    assert TUNED["contrastive"].fusion(make(rows=64, table=True, settings=said)) == way
