"""Texts whose letters were damaged: read in another encoding than they were written in, or lost."""

from collections.abc import Iterator

import numpy as np

from rung.audit.base import check, numbered, rows_of
from rung.core.audited import Audited, Change, Part
from rung.core.types import Finding, Role
from rung.data.mojibake import BROKEN, LOST, repaired
from rung.data.words import as_texts


@check("encoding", "Damaged letters", says=("mojibake", "lost_letters"))
def encoding(seen: Audited) -> Iterator[Finding]:
    """Rows that can be repaired, and rows whose letters were replaced by the sign for "unknown"."""
    for side, part in seen.sides():
        for name in seen.names(Role.TEXT):
            broken = _broken(part, name)
            if broken:
                some = next(iter(broken.values()))
                what = f"{rows_of(len(broken))} of {name!r} were read in another encoding than written"
                effect = "A backbone reads such a word as scraps; it costs accuracy on these rows."
                fix = f"Repair them: --fix FILE (for example to {some!r})."
                yield Finding("mojibake", what, numbered(part, broken), "warn", fix, side, effect=effect)
            lost = [place for place, text in enumerate(as_texts(part.frame[name])) if LOST in text]
            if lost:
                what = f"{rows_of(len(lost))} of {name!r} hold the sign for lost letters, {LOST!r}"
                effect = "A backbone reads such a word as scraps; it costs accuracy on these rows."
                fix = "Export them again as UTF-8."
                yield Finding("lost_letters", what, numbered(part, lost), "warn", fix, side, effect=effect)


def repairs(part: Part, name: str) -> Iterator[Change]:
    """Each damaged text of a column as it was meant."""
    texts = as_texts(part.frame[name])
    for place in _broken(part, name):
        yield Change("mojibake", int(part.row[place]), name, texts[place], repaired(texts[place]))


def _broken(part: Part, name: str) -> dict[int, str]:
    """The first word that would be repaired, by place of the row."""
    texts = as_texts(part.frame[name])
    likely = part.frame[name].cast(str).str.contains(BROKEN).fill_null(value=False).to_numpy()
    found = {}
    for place in np.flatnonzero(likely).tolist():
        mended = repaired(texts[place])
        if mended != texts[place]:
            known = set(texts[place].split())
            found[place] = next((word for word in mended.split() if word not in known), mended)[:40]
    return found
