"""Personal data, damaged letters, markup and shared phrases, planted in real texts."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from faults import counted
from rung.audit.battery import checks
from rung.core.types import Role
from rung.data.read import read
from rung.testing.checks_audit import audited
from rung.testing.personal import KINDS, made_up

SETS = (("banking77", "text", "label"), ("trec6", "text", "label"), ("tweet_emotion", "text", "label"))
SHARE = 0.02  # of the rows get a fault


def suites(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """One row a fault and set: rows planted, rows found, how many of each are the other."""
    for name, text, label in SETS[: 1 if quick else None]:
        frame = read(str(data / name)).frame.select(text, label).drop_nulls()
        clean = _found(frame, text)
        for fault, plant in FAULTS.items():
            draw = np.random.default_rng(0)
            rows = set(draw.choice(len(frame), max(20, round(SHARE * len(frame))), replace=False).tolist())
            texts = [plant(each, row) if row in rows else each for row, each in enumerate(frame[text])]
            begun = perf_counter()
            found = _found(frame.with_columns(pl.Series(text, texts)), text).get(fault.partition(":")[0], set())
            before = clean.get(fault.partition(":")[0], set())
            yield counted((fault, name, ""), rows, found, before, perf_counter() - begun)


def _found(frame: pl.DataFrame, text: str) -> dict[str, set[int]]:
    seen = audited(frame, roles={text: Role.TEXT, frame.columns[-1]: Role.TARGET})
    found: dict[str, set[int]] = {}
    for check in checks():
        if set(check.says) & {"personal", "mojibake", "html", "boilerplate", "lost_letters"}:
            for finding in check.find(seen):
                found.setdefault(finding.check, set()).update(finding.rows)
    return found


def _personal(kind: str) -> Any:
    pieces = made_up(kind, 500, seed=1)
    return lambda text, row: f"{text} {pieces[row % 500][0]}"


def _garbled(text: str, row: int) -> str:
    words = ("café", "naïve", "don\u2019t", "Müller", "\u201cso\u201d", "São", "東京", "10 €")
    return f"{text} {words[row % len(words)].encode().decode('cp1252', errors='replace')}"


FAULTS = {
    **{f"personal: {kind}": _personal(kind) for kind in KINDS},
    "mojibake": _garbled,
    "html": lambda text, row: f"<p>{text}</p>" if row % 2 else f"{text}<br/>&nbsp;",
    "lost_letters": lambda text, _: f"{text} caf\ufffd",
}
