"""Ranking sees training rows alone, says why a candidate is out, and a fit climbs with the first."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import rung
from rung.core.errors import BadOption, MissingExtra, NoBackbone, NothingToLearnFrom, UsageError
from rung.core.evidence import Evidence
from rung.core.types import Task
from rung.recipes.fit import fit
from rung.testing.fakes import FakeEmbedder
from rung.testing.toys import toy_table

pytestmark = pytest.mark.journey


def fake(width, **facts):
    embedder = FakeEmbedder(width=width)
    embedder.card = replace(embedder.card, **facts)
    return embedder


@pytest.fixture
def shelf(monkeypatch):
    """Backbones by name: `wide` tells words apart, `narrow` hardly, the others can't be taken."""
    known = {
        "narrow": fake(2, size_bytes=10_000_000),
        "wide": fake(64, size_bytes=200_000_000),
        "bound": fake(64, licence="CC-BY-NC-4.0"),
        "seeing": fake(64, modality="image"),
    }
    asked = []

    def load(name, **_):
        asked.append(name)
        if name == "missing":
            raise MissingExtra("onnxruntime", wanted="it", got="none", fix='pip install "rung[onnx]"')
        if name not in known:
            raise NoBackbone(f"backbone {name}", wanted="a folder", got="nothing")
        return known[name]

    monkeypatch.setattr("rung.recipes.choice.load_backbone", load)
    known["asked"] = asked
    return known


def statuses(found):
    return {each.id: each.status for each in found.backbones}


def test_the_one_that_tells_the_classes_apart_comes_first(shelf, paragraphs):
    found = rung.rank(paragraphs, target="label", backbone=["narrow", "wide"])
    assert [each.id for each in found.backbones] == ["wide", "narrow"]
    assert found.chosen == "wide"
    first, second = found.backbones
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
    shelf["twin"] = fake(64)
    found = rung.rank(paragraphs, target="label", backbone=["wide", "twin", "narrow"])
    assert [each.tied for each in found.backbones] == [True, True, False]
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
    broken = fake(8)
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
    shelf["mild"] = fake(64, licence="MIT")
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
    with pytest.raises(NothingToLearnFrom, match="text, images or sounds"):
        rung.rank(table, target="label", backbone="wide")


def test_wrong_options_are_told_together(paragraphs):
    with pytest.raises(BadOption, match=r"(?s)--max-latency.*--max-size.*rung rank --help"):
        rung.rank(paragraphs, target="label", max_latency="soon", max_size="big")


def test_a_fit_climbs_with_the_first_and_tells_of_it(shelf, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", backbone=["narrow", "wide", "nope"], rungs="frozen", out=tmp_path / "run")
    kept = Evidence.from_json((run.path / "evidence.json").read_bytes()).ranking
    assert kept == run.evidence.ranking
    assert kept.chosen == "wide"
    assert kept.rows == run.evidence.rows["train"]
    assert run.manifest["backbone"]["width"] == 64
    assert "Which backbone" in (run.path / "report.html").read_text()
    audit = (run.path / "audit.json").read_text()
    assert "3 backbones were compared" in audit


def test_test_rows_change_nothing_of_the_ranking(shelf, paragraphs, tmp_path, monkeypatch):
    monkeypatch.setattr("rung.recipes.rank.milliseconds", lambda *_: 1.0)
    train, test = paragraphs[::2], paragraphs[1::2]
    found = []
    for name, part in (("clean", test), ("other", test.with_columns(pl.col("label").shuffle(seed=1)))):
        run = fit(train, target="label", test=part, backbone=["narrow", "wide"], rungs="frozen", out=tmp_path / name)
        found.append([replace(each, seconds=0) for each in run.evidence.ranking.backbones])
    assert found[0] == found[1]


def test_no_row_is_embedded_twice_for_having_been_ranked(shelf, paragraphs, tmp_path):
    fit(paragraphs, target="label", backbone=["narrow", "wide"], rungs="frozen", out=tmp_path / "run")
    assert shelf["wide"].rows == paragraphs["text"].n_unique()
    assert shelf["narrow"].rows < shelf["wide"].rows  # test rows pass the chosen one alone


def test_one_candidate_is_not_ranked(shelf, paragraphs, tmp_path, monkeypatch):
    monkeypatch.setattr("rung.recipes.pick.ranking", None)
    run = fit(paragraphs, target="label", backbone="wide", rungs="frozen", out=tmp_path / "run")
    assert run.evidence.ranking is None


def test_limits_hold_for_one_candidate_too(shelf, paragraphs, tmp_path):
    for limits in ({"max_size": "100MB"}, {"licence": "mit"}, {"max_latency": "0.000001ms"}):
        with pytest.raises(NoBackbone, match="within the limits"):
            fit(paragraphs, target="label", backbone="wide", rungs="frozen", out=tmp_path / "run", **limits)
    assert not (tmp_path / "run").exists()


def test_limits_without_a_rung_that_uses_a_backbone_are_refused(shelf, paragraphs, tmp_path):
    with pytest.raises(UsageError, match="a rung that uses one"):
        fit(paragraphs, target="label", max_size="1MB", rungs="classic", out=tmp_path / "run")


def test_a_ranking_that_does_not_fit_the_budget_is_skipped_by_name(shelf, paragraphs, tmp_path, monkeypatch):
    monkeypatch.setattr("rung.recipes.rank.probe_seconds", lambda job, width: 0.0 if width == 2 else 1e6)
    run = fit(
        paragraphs,
        target="label",
        backbone=["narrow", "wide", "bound"],
        budget="5m",
        rungs="frozen",
        out=tmp_path / "a",
    )
    assert statuses(run.evidence.ranking) == {"narrow": "ranked", "wide": "skipped", "bound": "skipped"}
    assert run.evidence.ranking.chosen == "narrow"
    run = fit(paragraphs, target="label", backbone=["wide", "narrow"], budget="5m", rungs="frozen", out=tmp_path / "b")
    assert run.evidence.ranking.chosen == "wide"
    assert "no time to rank" in run.evidence.ranking.why
    assert "1000000 s, more than the" in run.evidence.ranking.backbones[0].why


def test_a_resumed_fit_ranks_no_second_time(shelf, paragraphs, tmp_path, monkeypatch):
    from rung.adapt.frozen import Frozen

    class Stop(BaseException):
        pass

    def stop(self, job):
        raise Stop

    asked = {"target": "label", "backbone": ["narrow", "wide"], "rungs": "frozen", "out": tmp_path / "run"}
    with monkeypatch.context() as patch:
        patch.setattr(Frozen, "climb", stop)
        with pytest.raises(Stop):
            fit(paragraphs, **asked)
    monkeypatch.setattr("rung.recipes.pick.ranking", None)
    run = fit(paragraphs, **asked, resume=True)
    assert run.evidence.ranking.chosen == "wide"
    assert run.evidence.rung("frozen").status == "tried"
