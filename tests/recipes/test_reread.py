"""What a fit hands over is read back from its files before it says that it is done."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import rung
from rung.adapt.frozen import Frozen
from rung.bundle.write import write_bundle
from rung.core.errors import BundleError, TooFewRows
from rung.recipes.reread import reread


@pytest.fixture
def spoilt(monkeypatch):
    """Bundles that are written otherwise than they were handed over."""

    def put(spoil):
        def write(folder, manifest, parts, **more):
            manifest, parts = spoil(manifest, parts)
            return write_bundle(folder, manifest, parts, **more)

        monkeypatch.setattr("rung.recipes.write.write_bundle", write)

    return put


def other_way_round(manifest, parts):
    turned = {name: each[..., ::-1].copy() if each.ndim > 1 else each for name, each in parts.tensors.items()}
    return manifest, replace(parts, tensors=turned)


def relabelled(manifest, parts):
    return manifest.model_copy(update={"labels": manifest.labels[::-1]}), parts


def fit(paragraphs, out, **more):
    return rung.fit(paragraphs, target="label", rungs="frozen", out=out, seed=1, **more)


def test_a_run_says_how_many_rows_were_read_back(fake, paragraphs, tmp_path):
    run = fit(paragraphs, tmp_path / "run")
    assert run.manifest["reread"] == {"rows": 32, "same": 32, "apart": pytest.approx(0.0, abs=1e-6)}
    assert "Read back from its files, it said of 32 rows what was scored" in (run.path / "report.html").read_text()


def test_without_test_rows_those_that_trained_are_read_back(fake, paragraphs, tmp_path):
    run = fit(paragraphs, tmp_path / "run", test=0)
    assert run.evidence.test == {}
    assert (run.manifest["reread"]["rows"], run.manifest["reread"]["same"]) == (32, 32)


@pytest.mark.parametrize("spoil", [other_way_round, relabelled])
def test_a_head_or_labels_that_change_on_the_way_to_disk_are_no_run(fake, paragraphs, tmp_path, spoilt, spoil):
    spoilt(spoil)
    with pytest.raises(BundleError, match=r"wanted the predictions of the model that was trained, got .* of 32 rows"):
        fit(paragraphs, tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()


def test_what_was_trained_is_kept_where_the_bundle_went_wrong(fake, paragraphs, tmp_path, spoilt, monkeypatch):
    spoilt(other_way_round)
    with pytest.raises(BundleError):
        fit(paragraphs, tmp_path / "run")
    spoilt(lambda manifest, parts: (manifest, parts))
    monkeypatch.setattr(Frozen, "climb", None)
    assert fit(paragraphs, tmp_path / "run", resume=True).manifest["reread"]["same"] == 32


def test_rows_pass_the_backbone_anew(fake, paragraphs, tmp_path, monkeypatch):
    run = fit(paragraphs, tmp_path / "run")
    monkeypatch.setattr(fake, "uncached", lambda items: np.zeros((len(items), fake.card.width), np.float32))
    with pytest.raises(BundleError):
        reread(run.path / "model", paragraphs[:32], run.predict_proba(paragraphs[:32]), run.labels)


@pytest.mark.parametrize(("other", "same"), [(0, 32), (3, 29), (4, None)])
def test_a_tenth_of_the_rows_may_tip(fake, paragraphs, tmp_path, other, same):
    run = fit(paragraphs, tmp_path / "run")
    scored = run.predict_proba(paragraphs[:32])
    scored[:other] = scored[:other, ::-1]
    if same is None:
        with pytest.raises(BundleError, match="of 4 of 32 rows"):
            reread(run.path / "model", paragraphs[:32], scored, run.labels)
    else:
        assert reread(run.path / "model", paragraphs[:32], scored, run.labels).same == same


def test_a_value_that_is_no_number_is_no_agreement(fake, paragraphs, tmp_path):
    run = fit(paragraphs, tmp_path / "run")
    scored = run.predict_proba(paragraphs[:32])
    scored[0] = np.nan
    found = reread(run.path / "model", paragraphs[:32], scored, run.labels)
    assert (found.same, found.apart) == (31, None)


@pytest.mark.parametrize(("by", "agrees"), [(5e-4, True), (3e-3, False)])
def test_values_are_compared_by_their_spread(fake, paragraphs, tmp_path, by, agrees):
    long = paragraphs.select("text", pl.col("text").str.len_chars().cast(pl.Float64).alias("length") * 1e6)
    run = rung.fit(long, target="length", rungs="classic", out=tmp_path / "run", seed=1)
    said = run.predict_proba(long[:32])
    moved = said + by * said.std()
    if agrees:
        assert reread(run.path / "model", long[:32], moved, ()).same == 32
    else:
        with pytest.raises(BundleError):
            reread(run.path / "model", long[:32], moved, ())


def test_a_machine_without_memory_for_a_second_backbone_ends_the_fit_all_the_same(
    fake, paragraphs, tmp_path, monkeypatch
):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr("rung.recipes.reread.load", full)
    run = fit(paragraphs, tmp_path / "run")
    assert run.manifest["reread"]["rows"] == 0
    assert "Read back from its files" not in (run.path / "report.html").read_text()


def test_regression_judged_by_too_few_rows_for_an_interval_is_read_back(paragraphs, tmp_path):
    rows = pl.DataFrame({"day": range(30), "size": [float(7 * i % 11) for i in range(30)], "price": range(30)})
    run = rung.fit(rows, target="price", time="day", rungs="classic", out=tmp_path / "run", seed=1)
    assert run.evidence.half_width is None
    table = rung.predict(run, rows)
    assert table["upper"].is_infinite().all()
    assert rung.evaluate(run, rows).scores["coverage_90"].value == run.evidence.test["coverage_90"].value == 1.0


def test_rows_without_any_label_cannot_be_scored(fake, paragraphs, tmp_path):
    run = fit(paragraphs, tmp_path / "run")
    bare = paragraphs[:5].with_columns(label=pl.lit(None, pl.String))
    with pytest.raises(TooFewRows, match="wanted a row with a label, got none in 5 rows"):
        rung.evaluate(run, bare)
