"""What somebody needs to get the same result again: the command, and the particulars of the run."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rung.core.contracts import BackboneCard
from rung.report import units

UNTOLD = (
    "columns",
    "name",
    "made",
    "format",
    "winner",
    "command",
    "backbone",
    "beside",
)  # shown elsewhere, or file-internal

REPEATED = ("--backbone",)  # one flag a value: a path may hold a comma


def command(name: str, manifest: Mapping[str, Any]) -> str:
    """The command line that would climb again: run.json's own, else one made from its options.

    name: of the data, for a run that doesn't say where they were.

    >>> command("reviews.csv", {"options": {"target": "label", "seed": 3, "budget": None, "rungs": ["prior"]}})
    'rung fit reviews.csv --target label --seed 3 --rungs prior'
    """
    if isinstance(told := manifest.get("command"), str) and told:
        return told
    options = manifest.get("options")
    if not isinstance(options, Mapping):
        return ""
    data = manifest.get("data")
    source = data.get("source") if isinstance(data, Mapping) else None
    words = ["rung", "fit", source or name]
    for option, value in options.items():
        words += _flag(f"--{option.replace('_', '-')}", value)
    return shlex.join(words)


def _flag(flag: str, value: Any) -> list[str]:
    if value is None or value is False or value in ("", "auto"):
        return []
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [word for key, role in value.items() for word in (flag, f"{key}={role}")]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if flag in REPEATED:
            return [word for part in value for word in (flag, str(part))]
        return [flag, ",".join(str(part) for part in value)] if value else []
    return [flag, f"{value:g}" if isinstance(value, float) else str(value)]


def particulars(
    manifest: Mapping[str, Any], backbone: BackboneCard | None, beside: Sequence[BackboneCard] = ()
) -> dict[str, list[tuple[str, str]]]:
    """Groups of name and value: the backbones, then each part of the manifest, empty values left out."""
    groups: dict[str, list[tuple[str, str]]] = {}
    if backbone is not None:
        groups["backbone"] = _card(backbone)
    groups |= {f"backbone for {card.modality}": _card(card) for card in beside}
    single: list[tuple[str, str]] = []
    for name, value in manifest.items():
        if name in (*UNTOLD, "options"):
            continue
        if isinstance(value, Mapping):
            groups[name.replace("_", " ")] = list(_flat(value, durations=name == "timings"))
        elif value not in (None, "", [], ()):
            single.append((name.replace("_", " "), _said(value)))
    if single:
        groups["run"] = single
    return {name: rows for name, rows in groups.items() if rows}


def _card(card: BackboneCard) -> list[tuple[str, str]]:
    limited = f", at most {card.limit:,} tokens a text"
    return [
        ("id", card.id),
        ("revision", card.revision),
        ("sha256", card.sha256),
        ("licence", card.licence),
        ("family", f"{card.family}, {units.short(card.parameters)} parameters, {units.size(card.size_bytes)}"),
        ("embedding", f"{card.width} wide, {card.pooling} pooling" + (limited if card.limit else "")),
        *([("made from", ", then ".join(card.lineage))] if card.lineage else []),
    ]


def _flat(values: Mapping[str, Any], before: str = "", *, durations: bool) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        path = f"{before}{name}" if "." in name else f"{before}{name}".replace("_", " ")  # a file keeps its name
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path} / ", durations=durations)
        elif value not in (None, "", [], ()):
            yield path, units.seconds(float(value)) if durations else _said(value)


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(part) for part in value)
    return str(value)
