"""One tiny folder of each architecture, written once a session, and a cache folder of its own for every test."""

import pytest

from rung.testing import curves, senses
from rung.testing.curves import tiny_series
from rung.testing.senses import tiny_sense
from rung.testing.toys import tiny


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("RUNG_CACHE", str(tmp_path / "rung cache"))
    monkeypatch.delenv("RUNG_CACHE_LIMIT", raising=False)
    monkeypatch.delenv("RUNG_PRECISION", raising=False)
    return tmp_path / "rung cache"


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    made = {}

    def folder(family):
        if family not in made:
            make = tiny_sense if family in senses.MAKES else tiny_series if family in curves.MAKES else tiny
            made[family] = make(family, tmp_path_factory.mktemp(family))
        return made[family]

    return folder
