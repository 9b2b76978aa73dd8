"""Settings of rungs that train: checked before a row is read, heard by the loop, told in the cost."""

from dataclasses import replace

import numpy as np
import pytest

from rung.adapt import contrastive, costs, starts, tuned
from rung.adapt.costs import FEW, folds_of
from rung.adapt.ground import Ground
from rung.adapt.ladder import rungs
from rung.adapt.runs import agreed
from rung.adapt.settings import checked_settings, for_rungs, known_settings, suit
from rung.adapt.training.loop import train
from rung.adapt.training.rate_finder import HIGHEST, LOWEST
from rung.core.errors import BadOption
from rung.core.stops import Collapse
from rung.core.types import Column, Fold, Role, Task

TUNED = {rung.name: rung for rung in rungs() if getattr(rung, "dear", False)}
ALL = {"asked": TUNED}
pytestmark = pytest.mark.usefixtures("short")


@pytest.mark.parametrize(
    ("role", "fit", "odd"),
    [("image", "crop+mixup", "crop+noise"), ("audio", "noise+mixup", "cutmix"), ("text", "none", "crop")],
)
def test_changes_of_another_sense_than_the_columns_are_refused(role, fit, odd):
    columns = [Column("it", Role(role)), Column("n", Role.NUMBER)]
    suit({"lora.augment": fit, "full.augment": "auto", "lora.rank": 8}, columns)
    with pytest.raises(BadOption, match=r"lora\.augment") as caught:
        suit({"lora.augment": odd}, columns)
    assert caught.value.got == odd.removeprefix("crop+")


def test_settings_are_checked_by_name_and_kind():
    assert checked_settings({"lora.rank": "16", "full.gradual": "yes", "lora.kind": "dora"}) == {
        "lora.rank": 16,
        "full.gradual": True,
        "lora.kind": "dora",
    }
    for name, value, match in (
        ("lora.rnak", 16, "Did you mean 'lora.rank'"),
        ("lora.rank", "many", "a whole number"),
        ("lora.rank", "100000", "1024 at most"),
        ("prefix.tokens", "100000", "256 at most"),
        ("lora.kind", "big", "one of plain, rslora, dora"),
        ("full.gradual", "perhaps", "true or false"),
        ("full.rate", "-1", "more than 0 and less than 1"),
        ("full.rate", "nan", "more than 0 and less than 1"),
        ("full.l2sp", "-1", "0 or more"),
        ("full.batch", "0", "1 or more"),
        ("contrastive.batch", "4", "8 or more"),
        ("adapter.size", "0", "1 or more"),
        ("full.smoothing", "2", "0 or more and less than 1"),
        ("full.mixout", "1", "0 or more and less than 1"),
        ("full.warmup", "3", "0 or more, 1 at most"),
    ):
        with pytest.raises(BadOption, match=match):
            checked_settings({name: value})
    assert {name.partition(".")[0] for name in known_settings()} == set(TUNED)


def test_the_rate_is_the_users_or_found_by_a_range_test(make):
    rung = TUNED["full"]
    jobs = [make(rate=rate, **ALL) for rate in (None, 1e-6)]
    own, slow = (rung.refit(job, {"stop_after": 2}).predict(job.inputs) for job in jobs)
    assert not np.allclose(own, slow, atol=1e-6)
    trial = rung.climb(make(rate="find", **ALL))
    assert LOWEST <= trial.choice["rate"] <= HIGHEST
    assert f"the range test found a rate of {trial.choice['rate']:.1g}" in trial.notes


def test_weights_that_stayed_are_not_counted_as_trained_and_the_notes_say_so(make):
    job = make(**ALL, settings={"full.rate": 1e-12, "full.head_rate": 1e-12})
    trial = TUNED["full"].climb(job)
    assert trial.choice["stop_after"] == 0
    assert trial.trained == job.tunable.card.width * job.target.outputs + job.target.outputs
    assert any("training brought nothing" in note for note in trial.notes)


def test_settings_that_this_job_has_no_use_for_are_said(make):
    settings = {"partial.smoothing": 0.1, "partial.imbalance": "focal", "partial.k": 9}
    notes = TUNED["partial"].climb(make(Task.REGRESSION, **ALL, settings=settings)).notes
    assert "partial.smoothing 0.1 was not used: it is for targets of one class a row" in notes
    assert "partial.imbalance focal was not used: it is for targets of one class a row" in notes
    assert "partial.k 9 was cut to the 2 blocks that there are" in notes
    one = TUNED["partial"].climb(make(**ALL, settings={"partial.k": 1, "partial.gradual": True})).notes
    assert "partial.gradual was not used: one block alone is trained" in one
    assert not any("was not used" in note for note in TUNED["full"].climb(make(**ALL)).notes)


@pytest.mark.parametrize("option", ["lr", "search"])
def test_options_of_training_want_a_rung_that_trains(option):
    for_rungs({}, ["prior", "lora"], {option: 3})
    for_rungs({}, ["prior", "frozen"], {option: None})
    with pytest.raises(BadOption, match=rf"--{option}: wanted a rung that trains among those tried: prior, frozen"):
        for_rungs({}, ["prior", "frozen"], {option: 3})


@pytest.mark.parametrize("said", ["auto", "none", "weights", "focal"])
def test_class_weights_are_taken_where_the_head_took_them_unless_the_user_says(make, monkeypatch, said):
    heard = []
    monkeypatch.setattr(tuned, "train", lambda *given: heard.append(given[-1].weight_C) or train(*given))
    begun = tuned.begin
    rung, rows = TUNED["full"], np.r_[np.arange(0, 72, 3), 1, 2]  # the toys' classes take turns
    job = make(**ALL, settings={"full.imbalance": said})
    for head in (True, False):
        monkeypatch.setattr(tuned, "begin", lambda *a, head=head, **k: replace(begun(*a, **k), weighted=head))
        rung._train(Ground.of(job), rows, {}, "it", aside=None)
    assert [each is not None for each in heard] == [said in ("auto", "weights"), said == "weights"]


@pytest.mark.parametrize("better", [1, 2])
def test_of_partials_settings_the_one_that_scores_best_on_rows_set_aside_is_taken(make, monkeypatch, better):
    rung = TUNED["partial"]
    train = rung._train

    def scored(ground, rows, setting, *rest, **more):
        return replace(train(ground, rows, setting, *rest, **more), score=float(setting["k"] == better))

    monkeypatch.setattr(rung, "_train", scored)
    monkeypatch.setattr(rung.method, "settings", lambda _: [{"k": 1}, {"k": 2}])
    assert rung.climb(make(**ALL)).choice["k"] == better


def test_more_blocks_than_there_are_are_all(make):
    for name in ("partial", "contrastive"):
        job = make(**ALL, settings={f"{name}.k": 9})
        assert TUNED[name].method.settings(job)[0]["k"] == 2


def test_a_range_test_and_a_search_are_in_the_cost(make):
    usual = TUNED["full"].predict_cost(make(**ALL)).seconds
    assert TUNED["full"].predict_cost(replace(make(**ALL), rate="find")).seconds > usual
    assert TUNED["full"].predict_cost(replace(make(**ALL), search=8)).seconds > 4 * usual


def test_the_cost_covers_every_fold(make):
    one, three = (TUNED["full"].predict_cost(make(folds=folds, **ALL)) for folds in (1, 3))
    assert 0 < one.seconds < three.seconds
    assert one.memory > 0


def test_activations_that_are_kept_of_all_rows_are_in_the_cost(make, monkeypatch):
    """Measured on a sample of 24 rows, six and the two longest: bfloat16, of all tokens, once for each freeze line."""
    monkeypatch.setattr(starts, "SAMPLE", 6)
    monkeypatch.setattr(costs, "BATCH", 2)
    job = make(**ALL)
    ground = Ground.of(job)
    lines = [setting["k"] for setting in TUNED["partial"].method.settings(job)]
    all_bytes = 2 * int(ground.rows(0, None).length_N.sum()) * job.tunable.card.width * len(lines)
    small, _ = starts.sampled(job, np.argsort(-ground.rows(0, None).length_N, kind="stable")[:2])
    of_sample = sum(kept.bits_U.nbytes for k in lines for kept in Ground.of(small).rows(k, None).kept)
    assert 0 < of_sample < all_bytes / 2
    assert TUNED["partial"].predict_cost(job).mapped == pytest.approx(all_bytes - of_sample, abs=2)
    assert sum(kept.bits_U.nbytes for k in lines for kept in ground.rows(k, None).kept) == all_bytes
    assert TUNED["full"].predict_cost(job).mapped == 0


@pytest.mark.parametrize(
    ("rung", "rows", "more", "folds"),
    [
        ("lora", 24, {}, 4),
        ("lora", 24, {"left": lambda: 1e6}, 2),
        ("lora", 24, {"search": 4}, 2),
        ("lora", FEW + 2, {}, 2),
        ("scratch", 24, {}, 2),
    ],
)
def test_of_few_rows_both_repeats_judge_where_no_budget_is_short(make, rung, rows, more, folds):
    job = make(rows=rows, folds=2, **more)
    again = tuple(replace(fold, repeat=1) for fold in job.plan.folds)
    job = replace(job, plan=replace(job.plan, folds=(*job.plan.folds, *again)))
    assert len(folds_of(TUNED[rung], job)) == folds


def test_a_rung_is_judged_on_each_repeat(make):
    job = make(rows=24, folds=2, settings={"lora.epochs": 1})
    turned = np.arange(24) < 12
    again = (
        Fold(np.flatnonzero(turned), np.flatnonzero(~turned), 1),
        Fold(np.flatnonzero(~turned), np.flatnonzero(turned), 1),
    )
    job = replace(job, plan=replace(job.plan, folds=(*job.plan.folds, *again)))
    trial = TUNED["lora"].climb(job)
    assert trial.prediction.shape == (2, 24, job.target.outputs)
    assert (trial.prediction.sum(2) > 0.99).all()
    assert not np.allclose(*trial.prediction)


def test_of_few_rows_settings_that_only_training_after_pairs_hears_are_said_to_be_unused(make):
    said = {"contrastive.smoothing": 0.1, "contrastive.micro": 4, "contrastive.rate": 1e-4}
    notes = TUNED["contrastive"].climb(make(rows=40, settings=said, **ALL)).notes
    idle = "was not used: of so few rows the head is fitted, not trained"
    assert {note for note in notes if idle in note} == {f"contrastive.{name} {idle}" for name in ("smoothing", "micro")}


def test_pairs_that_draw_all_rows_into_one_point_collapse_within_a_tenth(make, monkeypatch):
    monkeypatch.setattr(contrastive, "LEAST_STEPS", 70)
    monkeypatch.setattr(contrastive, "MOST_STEPS", 70)
    with pytest.raises(Collapse, match="same embedding after 7 of 70 steps"):  # at a thousand times its rate
        TUNED["contrastive"].climb(make(rows=40, settings={"contrastive.rate": 0.15}, **ALL))


@pytest.mark.parametrize("spread", [0.0, 1e-6])
def test_one_point_is_one_direction_whatever_its_length(spread):
    draw = np.random.default_rng(0)
    z = (1 + spread * draw.normal(size=(20, 8))) * draw.uniform(1, 9, size=(20, 1))
    assert contrastive.one_point(z.astype(np.float32))
    assert not contrastive.one_point(draw.normal(size=(20, 8)).astype(np.float32))


def test_what_the_folds_found_goes_on_together():
    """The middle by epochs brings its own blend: no median of each, which no fold judged."""
    found = [(0, 1.0, True), (1, 0.5, False), (2, 0.25, True), (2, 1.0, True), (3, 0.5, False)]
    choices = [dict(zip(("stop_after", "wise", "soup"), each, strict=True)) for each in found]
    assert agreed(choices) == {"stop_after": 2, "wise": 0.25, "soup": True}
