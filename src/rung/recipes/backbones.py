"""Backbones: what is known, what is on this machine, and what the rest would cost to fetch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rung.backbones.catalog import Entry, catalog, families, licence_fits, permissive
from rung.backbones.catalog import here as folder_of
from rung.core.errors import BadOption, NoSuchName
from rung.recipes.options import bytes_of


@dataclass(frozen=True)
class Known:
    """A catalog entry, and whether its files are on this machine."""

    entry: Entry
    here: bool

    def to_json(self) -> dict[str, Any]:
        """Plain data: the entry's fields, `size_bytes`, `permissive` and `here`."""
        more = {"size_bytes": self.entry.size_bytes, "permissive": permissive(self.entry.licence), "here": self.here}
        return asdict(self.entry) | more


def backbones(  # house: the contract of interfaces.md, one argument a flag
    *,
    modality: str | None = None,
    family: str | None = None,
    licence: str | None = None,
    max_params: int | None = None,
    max_size: str | int | None = None,
    language: str | None = None,
    domain: str | None = None,
    here: bool = False,
) -> tuple[Known, ...]:
    """List the catalog, filtered.

    modality: "text", "image", "audio", "series". family: an architecture, "bert". licence: "permissive", or part of
    its name. max_params, max_size: parameters of the encoder and size of the download ("100MB") at most, and known.
    language: an ISO 639 code that it reads or hears. domain: what it was trained on ("legal", "speech"), or "edge" for
    small ones. here: only what is on this machine.
    Raises NoSuchName for a modality, family, language or domain that the catalog does not hold, BadOption for a size
    that is none.

    >>> [known.entry.id for known in backbones(modality="text", licence="permissive", max_size="100MB")][:1]
    ['all-MiniLM-L6-v2']
    """
    known = catalog()
    _one_of("modality", modality, [entry.modality for entry in known])
    family = family if family is None else {name.lower(): name for name in families()}.get(family.lower(), family)
    _one_of("family", family, list(families()))
    _one_of("language", language, [code for entry in known for code in entry.languages])
    _one_of("domain", domain, [name for entry in known for name in entry.domains])
    try:
        most = bytes_of(max_size)
    except ValueError as error:
        raise BadOption("--max-size", wanted="a size such as 100MB", got=max_size) from error
    found = [
        entry
        for entry in known
        if (modality is None or entry.modality == modality)
        and (family is None or entry.family == family)
        and (licence is None or licence_fits(entry.licence, licence))
        and (max_params is None or 0 < entry.parameters <= max_params)
        and (most is None or 0 < entry.size_bytes <= most)
        and (language is None or language in entry.languages)
        and (domain is None or domain in entry.domains)
    ]
    order = list(dict.fromkeys(entry.modality for entry in known))
    found.sort(key=lambda entry: order.index(entry.modality))
    listed = (Known(entry, folder_of(entry) is not None) for entry in found)
    return tuple(each for each in listed if each.here or not here)


def _one_of(kind: str, name: str | None, among: Sequence[str]) -> None:
    if name is not None and name not in among:
        raise NoSuchName(kind, name, among=list(dict.fromkeys(among)))
