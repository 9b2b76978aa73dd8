"""Copies by more than light edits: what near copies still catch, and what embeddings add to them.

Texts lose two words, gain some, or have their halves swapped and a typo; pictures are cut to four fifths or two thirds
of their sides. Found is what either finding names as like its source. Pairs that the sets hold of themselves were drawn
and judged by eye: 3 of 64 say something else ("the fourth highest mountain" and "the highest mountain").
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

import rung
from rung.audit.near_duplicates import near_duplicates
from rung.audit.reworded import look
from rung.core.audited import Vectors
from rung.core.types import Role
from rung.data.near import near_rows
from rung.data.read import read
from rung.testing.checks_audit import audited

from .copies import PARTS, Draw, _cut, _dropped, _image, _long, _typo

TEXTS, IMAGES = ("trec6", "banking77", "sms_spam"), ("ants_bees", "cifar10_small", "neu_steel_defects")
WEIGHTS = "mobilenet_v1_0.75_224_imagenet"
MOST, PLANTED = 4000, 100
JUDGED = {"trec6": (33, 30), "sms_spam": (31, 31)}  # pairs judged, and how many say the same
MORE = ("thanks", "please", "hello there", "by the way", "as soon as possible", "you know", "I think")


def suites(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """One row a set and edit: found by light edits alone, and with embeddings."""
    for name in TEXTS[: 1 if quick else None]:
        frame = pl.concat([read(str(data / name / f"{part}.csv")).frame[["text", "label"]] for part in PARTS])
        frame = frame.drop_nulls().unique("text", maintain_order=True)[:MOST]
        yield from _planted(name, frame, Role.TEXT, TEXT_EDITS, None)
    for name in IMAGES[: 1 if quick else None]:
        own = [path for part in PARTS for path in sorted((data / name / part).rglob("*")) if path.is_file()]
        raw = {"text": [path.read_bytes() for path in own], "label": [path.parent.name for path in own]}
        frame = pl.DataFrame(raw).unique("text", maintain_order=True)
        yield from _planted(name, frame, Role.IMAGE, IMAGE_EDITS, str(data.parent / "weights" / WEIGHTS))


def _planted(
    name: str, frame: pl.DataFrame, role: Role, edits: dict[str, Callable[..., Any]], backbone: str | None
) -> Iterator[dict[str, Any]]:
    already = _found(frame, role, backbone)[0]
    for edit, change in edits.items():
        draw = np.random.default_rng(0)
        free = [row for row, each in enumerate(frame["text"]) if role is not Role.TEXT or _long(each, draw)]
        rows = sorted(draw.choice(free, min(PLANTED, len(free)), replace=False).tolist())
        copies = frame[rows].with_columns(pl.Series("text", [change(each, draw) for each in frame["text"][rows]]))
        begun = perf_counter()
        both, light = _found(pl.concat([frame, copies]), role, backbone)
        made = range(len(frame), len(frame) + len(rows))
        told = [row for row in both if row not in already]
        judged, right = JUDGED.get(name, (0, 0)) if edit == next(iter(edits)) else (0, 0)
        yield {
            "check": f"near_duplicates and reworded, stronger edits: {role}",
            "set": name,
            "strength": edit,
            "planted": len(rows),
            "found": len(told),
            "true": sum(row in both for row in made),
            "by_light_edits_alone": sum(row in light for row in made),
            "already": len(already),
            "judged_found": judged,
            "judged_true": right,
            "seconds": perf_counter() - begun,
        }


def _found(frame: pl.DataFrame, role: Role, backbone: str | None) -> tuple[set[int], set[int]]:
    """Rows that either finding names, and those of near copies."""
    more = {} if backbone is None else {"backbone": backbone}
    embedded = frame.select("text") if role is Role.IMAGE else frame["text"].to_list()
    x = np.asarray(rung.embed(embedded, **more), np.float32)
    roles = {"text": role, "label": Role.TARGET}
    seen = audited(frame, roles=roles, near=near_rows, vectors=lambda *_: Vectors(np.arange(len(frame)), x))
    light = {row for each in near_duplicates(seen) if each.check == "near_duplicates" for row in each.rows}
    return light | {row for each in look(seen) for row in each.rows}, light


def _halves(text: str, draw: Draw) -> str:
    words = _typo(text, draw).split(" ")
    return " ".join(words[len(words) // 2 :] + words[: len(words) // 2])


TEXT_EDITS = {
    "two words left out": lambda text, draw: _dropped(_dropped(text, draw), draw),
    "words added": lambda text, draw: f"{draw.choice(MORE)} {text} {draw.choice(MORE)}",
    "halves swapped, typo": _halves,
}
IMAGE_EDITS = {
    "cut to 0.8 of its sides": _image(lambda image: _cut(image, 0.1, 0.1, 0.1, 0.1)),
    "a corner cut to 0.67 of its sides": _image(lambda image: _cut(image, 0.33, 0.33, 0, 0)),
}
