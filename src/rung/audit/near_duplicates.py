"""Rows that light edits tell apart: within the data, on both sides, or with different labels."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from rung.audit.base import check, meant, numbered, rows_of
from rung.core.audited import Audited
from rung.core.types import Finding, Ints, Role

MOST = 0.5  # share of the test rows from which a score on them means nothing
EDITS = {
    Role.TEXT: "case, punctuation, a typo, a word",
    Role.IMAGE: "size, compression, turns, brightness, edges",
    Role.AUDIO: "loudness, rate, compression, ends",
}


@check(
    "near duplicates",
    "Rows that light edits tell apart",
    says=("near_duplicates", "near_shared_rows", "conflicting_near_duplicates"),
)
def near_duplicates(seen: Audited) -> Iterator[Finding]:
    """Rows nearly equal to an earlier one, those of them that disagree, and test rows nearly like training rows."""
    yield from _within(seen)
    if seen.test_given:
        yield from _shared(seen)


def _within(seen: Audited) -> Iterator[Finding]:
    pool, edits = seen.pool, _edits(seen)
    twins = _twins(pool.near.label, pool.keys)
    if not twins:
        return
    later = sorted((place, own[0]) for own in twins for place in own[1:])
    rows = numbered(pool, (place for place, _ in later))
    names = tuple(f"like row {pool.row[first]}" for _, first in later)
    apart = sum(pool.near.whole[place] != pool.near.whole[first] for place, first in later)
    what = f"{rows_of(len(rows))} ({_share(rows, pool.row)}) {_are(rows)} nearly like an earlier one ({edits})"
    what += f"; {apart:,} of them beside other values" if apart else ""
    effect = "A split keeps them together; they weigh double in training."
    yield Finding(
        "near_duplicates",
        what,
        rows,
        "note",
        "Keep one of each, if they are copies.",
        names=names,
        effect=effect,
        sure="likely",
    )
    value = meant(seen)
    alike = _twins(pool.near.whole, pool.keys)
    clashing = sorted((place, other) for own in alike for place, other in _clashes(own, value))
    if clashing:
        rows = numbered(pool, (place for place, _ in clashing))
        names = tuple(f"like row {pool.row[other]}" for _, other in clashing)
        what = f"{rows_of(len(rows))} {_are(rows)} nearly like another row with a different target ({edits})"
        yield Finding(
            "conflicting_near_duplicates",
            what,
            rows,
            "warn",
            "Look at both, and relabel one.",
            names=names,
            effect="A model can hardly get both right.",
            sure="likely",
        )


def _shared(seen: Audited) -> Iterator[Finding]:
    """Near copies alone: equal rows are another check's."""
    pool, test = seen.pool, seen.test
    known = set(pool.keys)
    first = {each: place for place, each in reversed(list(enumerate(pool.near.label.tolist())))}
    found = [
        (place, first[each])
        for place, each in enumerate(test.near.label.tolist())
        if each in first and test.keys[place] not in known
    ]
    if not found:
        return
    rows = numbered(test, (place for place, _ in found))
    names = tuple(f"like training row {pool.row[twin]}" for _, twin in found)
    what = f"{rows_of(len(rows))} of the test ({_share(rows, test.row)}) {_are(rows)} nearly like training rows"
    effect = "They are half remembered: the score is flattered."
    severity: Literal["block", "warn"] = "block" if len(rows) > MOST * len(test.row) else "warn"
    fix = "Take them out of one side."
    yield Finding("near_shared_rows", f"{what} ({_edits(seen)})", rows, severity, fix, "test", names, effect, "likely")


def _twins(label: Ints, keys: Sequence[bytes]) -> list[list[int]]:
    """Places of nearly equal rows in order, one of each content, where there are two or more."""
    order = np.argsort(label, kind="stable")
    shared = np.flatnonzero(np.bincount(label)[label[order]] > 1)
    members: dict[int, dict[bytes, int]] = {}
    for place in order[shared].tolist():
        members.setdefault(int(label[place]), {}).setdefault(keys[place], place)
    return [list(own.values()) for own in members.values() if len(own) > 1]


def _clashes(own: Sequence[int], value: np.ndarray) -> Iterator[tuple[int, int]]:
    for place in own:
        other = next((each for each in own if (value[each] != value[place]).any()), None)
        if other is not None:
            yield place, other


def _edits(seen: Audited) -> str:
    return "; ".join(EDITS[role] for role in EDITS if seen.names(role))


def _share(rows: Sequence[int], among: Ints) -> str:
    return f"{100 * len(rows) / len(among):.1f} %"


def _are(rows: Sequence[int]) -> str:
    return "is" if len(rows) == 1 else "are"
