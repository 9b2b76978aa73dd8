"""A fit that may take several backbones ranks them on its training rows, once, and climbs with the first."""

from dataclasses import replace

import polars as pl
import pytest

from rung.core.errors import NoBackbone, UsageError
from rung.core.evidence import Evidence
from rung.recipes.fit import fit

pytestmark = pytest.mark.journey


def statuses(found):
    return {each.id: each.status for each in found.backbones}


def test_a_fit_climbs_with_the_first_and_tells_of_it(shelf, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", backbone=["narrow", "wide", "nope"], rungs="frozen", out=tmp_path / "run")
    kept = Evidence.from_json((run.path / "evidence.json").read_bytes()).ranking
    assert kept == run.evidence.ranking
    assert kept.chosen == "wide"
    assert kept.rows == run.evidence.rows["train"]
    assert run.manifest["backbone"]["width"] == 64
    assert "Which backbone" in (run.path / "report.html").read_text()
    audit = (run.path / "audit.json").read_text()
    assert "4 backbones were compared" in audit


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
    names = 2 * paragraphs["label"].n_unique()  # of each class, in two templates
    assert shelf["wide"].rows == paragraphs["text"].n_unique() + names
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
