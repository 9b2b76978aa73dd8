"""Tables and panels for the terminal: roles, findings, scores, slices, backbones, facts.

Plain where there is no colour or no terminal: words carry every meaning, colour only repeats it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rich.box import Box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rung.core.evidence import Score
from rung.core.types import Column, Finding
from rung.report import units
from rung.report.prose import Prose

SERIOUS = ("block", "warn", "note")
COLOUR = {"block": "bold red", "warn": "yellow", "note": "dim"}
ROWS, FEW = 8, 3  # row numbers shown of one finding, where it is told in full and in short
MOST = 16  # findings shown
MOST_LANGUAGES = 6  # spelt out; of more, how many
CELL = 40  # characters of a name taken from the data

Justify = Literal["left", "right"]


UNDERLINED = Box("    \n    \n -  \n    \n    \n    \n    \n    \n", ascii=True)  # dashes under the headings, no more


def plain_table(*headings: str, right: Sequence[str] = ()) -> Table:
    """A table that survives a pipe; columns named in `right` hold numbers."""
    table = Table(box=UNDERLINED, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim", show_edge=False)
    for heading in headings:
        justify: Justify = "right" if heading in right else "left"
        table.add_column(heading, justify=justify, overflow="fold")
    return table


def cell(text: object, most: int = CELL) -> Text:
    """Text from the data: on one line, no markup, cut when long.

    >>> cell("a  b [red]").plain
    'a b [red]'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return Text(line if len(line) <= most else line[: most - 3].rstrip() + "...")


def roles_table(columns: Sequence[Column]) -> RenderableType:
    """Which column plays which role, and why."""
    table = plain_table("column", "role", "why")
    for column in columns:
        table.add_row(cell(column.name, 28), Text(column.role.value), cell(column.why, 200))
    return table


def findings_panel(findings: Sequence[Finding], *, most: int = MOST, effects: bool = False) -> RenderableType:
    """What was noticed in the data, the most serious first, with row numbers and the way out.

    most: how many are shown; effects: with what each will do to the score, and how sure it is. Without, a note is a
    sentence: its rows and its way out are in audit.json.
    """
    ordered = sorted(findings, key=lambda finding: SERIOUS.index(finding.severity))
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in ordered[:most]:
        said = Prose(cell(_said(finding, effects=effects), 800 if effects else 600))
        table.add_row(Text(finding.severity, style=COLOUR[finding.severity]), said)
    left = len(ordered) - most
    return Group(table, Text(f"and {units.count(left, 'more finding')} in audit.json")) if left > 0 else table


def _said(finding: Finding, *, effects: bool) -> str:
    where = "In the test file: " if finding.part == "test" else ""
    most = ROWS if effects else FEW
    rows = ", ".join(str(row) for row in finding.rows[:most])
    more = f" and {len(finding.rows) - most:,} more" if len(finding.rows) > most else ""
    which = f" ({'row' if len(finding.rows) == 1 else 'rows'} {rows}{more})" if rows else ""
    if finding.severity == "note" and not effects:
        return f"{where}{finding.what.rstrip('.')}."
    sure = "" if finding.sure == "certain" or not effects else f"{finding.sure.capitalize()}: "
    effect = finding.effect if effects else ""
    return " ".join(part for part in (f"{sure}{where}{finding.what.rstrip('.')}{which}.", effect, finding.fix) if part)


def scores_table(scores: Mapping[str, Score]) -> RenderableType:
    """Each score with its 95 % interval; a key that is not the score's own name (a run, say) stands before it."""
    table = plain_table("score", "value", "95 % interval", right=("value",))
    for key, score in scores.items():
        value, _, ends = units.score(score).partition(" ")
        name = units.title(score.name)
        table.add_row(cell(name if key == score.name else f"{key}: {name}", 60), Text(value), Text(ends))
    return table


def slices_table(slices: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The first score of each slice with its interval; a slice of few rows is marked.

    slices: dicts of column, value, n, small, scores {name: {value, low, high}}.
    """
    first = next((next(iter(part["scores"])) for part in slices if part["scores"]), "score")
    table = plain_table("column", "value", "rows", units.title(first), "", right=("rows",))
    for part in slices:
        found = part["scores"].get(first)
        numbers = [found[end] if found and found[end] is not None else float("nan") for end in ("value", "low", "high")]
        said = units.score(Score(first, *numbers))
        few = "few rows" if part.get("small") else ""
        table.add_row(cell(part["column"], 24), cell(part["value"], 24), Text(f"{part['n']:,}"), Text(said), Text(few))
    return table


def backbones_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The catalog, three lines an entry: its id to copy and what it takes to have it, facts, what it is good for."""
    if not rows:
        return Text("No backbone that is known fits: ask for less, or name any other with --backbone.")
    table = plain_table("backbone", "to fetch", right=("to fetch",))
    for row in rows:
        beneath = Padding(Group(Text(_facts(row)), Text(row["note"], "dim")), (0, 0, 0, 2))
        table.add_row(Group(Text(row["id"], "bold"), beneath), _have(row))
    return Group(table, Text(_together(rows)))


def _facts(row: Mapping[str, Any]) -> str:
    """Licence, size, languages and domains of one backbone, on one line."""
    languages = row["languages"]
    read = f"{len(languages)} languages" if len(languages) > MOST_LANGUAGES else " ".join(languages)
    size = f"{units.short(row['parameters'])} parameters" if row["parameters"] else ""
    return "; ".join(part for part in (row["licence"], size, read, ", ".join(row["domains"])) if part)


def _have(row: Mapping[str, Any]) -> str:
    if row["here"]:
        return "here"
    if row["source"] == "local":
        return "your file"
    return units.size(row["size_bytes"]) + (", pickled" if row["pickled"] else "")


def _together(rows: Sequence[Mapping[str, Any]]) -> str:
    have = sum(bool(row["here"]) for row in rows)
    return f"\n{len(rows)} known, {have} on this machine; the others are fetched when --backbone names them."


def facts_table(facts: Mapping[str, object]) -> RenderableType:
    """Names and values, one a line."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(Text(name), Text(str(value)))
    return table
