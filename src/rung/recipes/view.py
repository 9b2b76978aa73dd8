"""Who watches a fit: the terminal, or nobody."""

from collections.abc import Callable, Sequence
from typing import Protocol

from rung.core.evidence import RungEvidence
from rung.core.memory import Peak
from rung.core.types import Column, Cost, Finding, Progress


class View(Protocol):
    """What a fit tells while it goes on; report.console draws it, Quiet ignores it."""

    def data(self, columns: Sequence[Column], findings: Sequence[Finding], rows: dict[str, int]) -> None:
        """The table is read: roles, findings, row counts."""

    def noticed(self, findings: Sequence[Finding]) -> None:
        """The test rows were opened, and something about them matters."""

    def starting(self, name: str, cost: Cost | None) -> None:
        """A rung begins, with its predicted cost."""

    def progress(self, beat: Progress) -> None:
        """A long wait moves on."""

    def finished(self, step: RungEvidence) -> None:
        """A rung ended: tried, skipped or collapsed."""


class Logged:
    """Another view, each ended rung written to `say` too, when it ends, with the memory that it took (see Peak)."""

    def __init__(self, view: View, say: Callable[..., None], device: str) -> None:
        self.data, self.noticed, self.progress = view.data, view.noticed, view.progress
        self._view, self._say, self._peak = view, say, Peak(device)
        self._cost: Cost | None = None  # of the rung that goes on

    def starting(self, name: str, cost: Cost | None) -> None:
        """A rung begins."""
        self._view.starting(name, cost)
        self._cost = cost or Cost(0.0)
        self._peak.start()

    def finished(self, step: RungEvidence) -> None:
        """A rung ended."""
        facts: dict[str, object] = {"status": step.status, "why": step.why, "seconds": step.seconds}
        if self._cost is not None:  # not one that was kept of an interrupted climb
            self._peak.stop()
            mapped = 0 if self._peak.of_device else self._cost.mapped
            facts |= {"memory": self._peak.bytes, "predicted_memory": self._cost.memory + mapped}
            self._cost = None
        self._say("rung", name=step.name, **facts)
        self._view.finished(step)


class Quiet:
    """A view that shows nothing."""

    def data(self, columns: Sequence[Column], findings: Sequence[Finding], rows: dict[str, int]) -> None:
        """Ignore."""

    def noticed(self, findings: Sequence[Finding]) -> None:
        """Ignore."""

    def starting(self, name: str, cost: Cost | None) -> None:
        """Ignore."""

    def progress(self, beat: Progress) -> None:
        """Ignore."""

    def finished(self, step: RungEvidence) -> None:
        """Ignore."""
