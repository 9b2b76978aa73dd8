"""Rows whose content stands twice: within the data, on both sides, or with different labels."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from rung.audit.base import check, meant, numbered, rows_of
from rung.core.audited import Audited
from rung.core.types import FEATURES, Finding, Role
from rung.data.units import content_tells
from rung.data.words import as_texts

DIFFERENT = "conflicting_labels"


@check(
    "duplicates",
    "Rows whose content stands twice",
    says=("duplicates", "shared_rows", DIFFERENT),
)
def duplicates(seen: Audited) -> Iterator[Finding]:
    """Equal rows of the pool, those of them that disagree, and test rows that train as well."""
    pool, test = seen.pool, seen.test
    if not content_tells(pool.frame, pool.keys, seen.columns):
        return
    twins = _twins(pool.keys)
    copies = sorted((place, first) for first, *later in twins for place in later)
    if copies:
        rows = numbered(pool, (place for place, _ in copies))
        names = tuple(f"as row {pool.row[first]}" for _, first in copies)
        repeat = "repeats" if len(rows) == 1 else "repeat"
        what = f"{rows_of(len(rows))} ({100 * len(rows) / len(pool.row):.1f} %) {repeat} an earlier row"
        effect = "A split keeps them together; they weigh double in training."
        fix = "Keep one of each, if they are copies."
        yield Finding("duplicates", what, rows, "note", fix, names=names, effect=effect)
    yield from _conflicting(seen, twins)
    if seen.test_given and len(test.row):
        known = {key: place for place, key in reversed(list(enumerate(pool.keys)))}
        shared = [(place, known[key]) for place, key in enumerate(test.keys) if key in known]
        if shared:
            rows = numbered(test, (place for place, _ in shared))
            names = tuple(f"as training row {pool.row[twin]}" for _, twin in shared)
            of_all = f"({100 * len(rows) / len(test.row):.1f} %)"
            what = f"{rows_of(len(rows))} of the test {of_all} are also among the training rows"
            effect = "They are remembered, not predicted: the score is flattered."
            much: Literal["block", "warn"] = "block" if len(rows) > len(test.row) / 2 else "warn"
            yield Finding("shared_rows", what, rows, much, "Take them out of one side.", "test", names, effect)


def _conflicting(seen: Audited, twins: Sequence[Sequence[int]]) -> Iterator[Finding]:
    """Rows without text that clash are no news beside the finding that they hold none; nor are two spellings."""
    value = meant(seen)
    filled = _filled(seen)
    clashing = [
        place
        for places in twins
        if (value[list(places)] != value[places[0]]).any() and filled[places[0]]
        for place in places
    ]
    if clashing:
        rows = numbered(seen.pool, sorted(clashing))
        what = f"{rows_of(len(rows))} have the same content as another row and a different target"
        effect = "No model can get both right."
        yield Finding(DIFFERENT, what, rows, "warn", "Relabel them.", effect=effect)


def _filled(seen: Audited) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    from_texts = seen.names(Role.TEXT)
    if not from_texts or set(seen.names(*FEATURES)) - set(from_texts):
        return np.ones(len(seen.pool.row), np.bool_)
    found = np.zeros(len(seen.pool.row), np.bool_)
    for name in from_texts:
        found |= np.array([bool(text.strip()) for text in as_texts(seen.pool.frame[name])], np.bool_)
    return found


def _twins(keys: Sequence[bytes]) -> list[list[int]]:
    """Places of rows with equal content, where there are two or more, in order."""
    members: dict[bytes, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        members[key].append(place)
    return [places for places in members.values() if len(places) > 1]
