"""Texts unlike the others: in another language, or far longer or shorter than all of them."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rung.audit.base import check, numbered
from rung.audit.offside import below
from rung.core.audited import Audited, Part
from rung.core.types import Finding, Role
from rung.data.languages import strangers
from rung.data.words import as_texts

TIMES = 20.0  # longer or shorter than the median
READABLE = 40  # characters that the median must have before a short text is odd
COMMON = 0.05  # share of the texts from which it is how the set is
MUCH = 0.01


@check("texts", "Texts unlike the others", says=("other_language", "long_text", "short_text"))
def texts(seen: Audited) -> Iterator[Finding]:
    """Texts in another language than most, and those far longer or shorter than their set."""
    for name in seen.names(Role.TEXT):
        for side, part in seen.sides():
            if name in part.frame.columns:
                values = as_texts(part.frame[name])
                yield from _languages(part, name, values, side)
                yield from _lengths(part, name, values, side)


def _languages(part: Part, name: str, values: list[str], side: str) -> Iterator[Finding]:
    found = strangers(values)
    if found:
        kinds = sorted({each.name for each in found})
        which = ", ".join(kinds[:5]) + (", ..." if len(kinds) > 5 else "")
        verb = "1 text of {} looks" if len(found) == 1 else f"{len(found):,} texts of {{}} look"
        what = f"{verb.format(repr(name))} written in another language than most: {which}"
        effect = "A backbone that was not trained on it reads little in them."
        fix = "Translate them, leave them out, or take a --backbone of many languages."
        rows = numbered(part, (each.place for each in found))
        names = tuple(each.name for each in found)
        yield _finding("other_language", what, rows, (len(values), side), (fix, effect), names)


def _lengths(part: Part, name: str, values: list[str], side: str) -> Iterator[Finding]:
    length = np.array([len(" ".join(text.split())) for text in values], np.float64)
    filled = length > 0
    if not filled.any():
        return
    log = np.log(np.maximum(length, 1))
    median = float(np.median(length[filled]))
    few = below(log, filled, np.log(TIMES)) & filled & (median >= READABLE)
    for says, marks, word, effect in (
        ("long_text", below(-log, filled, np.log(TIMES)), "longer", "What counts may be a small part of them, or cut."),
        ("short_text", few, "shorter", "They may hold too little to be told by."),
    ):
        if marks.any() and marks.mean() <= COMMON:
            yield _length_finding(part, name, (says, word, effect), marks, (length, side))


def _length_finding(
    part: Part,
    name: str,
    words: tuple[str, str, str],
    marks: NDArray[np.bool_],
    about: tuple[NDArray[np.float64], str],
) -> Finding:
    says, word, effect = words
    length, side = about
    order = np.flatnonzero(marks)
    order = order[np.argsort(length[order] * (-1 if says == "long_text" else 1), kind="stable")]
    median = np.median(length[length > 0])
    verb = "1 text of {} is" if len(order) == 1 else f"{len(order):,} texts of {{}} are"
    what = f"{verb.format(repr(name))} over {TIMES:.0f} times {word} than the usual {median:,.0f} characters"
    names = tuple(f"{int(length[i]):,} characters" for i in order)
    fix = "Look whether they are what they should be."
    return _finding(says, what, numbered(part, order), (len(length), side), (fix, effect), names)


def _finding(
    says: str,
    what: str,
    rows: tuple[int, ...],
    about: tuple[int, str],
    words: tuple[str, str],
    names: tuple[str, ...],
) -> Finding:
    of, side = about
    fix, effect = words
    foreign = says == "other_language"
    return Finding(
        says,
        what,
        rows,
        "warn" if foreign and len(rows) >= MUCH * of else "note",
        fix,
        "test" if side == "test" else "data",
        names,
        effect,
        "likely" if foreign else "possible",
    )
