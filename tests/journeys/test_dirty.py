"""A table with everything wrong at once: the fit ends, says what matters first, and its score is one that holds."""

import json
import subprocess
import sys

import polars as pl
import pytest

import rung
from rung.data.docstrings import collect
from rung.testing.dirty import spoil

SCREEN = 60  # lines of a terminal, 80 columns wide
SERIOUS = ("block", "warn", "note")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dirty")
    every = collect().unique("text", maintain_order=True)
    largest = every["label"].value_counts().sort("count", "label", descending=True)["label"][:4].to_list()
    rows = every.filter(pl.col("label").is_in(largest)).sample(1000, seed=0, shuffle=True).select("text", "label")
    dirty = spoil(rows[:700])
    dirty.frame.write_csv(folder / "dirty.csv")
    command = [sys.executable, "-m", "rung", "fit", str(folder / "dirty.csv"), "--target", "label"]
    done = subprocess.run(
        [*command, "--rungs", "classic", "-o", str(folder / "run")], capture_output=True, text=True, check=False
    )
    return dirty, rows[700:], folder / "run", done


def test_the_fit_ends(fitted):
    assert fitted[3].returncode == 0, fitted[3].stderr


def test_everything_is_said_in_one_screen_the_most_serious_first(fitted):
    said = [line for line in fitted[3].stderr.splitlines() if line.split(" ")[0] in SERIOUS]
    before = fitted[3].stderr.split("rows to learn from")[0].splitlines()
    assert len(before) <= SCREEN
    first = [SERIOUS.index(line.split(" ")[0]) for line in said if line in before]
    assert first == sorted(first)


def test_the_faults_are_named_with_their_rows(fitted):
    dirty, _, run, _ = fitted
    findings = json.loads((run / "audit.json").read_text())["findings"]
    rows = {each["check"]: set(each["rows"]) for each in findings}
    for name in ("null_target", "label_twins", "mojibake", "html", "personal"):
        assert rows[name] == set(dirty.planted[name]), name
    assert rows["conflicting_labels"]
    assert [each["severity"] for each in findings if each["check"] == "target_copy" and "'code'" in each["what"]] == [
        "block"
    ]


def test_the_score_holds_on_rows_that_nobody_spoilt(fitted):
    _, fresh, run, _ = fitted
    run = rung.load(run)
    told = run.evidence.test["accuracy"]
    first = min(set(fresh["label"]))  # half of this class have no score, as in the table itself
    score = [None if name == first and row % 2 else 0.0 for row, name in enumerate(fresh["label"])]
    spelt = pl.Series(run.predict(fresh.with_columns(score=pl.Series(score, dtype=pl.Float64), source=pl.lit("new"))))
    right = (spelt.str.strip_chars().str.to_lowercase() == fresh["label"].str.to_lowercase()).mean()
    assert told.value <= right + (told.high - told.low) / 2


def test_the_column_that_copies_the_target_is_no_feature(fitted):
    roles = {each["name"]: each["role"] for each in json.loads((fitted[2] / "run.json").read_text())["columns"]}
    assert roles["code"] == "ignore"
