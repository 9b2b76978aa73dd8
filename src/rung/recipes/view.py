"""Who watches a fit: the terminal, or nobody."""

from collections.abc import Callable, Sequence
from typing import Protocol

from rung.core.evidence import RungEvidence
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
    """Another view, each ended rung written to `say` too, when it ends."""

    def __init__(self, view: View, say: Callable[..., None]) -> None:
        self.data, self.noticed, self.starting, self.progress = view.data, view.noticed, view.starting, view.progress
        self._view, self._say = view, say

    def finished(self, step: RungEvidence) -> None:
        """A rung ended."""
        self._say("rung", name=step.name, status=step.status, why=step.why, seconds=step.seconds)
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
