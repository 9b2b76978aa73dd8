"""The view of a fit in a terminal: what the data is, the live ladder, the closing sentences."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from rung.cli.show import aside, screen
from rung.core.evidence import RungEvidence
from rung.core.types import Column, Cost, Finding, Progress, Tell
from rung.report.console import LadderView, closing, findings_panel, ladder, roles_table

if TYPE_CHECKING:
    from rung.recipes.run import Run  # a name alone: the room behind it loads torch

INTERRUPTED = 130


class Watch:
    """Draws on stderr while the climb goes on, and the result on stdout at its end."""

    def __init__(self) -> None:
        self._console = aside()
        self._ladder = LadderView(self._console)
        self._asked_to_stop = False

    def heard(self, *_: object) -> None:
        """Ctrl-C: stop now, or at the next beat where a library that is being imported swallows the interruption."""
        self._asked_to_stop = True
        raise KeyboardInterrupt

    def _go_on(self) -> None:
        if self._asked_to_stop:
            raise KeyboardInterrupt

    def data(self, columns: Sequence[Column], findings: Sequence[Finding], rows: dict[str, int]) -> None:
        """Print the roles and what was noticed, then start the ladder."""
        self._go_on()
        self._console.print(roles_table(columns))
        if findings:
            self._console.print(findings_panel(findings))
        self._console.print(f"{rows['train']:,} rows to learn from, {rows['test']:,} test rows kept closed.")

    def noticed(self, findings: Sequence[Finding]) -> None:
        """Print what the opened test rows showed."""
        if findings:
            self._console.print(findings_panel(findings))

    def starting(self, name: str, cost: Cost | None) -> None:
        """A rung begins."""
        self._go_on()
        self._ladder.starting(name, cost)

    def progress(self, beat: Progress) -> None:
        """A long wait moves on."""
        self._go_on()
        self._ladder.progress(beat)

    def finished(self, step: RungEvidence) -> None:
        """A rung ended."""
        self._go_on()
        self._ladder.finished(step)

    def close(self, run: "Run") -> None:
        """Print the whole ladder, three sentences and where the report is."""
        console = screen()
        console.print(ladder(run.evidence.rungs, width=console.width))
        for sentence in closing(run.evidence):
            console.print(sentence)
        console.print(f"\nReport: {run.path / 'report.html'}", soft_wrap=True)


@contextmanager
def watched(opening: str) -> Iterator[Watch]:
    """Open the live view for one climb; the terminal is given back whatever happens. opening: what goes on first."""
    _open(opening)
    watch = Watch()
    before = signal.signal(signal.SIGINT, watch.heard)
    try:
        with watch._ladder:  # noqa: SLF001  # one object in two halves
            yield watch
    except KeyboardInterrupt:
        typer.echo("\nInterrupted: what was finished is kept. Add --resume and the same -o to go on.", err=True)
        raise SystemExit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def waiting(opening: str) -> Iterator[Tell]:
    """A progress bar alone, for a verb that only waits. opening: what goes on first."""
    _open(opening)
    with LadderView(aside()) as view:
        yield view.progress


def _open(words: str) -> None:
    """Say at once what begins, to whoever sits before a terminal: libraries and data take seconds to load."""
    console = aside()
    if console.is_terminal:
        console.print(f"{words} ...", style="dim")
