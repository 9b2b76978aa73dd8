"""Run folders through the command line: damage is named, odd places and few rows are met with one message."""

import json

import pytest

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("name", ["predictions.parquet", "audit.json", "evidence.json"])
def test_a_damaged_file_of_the_run_is_named(rung, run_folder, name):
    path = run_folder / name
    path.write_bytes(path.read_bytes()[:50])
    code, _, err = rung("report", run_folder)
    assert (code, name in err) == (5, True)
    path.unlink()
    code, _, err = rung("report", run_folder)
    assert (code, name in err) == (5, True)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("evidence.json", b'"winner"', b'"Winner"'),
        ("audit.json", b"{", b" {"),
        ("run.json", b'"winner"', b'"Winner"'),
    ],
)
def test_evidence_that_was_edited_is_refused(rung, run_folder, name, old, new):
    path = run_folder / name
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    code, _, err = rung("evaluate", run_folder, "table.csv")
    assert (code, name in err) == (5, True)


def test_the_report_asks_for_the_data_where_they_were(fitted_folder):
    where = str(fitted_folder.parent / "table.csv")
    assert json.loads((fitted_folder / "run.json").read_text())["data"]["source"] == where
    assert f"rung fit {where} " in (fitted_folder / "report.html").read_text()


def test_a_place_where_no_file_can_be_is_one_message(rung, run_folder, table):
    code, _, err = rung("predict", run_folder, table, "-o", "/proc/nowhere.csv")
    assert code == 2
    assert "wanted a folder that can be written" in " ".join(err.split())


def test_an_ending_in_capitals_is_an_ending(rung, run_folder, table, tmp_path):
    assert rung("predict", run_folder, table, "-o", "P.CSV")[0] == 0
    assert (tmp_path / "P.CSV").read_text().startswith("row,prediction")


def test_one_row_has_no_interval_but_of_shares(rung, run_folder, table, tmp_path):
    (tmp_path / "one.csv").write_text("".join(table.read_text().splitlines(keepends=True)[:2]))
    code, out, _ = rung("evaluate", run_folder, "one.csv", "--json")
    scores = json.loads(out)["scores"]
    assert code == 0
    assert scores["log_loss"]["low"] is scores["log_loss"]["high"] is None
    assert 0 < scores["accuracy"]["high"] - scores["accuracy"]["low"] < 1
