"""Ranking orders candidates by what they tell on rows out of fold, and says why one is out."""

import numpy as np
import polars as pl
import pytest

import rung
from rung.core.errors import BadOption, NoBackbone, NothingToLearnFrom
from rung.core.types import Task
from rung.testing.toys import toy_table

pytestmark = pytest.mark.journey


def statuses(found):
    return {each.id: each.status for each in found.backbones}


def test_the_one_that_tells_the_classes_apart_comes_first(shelf, paragraphs):
    found = rung.rank(paragraphs, target="label", backbone=["narrow", "wide"])
    assert [each.id for each in found.backbones] == ["wide", "narrow", "wide + narrow"]
    assert found.chosen == "wide"
    first, second, _ = found.backbones
    assert first.score.low <= first.score.value <= first.score.high
    assert first.logme > second.logme
    assert first.hscore > second.hscore
    assert second.behind.bound > 0
    assert "over narrow" in found.why


def test_the_probe_is_out_of_fold(shelf):
    drawn = toy_table(120).with_columns(pl.Series("label", np.random.default_rng(0).integers(0, 2, 120).astype(str)))
    found = rung.rank(drawn.select("text", "label"), target="label", backbone="wide")
    assert found.backbones[0].score.low < 0.55  # on rows that trained it, drawn labels would be learnt by heart


def test_what_noise_cannot_tell_apart_is_left_to_logme(shelf, paragraphs):
    shelf["twin"] = shelf["make"](64)
    found = rung.rank(paragraphs, target="label", backbone=["wide", "twin", "narrow"])
    assert [each.tied for each in found.backbones] == [True, True, False, False]
    assert "LogME" in found.why


def test_a_candidate_that_cannot_be_had_is_a_line_with_its_reason(shelf, paragraphs):
    found = rung.rank(paragraphs, target="label", backbone=["nope", "missing", "seeing", "wide"])
    assert statuses(found) == {"wide": "ranked", "nope": "failed", "missing": "failed", "seeing": "refused"}
    assert "rung[onnx]" in found.backbone("missing").why
    assert "reads image" in found.backbone("seeing").why


def test_none_that_can_be_had_is_an_error_with_every_reason(shelf, paragraphs):
    with pytest.raises(NoBackbone, match=r"nope.*seeing"):
        rung.rank(paragraphs, target="label", backbone=["nope", "seeing"])


def test_embeddings_that_are_not_finite_fail(shelf, paragraphs, monkeypatch):
    broken = shelf["make"](8)
    monkeypatch.setattr(type(broken), "__call__", lambda self, items, tell=None: np.full((len(items), 8), np.nan, "f4"))
    shelf["broken"] = broken
    with pytest.raises(NoBackbone, match="not finite"):
        rung.rank(paragraphs, target="label", backbone=["broken"])


def test_max_size_refuses(shelf, paragraphs):
    found = rung.rank(paragraphs, target="label", backbone=["narrow", "wide"], max_size="100MB")
    assert statuses(found) == {"narrow": "ranked", "wide": "refused"}
    assert "200 MB, more than 100 MB" in found.backbone("wide").why
    assert shelf["wide"].rows == 0


def test_licence_refuses(shelf, paragraphs):
    found = rung.rank(paragraphs, target="label", backbone=["bound", "wide"], licence="permissive")
    assert statuses(found) == {"wide": "ranked", "bound": "refused"}
    assert "CC-BY-NC-4.0, not a permissive one" in found.backbone("bound").why


def test_a_licence_that_the_catalog_knows_is_refused_before_anything_is_loaded(shelf, paragraphs):
    shelf["mild"] = shelf["make"](64, licence="MIT")
    found = rung.rank(paragraphs, target="label", backbone=["all-MiniLM-L6-v2", "mild"], licence="MIT")
    assert statuses(found) == {"mild": "ranked", "all-MiniLM-L6-v2": "refused"}
    assert set(shelf["asked"]) == {"mild"}


def test_max_latency_refuses(shelf, paragraphs, monkeypatch):
    monkeypatch.setattr("rung.recipes.rank.milliseconds", lambda embedder, _: embedder.card.width)
    found = rung.rank(paragraphs, target="label", backbone=["narrow", "wide"], max_latency="5ms")
    assert statuses(found) == {"narrow": "ranked", "wide": "refused"}
    assert "64 ms here, more than 5.0 ms" in found.backbone("wide").why


def test_left_out_every_entry_on_this_machine_is_a_candidate(shelf, paragraphs, monkeypatch):
    monkeypatch.setattr("rung.recipes.rank.on_this_machine", lambda modality: ("narrow", "wide"))
    assert statuses(rung.rank(paragraphs, target="label")) == {"narrow": "ranked", "wide": "ranked"}


@pytest.mark.parametrize("task", ["regression", "multilabel"])
def test_other_targets_are_ranked_too(shelf, task):
    table = toy_table(150, task=Task(task)).select("text", "label")
    found = rung.rank(table, target="label", task=task, backbone=["narrow", "wide"])
    assert found.chosen == "wide"
    assert found.metric == {"regression": "r2", "multilabel": "micro_f1"}[task]


def test_the_metric_seed_and_folds_are_options(shelf, paragraphs):
    one = rung.rank(paragraphs, target="label", backbone="narrow", metric="macro_f1")
    two = rung.rank(paragraphs, target="label", backbone="narrow", metric="macro_f1", seed=1)
    assert one.metric == "macro_f1"
    assert one.backbones[0].score != two.backbones[0].score


def test_a_table_alone_is_refused(shelf):
    table = pl.DataFrame({"x": np.arange(60) / 7, "label": np.arange(60) % 2})
    with pytest.raises(NothingToLearnFrom, match="text, images, sounds or series"):
        rung.rank(table, target="label", backbone="wide")


def test_wrong_options_are_told_together(paragraphs):
    with pytest.raises(BadOption, match=r"(?s)--max-latency.*--max-size.*rung rank --help"):
        rung.rank(paragraphs, target="label", max_latency="soon", max_size="big")


@pytest.fixture
def judged(shelf, monkeypatch):
    """The jobs that probes were given."""
    from rung.adapt.probe import probe

    jobs = []
    monkeypatch.setattr("rung.recipes.rank.probe", lambda job: (jobs.append(job), probe(job))[1])
    return jobs


def test_groups_stay_whole_and_the_newest_rows_judge(judged, paragraphs):
    n = len(paragraphs)
    table = paragraphs.with_columns(
        pl.Series("author", [f"author {i % 60}" for i in range(n)]),
        pl.Series("day", [f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(n)]),
    )
    rung.rank(table, target="label", backbone="wide", group="author")
    rung.rank(table, target="label", backbone="wide", time="day", column={"author": "ignore"})
    grouped, timed = (job.plan for job in judged)
    assert len(np.unique(grouped.cluster)) <= 60
    assert timed.kind == "holdout"
    assert [column.name for column in judged[0].columns] == ["text"]


def test_a_column_can_be_left_out(judged, paragraphs):
    table = paragraphs.with_columns(pl.col("text").str.slice(0, 40).alias("start"))
    rung.rank(table, target="label", backbone="wide", column={"start": "text"})
    rung.rank(table, target="label", backbone="wide", column={"start": "ignore"})
    assert [len(job.inputs.parts) for job in judged] == [2, 1]


def test_no_more_than_1500_rows_are_looked_at(judged, monkeypatch, paragraphs):
    monkeypatch.setattr("rung.recipes.rank.ROWS", 100)
    found = rung.rank(paragraphs, target="label", backbone="wide")
    assert found.rows == len(judged[0].target) == 100
    assert np.ptp(np.bincount(judged[0].target.value, minlength=4)) <= 2  # near copies come or stay together


def test_the_test_part_of_a_folder_stays_closed(judged, paragraphs, tmp_path):
    for part, rows in (("train", paragraphs[::2]), ("test", paragraphs[1::2])):
        rows.write_csv(tmp_path / f"{part}.csv")
    assert rung.rank(tmp_path, target="label", backbone="wide").rows == len(paragraphs[::2])


def test_device_and_workers_are_passed_on(shelf, paragraphs, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "rung.recipes.choice.load_backbone", lambda name, **how: (asked.append(how["device"]), shelf[name])[1]
    )
    monkeypatch.setattr("rung.recipes.rank.use_threads", asked.append)
    rung.rank(paragraphs, target="label", backbone="wide", device="cpu", workers=1)
    assert asked == [1, "cpu"]


def test_what_would_have_to_be_fetched_is_refused_by_what_the_catalog_knows(shelf, paragraphs, monkeypatch):
    monkeypatch.setattr("rung.recipes.limits.here", lambda entry: None)
    names = ["wide", "hf:answerdotai/ModernBERT-base"]
    found = rung.rank(paragraphs, target="label", backbone=names, max_size="300MB")
    assert found.backbone(names[1]).status == "refused"
    assert "about 596 MB" in found.backbone(names[1]).why
    assert shelf["asked"] == ["wide"]


def test_an_entry_without_its_weights_is_not_on_this_machine(monkeypatch, tmp_path):
    from rung.recipes.choice import on_this_machine

    monkeypatch.setattr("rung.recipes.choice.here", lambda entry: tmp_path)
    assert on_this_machine("text") == ()
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert on_this_machine("text")[0] == "all-MiniLM-L6-v2"
