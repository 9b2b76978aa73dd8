"""Series go the whole way: fit, predict, evaluate, report, and what a table may lack."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import rung
from rung.core.errors import BadOption, UsageError
from rung.testing.curves import curves, tiny_series
from rung.testing.senses import tiny_sense

pytestmark = pytest.mark.journey
N, T = 60, 24
KIND = np.arange(N) % 2
X = np.stack([item.values()[0] for item in curves(KIND, steps=T)])
LABEL = [f"kind {kind}" for kind in KIND]
STEPS = {f"t{i}": X[:, i] for i in range(T)}
AGAIN = """
import sys
import numpy as np
import polars as pl
import rung
np.save(sys.argv[3], rung.load(sys.argv[1]).predict_proba(pl.read_parquet(sys.argv[2])))
"""


@pytest.fixture(scope="module")
def table():
    return pl.DataFrame(STEPS | {"label": LABEL})


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    return rung.fit(table, target="label", rungs="classic", out=tmp_path_factory.mktemp("series") / "run")


def test_classic_learns_the_toy_and_says_what_the_series_is_made_of(run):
    scores = {step.name: step.score.value for step in run.evidence.rungs}
    assert scores["classic"] > 0.9 > scores["prior"]
    assert next((column.name, column.why) for column in run.predictor.manifest.columns) == (
        "t",
        "24 columns, t0 to t23",
    )
    assert "24 columns, t0 to t23" in (run.path / "report.html").read_text()


def test_a_fresh_process_predicts_the_same(run, table, tmp_path):
    table.drop("label").write_parquet(tmp_path / "rows.parquet")
    subprocess.run([sys.executable, "-c", AGAIN, run.path, tmp_path / "rows.parquet", tmp_path / "a.npy"], check=True)
    assert np.array_equal(np.load(tmp_path / "a.npy"), run.predict_proba(table))


def test_columns_in_another_order_and_more_of_them_change_nothing(run, table):
    other = table.select(*sorted(STEPS, reverse=True), pl.lit("x").alias("more"))
    assert np.array_equal(run.predict_proba(other), run.predict_proba(table))


def test_lists_and_arrays_are_taken_for_the_columns(run, table):
    wanted = run.predict_proba(table)
    assert np.allclose(run.predict_proba(X.tolist()), wanted, atol=1e-5)
    assert np.allclose(run.predict_proba(X), wanted, atol=1e-5)
    assert np.allclose(run.predict_proba(pl.DataFrame({"t": X.tolist()})), wanted, atol=1e-5)


def test_a_missing_step_is_one_clear_error(run, table):
    with pytest.raises(UsageError, match="wanted all 24 columns, t0 to t23, got none named t5"):
        run.predict_proba(table.drop("t5"))


def test_a_word_costs_its_row_alone(run, table):
    odd = table.with_columns(t3=pl.Series(["abc", *map(str, X[1:, 3])]))
    found = rung.predict(run, odd)
    assert found["error"].to_list()[:2] == ["column 't': 'abc' at step 3, which is no number", ""]
    assert found["prediction"].null_count() == 1


def test_evaluate_reads_the_same_table(run, table):
    assert run.evaluate(table).scores["accuracy"].value > 0.9


def test_a_long_table_gives_a_row_an_id(tmp_path):
    rows = [{"id": i, "when": t, "value": float(X[i, t]), "label": LABEL[i]} for i in range(N) for t in range(T)]
    long = pl.DataFrame(rows).sample(fraction=1, shuffle=True, seed=0)
    roles = {"id": "id", "when": "datetime", "value": "series"}
    run = rung.fit(long, target="label", rungs="classic", column=roles, out=tmp_path / "run")
    found = rung.predict(run, long.drop("label"))
    assert found["id"].to_list() == long["id"].unique(maintain_order=True).to_list()
    right = [said == LABEL[i] for i, said in zip(found["id"], found["prediction"], strict=True)]
    assert np.mean(right) > 0.9


def test_series_stand_beside_columns_of_the_table(table, tmp_path):
    other = table.with_columns(size=pl.Series(np.arange(N) / 7 % 1), town=pl.Series(["a", "b", "c"] * (N // 3)))
    run = rung.fit(other, target="label", rungs="classic", out=tmp_path / "run")
    assert run.evidence.winner == "classic"
    assert [column.role.value for column in run.predictor.manifest.columns] == [
        "series",
        "target",
        "number",
        "category",
    ]


def test_numbers_are_predicted_from_series(tmp_path):
    table = pl.DataFrame(STEPS | {"height": np.abs(X).max(1)})
    run = rung.fit(table, target="height", rungs="classic", out=tmp_path / "run")
    assert run.evidence.task == "regression"
    assert run.evidence.winner == "classic"


def test_without_a_backbone_for_series_the_climb_says_so(table, tmp_path):
    run = rung.fit(table, target="label", max_rung="frozen", out=tmp_path / "run")
    found = {each["check"]: each for each in json.loads((run.path / "audit.json").read_text())["findings"]}
    assert "no series backbone is on this machine" in found["no_backbone"]["what"]
    assert "PatchTST" in found["no_backbone"]["fix"]


@pytest.mark.parametrize("family", ["patchtst", "resnet", "yamnet"])
def test_a_backbone_for_series_images_or_sounds_reads_them(table, tmp_path, family):
    folder = tiny_series(family, tmp_path / family) if family == "patchtst" else tiny_sense(family, tmp_path / family)
    run = rung.fit(table, target="label", rungs="frozen", backbone=str(folder), out=tmp_path / "run")
    frozen = run.evidence.rungs[-1]
    assert frozen.score.value > 0.6  # random weights
    assert np.array_equal(run.predict_proba(table), rung.load(run.path).predict_proba(table))


def test_a_backbone_for_texts_does_not(table, tmp_path):
    with pytest.raises(BadOption, match="one for series"):
        rung.fit(table, target="label", rungs="frozen", backbone="all-MiniLM-L6-v2", out=tmp_path / "run")


@pytest.mark.shared
@pytest.mark.parametrize(("name", "published"), [("gunpoint", 0.99), ("italy_power_demand", 0.96)])
def test_classic_is_within_a_point_of_the_published_accuracy(shared, tmp_path, name, published):
    """Of MiniRocket and ridge (Dempster et al. 2021); bench/series.py has ten seeds."""
    run = rung.fit(shared / "data" / name, target="label", rungs="classic", out=tmp_path / "run")
    test = run.evaluate(pl.read_csv(shared / "data" / name / "test.csv"))
    assert test.scores["accuracy"].value >= published - 0.01


@pytest.mark.shared
def test_an_npz_set_needs_no_target(shared, tmp_path):
    run = rung.fit(shared / "data" / "basic_motions", rungs="classic", out=tmp_path / "run")
    assert run.evaluate(shared / "data" / "basic_motions" / "test.npz").scores["accuracy"].value >= 0.95
