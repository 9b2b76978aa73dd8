"""What a fit hands over is read back from its files before it says that it is done."""

import json
from dataclasses import replace

import polars as pl
import pytest

import rung
from rung.bundle.write import write_bundle
from rung.core.errors import BundleError


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
    assert run.manifest["reread"] == {"rows": 64, "apart": pytest.approx(0.0, abs=1e-6)}
    assert "Read back from its files it said of 64 rows what was scored" in (run.path / "report.html").read_text()


@pytest.mark.parametrize("spoil", [other_way_round, relabelled])
def test_a_head_or_labels_that_change_on_the_way_to_disk_are_no_run(fake, paragraphs, tmp_path, spoilt, spoil):
    spoilt(spoil)
    with pytest.raises(BundleError, match="the predictions of the model that was trained, on 64 rows"):
        fit(paragraphs, tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()


def test_what_was_trained_is_kept_where_the_bundle_went_wrong(fake, paragraphs, tmp_path, spoilt):
    spoilt(other_way_round)
    with pytest.raises(BundleError):
        fit(paragraphs, tmp_path / "run")
    spoilt(lambda manifest, parts: (manifest, parts))
    assert fit(paragraphs, tmp_path / "run", resume=True).manifest["reread"]["rows"] == 64
    events = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert any(event["event"] == "start" and event["resume"] for event in events)


def test_values_are_compared_by_their_spread(fake, paragraphs, tmp_path):
    long = paragraphs.select("text", pl.col("text").str.len_chars().cast(pl.Float64).alias("length") * 1e6)
    run = rung.fit(long, target="length", rungs="classic", out=tmp_path / "run", seed=1)
    assert run.manifest["reread"]["apart"] < 1e-3
