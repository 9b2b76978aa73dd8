"""A ranking of backbones for people: names short enough for a line, and a table that fits a terminal."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text

from rung.core.evidence import RankedBackbone, Ranking
from rung.report import units
from rung.report.tables import cell, plain_table

REMOTE = ("hf:", "timm:")  # before names that mean something as they are


def short_names(ids: Iterable[str]) -> dict[str, str]:
    """Each id without the folders before a local name, where the others still differ from it.

    >>> short_names(["all-MiniLM-L6-v2", "weights/a", "hf:owner/b"])
    {'all-MiniLM-L6-v2': 'all-MiniLM-L6-v2', 'weights/a': 'a', 'hf:owner/b': 'hf:owner/b'}
    >>> short_names(["one/a", "two/a"])
    {'one/a': 'one/a', 'two/a': 'two/a'}
    """
    known = list(dict.fromkeys(ids))
    last = [each if each.startswith(REMOTE) else each.rstrip("/").rpartition("/")[2] or each for each in known]
    return {each: name if last.count(name) == 1 else each for each, name in zip(known, last, strict=True)}


def costs(found: RankedBackbone) -> tuple[str, str, str]:
    """Milliseconds a row, memory and size, each empty where it was not measured."""
    latency = "" if found.latency_ms is None else units.latency(found.latency_ms)
    memory, size = ("" if n is None else units.size(n) for n in (found.memory_bytes, found.size_bytes))
    return latency, memory, size


def number(value: float | None) -> str:
    """LogME or H-score; empty where there is none."""
    return "" if value is None else f"{value:.3f}"


def ranking_table(ranking: Ranking) -> RenderableType:
    """Each candidate with its probe, LogME, H-score and costs; under the table why some were not ranked.

    An interval stands beneath its score, a licence beneath the name, so that the table fits 80 columns.
    """
    names = short_names(each.id for each in ranking.backbones)
    score = units.title(ranking.metric)
    table = plain_table(
        "backbone", score, "LogME", "H-score", "ms/row", "memory", "size", right=("LogME", "H-score", "ms/row")
    )
    for column in table.columns[1:]:
        column.no_wrap = True
    reasons = []
    for each in ranking.backbones:
        if each.status == "ranked":
            name = Text(names[each.id], style="bold" if each.id == ranking.chosen else "")
            name.append(f"\n{each.licence} licence" if each.licence != "unknown" else "\nlicence unknown", style="dim")
            told = Text(units.score(each.score).replace(" ", "\n", 1))
            logme, hscore = Text(number(each.logme)), Text(number(each.hscore))
            table.add_row(name, told, logme, hscore, *map(Text, costs(each)))
        else:
            reasons.append(Text.assemble(cell(names[each.id]), f" {each.status}: ", cell(each.why, 400), style="dim"))
    ranked = [table] if table.rows else []
    return Group(*ranked, *([Text("")] if ranked and reasons else []), *reasons)
