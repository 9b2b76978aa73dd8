"""The ladder as a terminal table, as wide as the place allows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from rung.core.evidence import Evidence, RungEvidence
from rung.report import sentences, units
from rung.report.tables import plain_table

COLOUR = {
    "won": "bold green",
    "promoted": "green",
    "start": "dim",
    "dropped": "yellow",
    "skipped": "dim",
    "collapsed": "red",
    "failed": "red",
}
GAP = 2  # spaces that plain_table puts between columns
NAME = 16  # characters of a rung's name
UNUSED = ("dropped", "skipped", "collapsed", "failed")
SPARE = ("trained", "time", "latency", "gain")  # what a narrow place does without, in this order


def ladder(
    evidence: Evidence | Sequence[RungEvidence], *, width: int | None = None, over: bool = True
) -> RenderableType:
    """Each rung with its score, gain, cost and decision, and under the table why one was not kept.

    width: columns that the table may take; the console's own width where None. Where one line a rung is too wide,
    intervals go to a second line; where that is too wide, columns are left out, the least telling first.
    over: the climb has ended, so that the rung that holds the place has won.
    """
    steps = tuple(evidence.rungs if isinstance(evidence, Evidence) else evidence)
    winner = evidence.winner if isinstance(evidence, Evidence) else sentences.holder(steps)
    return _Ladder(steps, winner if over else "", width)


@dataclass(frozen=True)
class _Column:
    key: str
    heading: str
    cells: tuple[Text, ...]
    right: bool = False

    @property
    def width(self) -> int:
        """Cells of the widest line."""
        lines = [line for cell in self.cells for line in cell.plain.split("\n")]
        return max(cell_len(line) for line in (self.heading, *lines))


class _Ladder:
    """Chooses its layout when it is drawn: only then is the console known."""

    def __init__(self, steps: tuple[RungEvidence, ...], winner: str, width: int | None) -> None:
        self._steps, self._winner, self._width = steps, winner, width

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        options = options.update(width=min(self._width or options.max_width, options.max_width))
        columns = _fitting(self._steps, self._winner, options.max_width)
        table = plain_table(*(c.heading for c in columns), right=[c.heading for c in columns if c.right])
        for row in zip(*(column.cells for column in columns), strict=True):
            table.add_row(*row)
        yield from console.render(table, options)
        yield Text("")
        said = [(step.name[:NAME], line) for step in self._steps if (line := self._said(step))]
        for name, line in said:
            yield from console.render(Text(f"{name}: {line}", style="dim"), options)
        if took := sentences.measuring(self._steps):
            yield from console.render(Text(took, style="dim"), options)
        if said or took:
            yield Text("")

    def _said(self, step: RungEvidence) -> str:
        """Why it does not hold the place, where that is to be said, and what it noted: where its modules are."""
        why = step.why if sentences.decision(step, self._winner) in UNUSED else ""
        return "; ".join(filter(None, (why, *step.notes)))


def _fitting(steps: Sequence[RungEvidence], winner: str, width: int) -> list[_Column]:
    """The fullest layout that fits: intervals beside their values, then beneath, then fewer columns."""
    columns = _columns(steps, winner, " ")
    if _width(columns) > width:
        columns = _columns(steps, winner, "\n")
    for key in SPARE:
        if _width(columns) <= width:
            break
        columns = [column for column in columns if column.key != key]
    return columns


def _width(columns: Sequence[_Column]) -> int:
    return sum(column.width + GAP for column in columns) - GAP


def _columns(steps: Sequence[RungEvidence], winner: str, join: str) -> list[_Column]:
    """join: what stands between a value and its interval, a space or a line break."""
    metric = next((step.score.name for step in steps if step.score), "score")
    marks = [sentences.decision(step, winner) for step in steps]

    def parted(texts: Iterable[str]) -> tuple[Text, ...]:
        return tuple(Text(text.replace(" ", join, 1)) for text in texts)

    def measured(write: Callable[[RungEvidence], str], *, whole: bool = True) -> list[str]:
        """whole: of a rung that ended there is something to say, not of one that died."""
        shown = [step.score is not None if whole else step.status != "skipped" for step in steps]
        return [write(step) if show else "" for step, show in zip(steps, shown, strict=True)]

    names = tuple(Text(step.name[:NAME], style="bold" if step.name == winner else "") for step in steps)
    gains = parted(units.gain(step.gain, metric, unit=False) for step in steps)
    return [
        _Column("rung", "rung", names),
        _Column("trained", "trained", parted(measured(_trained)), right=True),
        _Column("score", units.title(metric), parted(units.score(step.score) for step in steps)),
        _Column("gain", "gain, pts" if units.in_points(metric) else "gain", gains),
        _Column("latency", "ms/row", tuple(map(Text, measured(lambda s: units.latency(s.latency_ms)))), right=True),
        _Column(
            "time", "time", tuple(map(Text, measured(lambda s: units.seconds(s.seconds), whole=False))), right=True
        ),
        _Column("decision", "decision", tuple(Text(mark, style=COLOUR[mark]) for mark in marks)),
    ]


def _trained(step: RungEvidence) -> str:
    part = units.share(step.trained, step.parameters)
    return f"{units.short(step.trained)} {part.replace(' ', '')}".strip()
