"""The command line in this process: what it says, and its exit code."""

import sys

import pytest

from rung.cli.main import main


@pytest.fixture
def rung(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rung", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def table(paragraphs, tmp_path):
    paragraphs.write_csv(tmp_path / "table.csv")
    return tmp_path / "table.csv"


@pytest.fixture
def run_folder(rung, table, fake, tmp_path):
    code, _, err = rung("fit", table, "--target", "label", "-o", tmp_path / "run", "--max-rung", "classic")
    assert code == 0, err
    return tmp_path / "run"
