"""Rows that belong together count as one draw in every interval: in the fit, in its file, in a comparison."""

import numpy as np
import polars as pl
import pytest

from rung.metrics.interval import interval_of, resamples
from rung.metrics.table import named
from rung.recipes.compare import compare
from rung.recipes.fit import fit

pytestmark = pytest.mark.journey


def test_kept_predictions_name_the_units_that_intervals_resample(fake, paragraphs, tmp_path):
    grouped = paragraphs.with_columns(house=pl.int_range(len(paragraphs)) // 8)
    run = fit(grouped, target="label", group="house", max_rung="prior", out=tmp_path / "run")
    kept = pl.read_parquet(run.path / "predictions.parquet").filter(pl.col("split") == "test")
    houses = grouped["house"][kept["row"].to_list()]
    assert kept["unit"].n_unique() <= houses.n_unique() < len(kept)
    again = interval_of(
        named("accuracy", run.task),
        np.array([run.labels.index(label) for label in kept["target"]]),
        np.array(kept["delivered:p"].to_list(), np.float32),
        cluster=kept["unit"].to_numpy(),
    )
    assert again == run.evidence.test["accuracy"]


def test_comparing_two_runs_counts_their_units(fake, paragraphs, tmp_path):
    grouped = paragraphs.with_columns(house=pl.int_range(len(paragraphs)) // 8)
    runs = [
        fit(grouped, target="label", group="house", max_rung=rung, out=tmp_path / rung) for rung in ("prior", "classic")
    ]
    alone = pl.read_parquet(runs[1].path / "predictions.parquet").filter(pl.col("split") == "test")
    found = compare(runs[1], runs[0])
    right = (alone["delivered"] == alone["target"]).to_numpy()
    draws = resamples(len(alone), seed=0, cluster=alone["unit"].to_numpy())
    assert draws.clustered
    assert found.scores["first"].value == pytest.approx(right.mean())
    assert found.scores["first"] == interval_of(
        named("accuracy", runs[1].task), right.astype(np.int64), np.eye(2, dtype=np.float32)[[1] * len(alone)],
        cluster=alone["unit"].to_numpy(),
    )  # fmt: skip


def test_slices_count_units_as_the_whole_does(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", max_rung="classic", out=tmp_path / "run")
    twice = pl.concat([paragraphs, paragraphs]).with_columns(one=pl.lit("same"))
    found = run.evaluate(twice, slices=["one"])
    single = run.evaluate(paragraphs.with_columns(one=pl.lit("same")), slices=["one"])
    width = [each.slices[0]["scores"]["accuracy"] for each in (found, single)]
    assert width[0]["high"] - width[0]["low"] > 0.9 * (width[1]["high"] - width[1]["low"])
