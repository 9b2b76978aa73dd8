"""What the command line refuses or has written fits the terminal: 80 columns where there is none."""

import polars as pl
import pytest

NAMES = [f"a rather long column name of the table {i:02d}" for i in range(30)]


@pytest.fixture
def wide(tmp_path):
    table = pl.DataFrame({name: [float(i * j % 7) for j in range(40)] for i, name in enumerate(NAMES)})
    table.with_columns(pl.Series("label", ["yes", "no"] * 20)).write_csv(tmp_path / "wide.csv")
    return tmp_path / "wide.csv"


def test_a_list_of_thirty_long_columns(rung, wide, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    code, _, said = rung("fit", wide, "--target", "lable")
    lines = said.splitlines()
    assert code == 2
    assert max(map(len, lines)) <= 80
    assert all(any(name in line for line in lines) for name in NAMES)
    assert lines[-1].endswith("Did you mean 'label'?")


@pytest.mark.parametrize(
    "words",
    [
        ("--metric", "acuracy"),
        ("--rungs", "frozn"),
        ("--task", "x", "--device", "gpux"),
        ("--seed", "x"),
        ("--backbone", "all-MiniLM-L5"),
    ],
)
def test_lists_of_options(rung, wide, words):
    code, _, said = rung("fit", wide, "--target", "label", *words)
    assert code == 2
    assert max(map(len, said.splitlines())) <= 80


def test_a_wider_terminal_is_used(rung, wide, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert 150 < max(map(len, rung("fit", wide, "--target", "lable")[2].splitlines())) <= 200


def test_what_an_audit_has_written_breaks_between_its_paths(rung, wide):
    out = wide.parent / "a folder" / "cleaned copy.csv"
    out.parent.mkdir()
    code, said, _ = rung("audit", wide, "--target", "label", "--fix", out)
    written = said.partition("Written:")[2].splitlines()
    assert code == 0
    assert written[0].strip() == str(out) or written[1].strip() == str(out)
    assert all(len(line) <= 80 or str(out.parent) in line for line in written)
    assert any(str(out.with_suffix("")) + ".changes.jsonl" in line for line in written)
