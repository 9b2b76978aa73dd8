"""Backbones: what is known, and what is on this machine."""

from dataclasses import asdict, dataclass
from typing import Any

from rung.backbones.catalog import Entry, catalog, here


@dataclass(frozen=True)
class Known:
    """A catalog entry, and whether its files are on this machine."""

    entry: Entry
    here: bool

    def to_json(self) -> dict[str, Any]:
        """Plain data: the entry's fields and `here`."""
        return asdict(self.entry) | {"here": self.here}


def backbones(
    *, modality: str | None = None, licence: str | None = None, max_params: int | None = None
) -> tuple[Known, ...]:
    """List the catalog, filtered: modality ("text"), part of the licence's name, parameters at most.

    >>> [known.entry.id for known in backbones(modality="text", licence="apache")][:1]
    ['all-MiniLM-L6-v2']
    """
    found = [
        entry
        for entry in catalog()
        if (modality is None or entry.modality == modality)
        and (licence is None or licence.lower() in entry.licence.lower())
        and (max_params is None or entry.parameters <= max_params)
    ]
    return tuple(Known(entry, here(entry) is not None) for entry in found)
