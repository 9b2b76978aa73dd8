"""The command line in this process: what it says, and its exit code."""

import shutil
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


@pytest.fixture(scope="session")
def fitted_folder(stand_in, paragraphs, tmp_path_factory):
    """A run that nothing touches."""
    place = tmp_path_factory.mktemp("fitted")
    paragraphs.write_csv(place / "table.csv")
    words = ["fit", place / "table.csv", "--target", "label", "-o", place / "run", "--max-rung", "classic"]
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch)
        patch.setattr(sys, "argv", ["rung", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
    assert not stop.value.code
    return place / "run"


@pytest.fixture
def run_folder(fitted_folder, fake, tmp_path):
    """A copy of it, for one test to do with as it likes."""
    return shutil.copytree(fitted_folder, tmp_path / "run")
