"""A newcomer's first day, with the real backbone and real text, through the command line."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from rung.data.docstrings import collect
from rung.recipes.fit import fit

RUNG = [sys.executable, "-m", "rung"]
CLOCK = {"seconds", "measured", "latency_ms", "predicted"}

pytestmark = pytest.mark.journey


FROZEN = ("--max-rung", "frozen")  # what trains the backbone has journeys of its own


def rung(*arguments, cwd, **options):
    return subprocess.run(
        [*RUNG, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=900, check=False, **options
    )


def decided(folder):
    evidence = json.loads((folder / "evidence.json").read_text())
    evidence["rungs"] = [{k: v for k, v in step.items() if k not in CLOCK} for step in evidence["rungs"]]
    return evidence


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first day")
    table = collect().select("text", "label").filter(pl.col("label").is_in(["scipy.stats", "scipy.signal", "torch.nn"]))
    table.unique("text", keep="first", maintain_order=True).group_by("label", maintain_order=True).head(120).write_csv(
        folder / "paragraphs.csv"
    )
    return folder


@pytest.fixture(scope="module")
def run(place):
    done = rung("fit", "paragraphs.csv", "--target", "label", *FROZEN, "-o", "run", cwd=place)
    assert done.returncode == 0, done.stderr
    return place / "run"


def test_the_climb_ends_with_the_real_backbone_in_the_bundle(run):
    evidence = decided(run)
    assert [step["name"] for step in evidence["rungs"]] == ["prior", "classic", "frozen"]
    assert evidence["test"]["accuracy"]["value"] > 0.8
    assert {verdict["name"] for verdict in evidence["verdicts"]} >= {"transfer", "overfitting", "enough data", "shift"}
    assert json.loads((run / "run.json").read_text())["backbone"]["sha256"].startswith("53aa51172d142c89")


def test_a_fresh_process_predicts_as_the_one_that_trained(run, place):
    kept = pl.read_parquet(run / "predictions.parquet").filter(pl.col("split") == "test").sort("row")
    given = pl.read_csv(place / "paragraphs.csv")[kept["row"].to_list()]
    given.write_csv(place / "test_rows.csv")
    done = rung("predict", "run", "test_rows.csv", "-o", "again.parquet", cwd=place)
    assert done.returncode == 0, done.stderr
    again = pl.read_parquet(place / "again.parquet")
    assert again["prediction"].to_list() == kept["delivered"].to_list()
    labels = json.loads((run / "evidence.json").read_text())["labels"]
    for i, label in enumerate(labels):
        assert (again[f"p_{label}"] - kept["delivered:p"].list.get(i)).abs().max() < 1e-5


def test_a_machine_with_an_empty_cache_predicts_alike(run, place, tmp_path):
    first = rung("predict", "run", "paragraphs.csv", "-o", "warm.parquet", cwd=place)
    cold = os.environ | {"RUNG_CACHE": str(tmp_path / "cold")}
    second = rung("predict", "run", "paragraphs.csv", "-o", "cold.parquet", cwd=place, env=cold)
    assert first.returncode == second.returncode == 0
    warm, other = pl.read_parquet(place / "warm.parquet"), pl.read_parquet(place / "cold.parquet")
    assert (warm["prediction"] == other["prediction"]).mean() > 0.995  # batches differ, so bfloat16 rounds differently
    for name in warm.columns[2:]:
        assert (warm[name] - other[name]).abs().max() < 0.03


def test_the_report_is_one_file_that_asks_nothing_of_the_network(run):
    page = (run / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)""", page)
    assert "<script" not in page


@pytest.mark.parametrize("after", [2.0, 5.0])
def test_killed_at_any_moment_a_resumed_fit_ends_in_the_same_evidence(run, place, tmp_path, after):
    command = ["fit", str(place / "paragraphs.csv"), "--target", "label", *FROZEN, "-o", "cut"]
    cold = os.environ | {"RUNG_CACHE": str(place / "cut cache")}
    process = subprocess.Popen(
        [*RUNG, *command], cwd=tmp_path, env=cold, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.returncode == 0:
        pytest.skip("this machine finished before the blow")
    assert not (tmp_path / "cut" / "run.json").exists()
    fit(place / "paragraphs.csv", target="label", max_rung="frozen", out=tmp_path / "cut", resume=True)
    assert decided(tmp_path / "cut") == decided(run)


def test_ctrl_c_keeps_the_state_and_says_how_to_go_on(place, tmp_path):
    process = subprocess.Popen(
        [*RUNG, "fit", str(place / "paragraphs.csv"), "--target", "label", *FROZEN, "-o", "cut"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    while not (tmp_path / "cut" / "state").is_dir() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in said
    assert "Traceback" not in said
    assert (tmp_path / "cut" / "state").is_dir()


def test_a_full_disk_is_one_message_and_nothing_looks_whole(place, tmp_path):
    limited = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
sys.argv = ["rung", "fit", {str(place / "paragraphs.csv")!r}, "--target", "label", "-o", "run", "--max-rung", "classic"]
from rung.cli.main import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", limited], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "full disk" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run" / "run.json").exists()


def test_the_demo_tells_a_true_verdict(tmp_path):
    done = rung("demo", "-o", "demo", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    evidence = json.loads(done.stdout)
    assert len(evidence["labels"]) >= 12
    scores = {step["name"]: step["score"]["value"] for step in evidence["rungs"]}
    assert scores["prior"] < scores["classic"]
    kept = pl.read_parquet(Path(tmp_path) / "demo" / "predictions.parquet").filter(pl.col("split") == "test")
    assert evidence["test"]["accuracy"]["value"] == pytest.approx((kept["delivered"] == kept["target"]).mean())
    low, high = evidence["test"]["accuracy"]["low"], evidence["test"]["accuracy"]["high"]
    assert low < evidence["test"]["accuracy"]["value"] < high
