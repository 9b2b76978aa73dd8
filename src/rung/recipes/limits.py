"""What a backbone may cost: the user's limits, and what exceeds them."""

from dataclasses import dataclass

from rung.backbones.catalog import Entry, here, licence_fits
from rung.core.contracts import BackboneCard
from rung.recipes.options import FitOptions
from rung.report import units


@dataclass(frozen=True)
class Limits:
    """max_latency: seconds for one row, nothing cached. max_size: bytes of the files. licence: see licence_fits."""

    max_latency: float | None = None
    max_size: int | None = None
    licence: str | None = None

    @staticmethod
    def of(options: FitOptions) -> "Limits":
        """Those of one fit or one ranking."""
        return Limits(options.max_latency, options.max_size, options.licence)

    def __bool__(self) -> bool:
        return self != Limits()

    def before(self, entry: Entry | None) -> str:
        """Why the entry is out of the question though nothing of it was loaded; empty where it may be tried."""
        if entry is None:
            return ""
        if self.max_size is not None and here(entry) is None and (about := entry.parameters * 4) > self.max_size:
            return f"its weights would take about {units.size(about)}, more than {units.size(self.max_size)}"
        return self._licence(entry.licence)

    def loaded(self, card: BackboneCard) -> str:
        """Why a backbone whose files are at hand is too much; empty where it is not."""
        if self.max_size is not None and card.size_bytes > self.max_size:
            return f"its files take {units.size(card.size_bytes)}, more than {units.size(self.max_size)}"
        return self._licence(card.licence)

    def measured(self, milliseconds: float) -> str:
        """Why it is too slow; empty where it is not."""
        if self.max_latency is None or milliseconds <= self.max_latency * 1000:
            return ""
        most = units.latency(self.max_latency * 1000)
        return f"one row takes {units.latency(milliseconds)} ms here, more than {most} ms"

    def _licence(self, licence: str) -> str:
        if self.licence is None or licence_fits(licence, self.licence):
            return ""
        wanted = "a permissive one" if self.licence.lower() == "permissive" else self.licence
        return f"its licence is {licence or 'unknown'}, not {wanted}"
