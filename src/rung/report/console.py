"""What people see in a terminal while a climb goes on, and when it is over."""

from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rung.core.evidence import RungEvidence
from rung.core.types import Cost, Progress
from rung.report import sentences, units
from rung.report.ladder import ladder
from rung.report.sentences import closing
from rung.report.tables import (
    backbones_table,
    cell,
    facts_table,
    findings_panel,
    roles_table,
    scores_table,
    slices_table,
)

__all__ = [
    "LadderView",
    "backbones_table",
    "closing",
    "facts_table",
    "findings_panel",
    "ladder",
    "roles_table",
    "scores_table",
    "slices_table",
]

PATIENCE = 2.0  # seconds that a wait may take before it earns a bar
EVERY = 30.0  # seconds between lines about one wait, where nothing can be drawn over
BAR = 24  # cells of a bar


class LadderView:
    """The climb as it goes: a live table on a terminal, else plain lines (no terminal, a dumb one, NO_COLOR).

    A context manager: on leaving, the live table is taken away, for the caller to print the final one; after an
    error or an interruption it stays. Everything goes to `console`, standard error by default.
    """

    def __init__(self, console: Console | None = None, *, clock: Callable[[], float] = monotonic) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock
        self._steps: tuple[RungEvidence, ...] = ()
        self._rung: tuple[str, Cost | None, float] | None = None  # name, predicted, begun
        self._wait: _Wait | None = None
        self._live = self._drawing()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None and self._live.is_started:
            self._rung, self._wait = None, None
            self._live.transient = kind is None
            self._live.stop()

    def starting(self, name: str, cost: Cost | None = None) -> None:
        """A rung begins; cost: what it is predicted to take."""
        self._rung, self._wait = (name, cost, self._clock()), None
        if self._live is None:
            about = f", about {units.seconds(cost.seconds)}" if cost else ""
            self._say(f"{name} starts{about}")
        else:
            self._show()

    def progress(self, beat: Progress) -> None:
        """A long wait moves on; one under two seconds is never shown."""
        now = self._clock()
        if self._wait is None or not self._wait.same(beat):
            self._wait = _Wait(beat, now)
        self._wait.move(beat, now)
        if self._live is not None:
            if self._wait.worth_a_bar:
                self._show()
        elif self._wait.worth_a_line(now):
            self._say(self._wait.sentence())

    def finished(self, step: RungEvidence) -> None:
        """A rung ended: tried, skipped, collapsed or failed."""
        self._steps = (*self._steps, step)
        self._rung, self._wait = None, None
        if self._live is None:
            self._say(_outcome(step))
        elif self._live.is_started or step.status != "skipped":
            self._show()

    def skipped(self, name: str, why: str) -> None:
        """A rung is left out, for a reason."""
        self.finished(RungEvidence(name, "skipped", why))

    def _drawing(self) -> Live | None:
        console = self._console
        if not console.is_terminal or console.is_dumb_terminal or console.no_color:
            return None
        results_stay = False  # what a verb writes to standard output is its result, not ours to move
        return Live(console=console, get_renderable=self._draw, refresh_per_second=6, redirect_stdout=results_stay)

    def _show(self) -> None:
        if self._live is not None and not self._live.is_started:
            self._live.start(refresh=True)

    def _say(self, line: str) -> None:
        self._console.print(Text(line))

    def _draw(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._steps:
            parts.append(ladder(self._steps, over=False))
        wait, rung = self._wait, self._rung
        if rung is not None:
            name, cost, begun = rung
            about = f" of about {units.seconds(cost.seconds)}" if cost else ""
            parts.append(Text(f"{name}: {units.seconds(self._clock() - begun)}{about}", style="bold"))
        if wait is not None and wait.worth_a_bar:
            parts.append(wait.bar())
        return Group(*parts)


class _Wait:
    """One long wait: when it began, how far it is, how fast it goes."""

    def __init__(self, beat: Progress, now: float) -> None:
        self.beat, self.begun, self.now = beat, now, now
        self.first, self.told = beat.done, now

    def same(self, beat: Progress) -> bool:
        """Whether `beat` goes on with this wait."""
        return beat.what == self.beat.what and beat.total == self.beat.total and beat.done >= self.beat.done

    def move(self, beat: Progress, now: float) -> None:
        """Take the newest beat."""
        self.beat, self.now = beat, now

    @property
    def over(self) -> bool:
        """Nothing is left to wait for."""
        return 0 < self.beat.total <= self.beat.done

    @property
    def worth_a_bar(self) -> bool:
        """It has taken two seconds and goes on."""
        return self.now - self.begun > PATIENCE and not self.over

    def worth_a_line(self, now: float) -> bool:
        """Half a minute has passed since the last line about it."""
        if now - self.told < EVERY or self.over:
            return False
        self.told = now
        return True

    def sentence(self) -> str:
        """How far, how fast, how long still."""
        beat = self.beat
        of = f" of {beat.total:,}" if beat.total else ""
        return ", ".join(part for part in (f"{beat.what}: {beat.done:,}{of} {beat.unit}", self._pace()) if part)

    def _pace(self) -> str:
        rate = (self.beat.done - self.first) / max(self.now - self.begun, 1e-9)
        if rate <= 0:
            return ""
        pace = f"{rate:,.0f} {self.beat.unit}/s" if rate >= 10 else f"{rate:.1f} {self.beat.unit}/s"
        left = f", {units.seconds((self.beat.total - self.beat.done) / rate)} left" if self.beat.total else ""
        return pace + left

    def bar(self) -> RenderableType:
        """The bar with its words, on one line."""
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(no_wrap=True, overflow="ellipsis", max_width=24)
        if self.beat.total:
            line.add_column(no_wrap=True)
        line.add_column(no_wrap=True, overflow="ellipsis")
        bar = [ProgressBar(total=self.beat.total, completed=self.beat.done, width=BAR)] if self.beat.total else []
        far = "" if self.beat.total else f"{self.beat.done:,} {self.beat.unit} "
        line.add_row(cell(self.beat.what, 24), *bar, Text(far + self._pace()))
        return line


def _outcome(step: RungEvidence) -> str:
    """One line about a rung that ended."""
    mark = sentences.decision(step, "")
    if step.status != "tried" or step.score is None:
        return f"{step.name} {mark}{f': {step.why}' if step.why else ''}"
    gain = f", {units.gain(step.gain, step.score.name)} over {step.against}" if step.gain else ""
    why = f": {step.why}" if step.why and (mark == "dropped" or step.saved) else ""  # the gain alone does not tell it
    word = {"start": "done"}.get(mark, mark)
    return f"{step.name} {word} in {units.seconds(step.seconds)}: {units.score(step.score)}{gain}{why}"
