"""A ranking reads well at 80 columns: who leads and why, who was not tried and why."""

import pytest
from rich.console import Console

from rung.core.evidence import Difference, RankedBackbone, Ranking, Score
from rung.report.ranking import ranking_table, short_names

LONG = "hf:sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"


@pytest.fixture
def found():
    first = RankedBackbone(
        "all-MiniLM-L6-v2",
        "ranked",
        score=Score("accuracy", 0.931, 0.921, 0.94),
        logme=0.8123,
        hscore=3.456,
        latency_ms=4.8,
        memory_bytes=90_000_000,
        size_bytes=91_000_000,
        licence="Apache-2.0",
    )
    second = RankedBackbone(
        LONG,
        "ranked",
        score=Score("accuracy", 0.9, 0.88, 0.92),
        behind=Difference(0.031, 0.01, 0.05, 0.015, 0.001),
        logme=None,
        hscore=-0.0,
        latency_ms=123.4,
        memory_bytes=470_000_000,
        size_bytes=470_000_000,
        licence="unknown",
    )
    third = RankedBackbone(
        "onnx:models/[big].onnx", "refused", "its files take 2.1 GB, more than 100 MB", licence="MIT"
    )
    return Ranking("text", "accuracy", 1500, (first, second, third), first.id, "Take all-MiniLM-L6-v2.", 12.0)


def drawn(found):
    console = Console(width=80, record=True, file=None, color_system=None, force_terminal=False)
    with console.capture() as said:
        console.print(ranking_table(found))
    return said.get()


def test_it_fits_eighty_columns_and_loses_nothing(found):
    said = drawn(found)
    assert max(map(len, said.splitlines())) <= 80
    flat = said.replace("\n", " ")
    for part in ("0.931", "[0.921, 0.940]", "0.812", "3.456", "4.8", "91 MB", "Apache-2.0 licence", "licence unknown"):
        assert part in flat


def test_who_was_not_tried_stands_below_with_the_reason(found):
    assert "[big].onnx refused: its files take 2.1 GB, more than 100 MB" in drawn(found)


def test_only_reasons_where_nothing_could_be_ranked(found):
    none = Ranking("text", "accuracy", 1500, found.backbones[2:], "", "", 1.0)
    assert "LogME" not in drawn(none)


def test_local_names_lose_their_folders_unless_they_would_be_alike():
    assert short_names(["a/x", "b/y/", LONG]) == {"a/x": "x", "b/y/": "y", LONG: LONG}
    assert short_names(["a/x", "b/x"]) == {"a/x": "a/x", "b/x": "b/x"}
