"""A table alone: a linear model and trees, nothing transferred, and nothing known that only later rows tell."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import rung
from rung.core.errors import BadOption, NoSuchColumn

pytestmark = pytest.mark.journey
N = 400
AGAIN = "import sys, rung; rung.predict(sys.argv[1], sys.argv[2], out=sys.argv[3])"


@pytest.fixture(scope="module")
def frame():
    """Numbers whose product tells the class, a category, dates and holes."""
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=N), draw.normal(size=N)
    sold = np.where(a * b + 0.3 * draw.normal(size=N) > 0, "yes", "no")
    days = [f"2024-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(N)]
    holes = [None if i % 11 == 0 else float(value) for i, value in enumerate(a)]
    colour = [("red", "green", "blue")[i] for i in draw.integers(3, size=N)]
    return pl.DataFrame({"a": holes, "b": b, "colour": colour, "day": days, "sold": sold})


@pytest.fixture(scope="module")
def run(frame, tmp_path_factory):
    return rung.fit(frame, target="sold", out=tmp_path_factory.mktemp("table") / "run")


def test_trees_see_what_a_linear_model_cannot(run):
    steps = {step.name: step for step in run.evidence.rungs}
    assert set(steps) == {"prior", "classic"}
    assert steps["classic"].choice["variant"] == "trees"
    assert steps["classic"].score.value > 0.7


def test_a_linear_model_is_enough_for_a_line(tmp_path):
    draw = np.random.default_rng(1)
    a, b = draw.normal(size=300), draw.normal(size=300)
    line = pl.DataFrame({"a": a, "b": b, "y": 3 * a - b + 0.1 * draw.normal(size=300)})
    run = rung.fit(line, target="y", out=tmp_path / "run")
    assert run.evidence.rung("classic").choice["variant"] == "columns"
    assert run.evidence.test["r2"].value > 0.98


def test_the_report_says_that_nothing_was_transferred(run):
    verdict = run.evidence.verdict("transfer")
    assert verdict.verdict == "nothing transferred"
    assert "Nothing was transferred" in (run.path / "report.html").read_text()
    assert "backbone" not in run.evidence.next_steps[0]


def test_unseen_categories_and_missing_cells_are_predicted_alike_in_a_fresh_process(run, frame, tmp_path):
    odd = (
        frame.drop("sold")
        .head(4)
        .with_columns(colour=pl.Series(["mauve", None, "red", "teal"]), b=pl.Series([None, 1e12, -3.0, 0.0]))
    )
    odd.select(reversed(odd.columns)).with_columns(more=pl.lit(1)).write_csv(tmp_path / "odd.csv")
    here = rung.predict(run, tmp_path / "odd.csv")
    subprocess.run([sys.executable, "-c", AGAIN, str(run.path), *(str(tmp_path / n) for n in ("odd.csv", "s.parquet"))],
                   check=True)  # fmt: skip
    there = pl.read_parquet(tmp_path / "s.parquet")
    assert here["prediction"].null_count() == 0
    assert np.allclose(here["p_yes"].to_numpy(), there["p_yes"].to_numpy(), atol=1e-6)


def test_a_missing_column_is_one_clear_error(run, frame):
    with pytest.raises(NoSuchColumn, match="colour"):
        rung.predict(run, frame.drop("colour"))


def test_a_backbone_has_nothing_to_read(frame, tmp_path):
    with pytest.raises(BadOption, match="numbers, categories, dates"):
        rung.fit(frame, target="sold", backbone="all-MiniLM-L6-v2", out=tmp_path / "run")


def test_with_time_a_planted_future_column_is_left_out(tmp_path):
    draw = np.random.default_rng(2)
    price = np.cumsum(draw.normal(size=N))
    table = pl.DataFrame(
        {
            "day": pl.date_range(pl.date(2022, 1, 1), pl.date(2022, 1, 1) + pl.duration(days=N - 1), eager=True),
            "yesterday": np.concatenate([[np.nan], price[:-1]]),
            "tomorrow": np.concatenate([price[1:], [np.nan]]),
            "price": price,
        }
    )
    run = rung.fit(table, target="price", time="day", out=tmp_path / "run")
    roles = {column["name"]: column["role"] for column in run.manifest["columns"]}
    assert (roles["yesterday"], roles["tomorrow"]) == ("number", "ignore")
    found = json.loads((run.path / "audit.json").read_text())["findings"]
    assert any(each["check"] == "future_column" and "'tomorrow'" in each["what"] for each in found)
    rung.predict(run, table.drop("tomorrow"))  # nothing of it went into the model


def test_rows_of_a_table_of_categories_are_no_copies_of_each_other(tmp_path):
    draw = np.random.default_rng(3)
    flag = draw.random(240) < 0.5
    said = np.where(draw.random(240) < 0.9, flag, ~flag)
    table = pl.DataFrame({"flag": np.where(flag, "on", "off"), "y": np.where(said, "yes", "no")})
    run = rung.fit(table, target="y", out=tmp_path / "run")
    assert run.evidence.rung("classic").score.value > 0.8
    found = json.loads((run.path / "audit.json").read_text())["findings"]
    assert not [each for each in found if each["check"] == "conflicting_labels"]


def test_the_time_column_orders_and_is_no_feature(tmp_path):
    draw = np.random.default_rng(4)
    x = draw.normal(size=N)
    days = pl.date_range(pl.date(2022, 1, 1), pl.date(2022, 1, 1) + pl.duration(days=N - 1), eager=True)
    table = pl.DataFrame({"when": days, "x": x, "y": 2 * x + np.cumsum(draw.normal(size=N)) / 20})
    run = rung.fit(table, target="y", time="when", out=tmp_path / "run")
    assert {c["name"]: c["role"] for c in run.manifest["columns"]}["when"] == "ignore"
    assert run.evidence.rung("classic").score.value > 0.6
    rung.predict(run, table.drop("when", "y"))


def test_an_id_that_comes_back_is_told_of(tmp_path):
    draw = np.random.default_rng(5)
    table = pl.DataFrame(
        {"user_id": [f"u{i % 60}" for i in range(N)], "x": draw.normal(size=N), "y": ["a", "b"] * (N // 2)}
    )
    run = rung.fit(table, target="y", column={"user_id": "id"}, out=tmp_path / "run")
    found = {each["check"]: each for each in json.loads((run.path / "audit.json").read_text())["findings"]}
    assert "--group user_id" in found["likely_group"]["fix"]
    assert "repeated_id" not in found, "said once"


def test_a_copy_of_the_target_does_not_inflate_the_score(tmp_path):
    draw = np.random.default_rng(4)
    y = draw.integers(2, size=N)
    told = {"weak": (draw.normal(size=N) + y).round(3), "y": np.where(y, "yes", "no")}
    copy = pl.Series([f"{'xX'[i % 2]}{each}" for i, each in enumerate(y)])
    table = pl.DataFrame({"code": copy, **told})
    run = rung.fit(table, target="y", rungs="classic", out=tmp_path / "with")
    assert run.evidence.test["macro_f1"].value < 0.85  # what `weak` allows is 0.69
    found = json.loads((run.path / "audit.json").read_text())["findings"]
    assert found[0]["check"] == "target_copy"
    rung.predict(run, table.drop("code"))
    kept = rung.fit(table, target="y", rungs="classic", column={"code": "category"}, out=tmp_path / "kept")
    assert kept.evidence.test["macro_f1"].value == 1.0
