"""Rows that say or show what another does with more than light edits: in other words, or cut out of its picture."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import polars as pl

from rung.audit.base import check, meant, numbered, rows_of
from rung.core.audited import Audited
from rung.core.types import Finding, Ints, Role
from rung.data.near import thumbnails
from rung.data.reworded import CLOSE_IMAGES, CLOSE_TEXTS, FEW, NEIGHBOURS, candidates, cut_out, reworded
from rung.data.words import as_texts

HOW = {
    Role.TEXT: "{says} in {name!r} what {whose} row says, in other words",
    Role.IMAGE: "{says} in {name!r} a part of {whose} row's picture, or more around it",
}
SURE: dict[Role, Literal["likely", "possible"]] = {Role.TEXT: "likely", Role.IMAGE: "possible"}  # textures, letters
SAYS = {Role.TEXT: ("say", "says"), Role.IMAGE: ("show", "shows")}
MOST = 0.5  # share of the test rows from which a score on them says little of new content
Pairs = tuple[Ints, Ints]  # places in one part, and in the other


@check("reworded", "Rows in other words, pictures cut out", says=("reworded", "reworded_test"), needs=("embeddings",))
def look(seen: Audited) -> Iterator[Finding]:
    """Rows like an earlier one, and test rows like training rows, by each column of text or images."""
    for column in seen.columns:
        if column.role not in HOW:
            continue
        yield from _within(seen, column.name, column.role)
        if seen.test_given:
            yield from _shared(seen, column.name, column.role)


def _within(seen: Audited, name: str, role: Role) -> Iterator[Finding]:
    pool = seen.pool
    later, first = _pairs(seen, name, role, "data")
    keep = (later > first) & (pool.near.label[later] != pool.near.label[first])
    later, first = _once(later[keep], first[keep])
    if not len(later):
        return
    value = meant(seen)
    clash = int(np.count_nonzero((value[later] != value[first]).reshape(len(later), -1).any(axis=1)))
    what = f"{rows_of(len(later))} ({_share(later, pool.row)}) {_does(name, role, len(later), 'an earlier')}"
    what += f"; {clash:,} with another target" if clash else ""
    names = tuple(f"like row {pool.row[place]}" for place in first)
    effect = "A split may part them: a score is flattered, if one was made from another."
    fix = "If they were paraphrased or cut from one another, name what they share: --group COLUMN."
    yield Finding("reworded", what, numbered(pool, later), "note", fix, names=names, effect=effect, sure=SURE[role])


def _shared(seen: Audited, name: str, role: Role) -> Iterator[Finding]:
    pool, test = seen.pool, seen.test
    place, twin = _pairs(seen, name, role, "test")
    place, twin = _once(*_apart(seen, place, twin))
    if not len(place):
        return
    share, does = _share(place, test.row), _does(name, role, len(place), "a training")
    what = f"{rows_of(len(place))} of the test ({share}) {does}"
    names = tuple(f"like training row {pool.row[each]}" for each in twin)
    severity: Literal["warn", "note"] = "warn" if len(place) > MOST * len(test.row) else "note"
    effect = "The score says less of content that is new."
    fix = "If they were made from training rows, take them out of one side."
    yield Finding("reworded_test", what, numbered(test, place), severity, fix, "test", names, effect, SURE[role])


def _pairs(seen: Audited, name: str, role: Role, part: Literal["data", "test"]) -> Pairs:
    """Places in that part and in the pool of rows that embeddings bring together and content confirms."""
    theirs, ours = seen.vectors(part, name), seen.vectors("data", name)
    none = np.zeros(0, np.int64)
    if theirs is None or ours is None:
        return none, none
    close, most = (CLOSE_TEXTS, NEIGHBOURS) if role is Role.TEXT else (CLOSE_IMAGES, FEW)
    place, twin = candidates(theirs.x_ND, ours.x_ND, close=close, most=most)
    place, twin = theirs.rows[place], ours.rows[twin]
    apart = place != twin if part == "data" else np.ones(len(place), bool)
    place, twin = place[apart], twin[apart]
    side = seen.pool if part == "data" else seen.test
    if not len(place):
        return none, none
    if role is Role.TEXT:  # words are weighed by how rare they are among all texts that were embedded
        texts = [*as_texts(side.frame[name][theirs.rows]), *as_texts(seen.pool.frame[name][ours.rows])]
        at = np.searchsorted(theirs.rows, place), len(theirs.rows) + np.searchsorted(ours.rows, twin)
        alike = reworded(texts, *at)
    else:
        own, other = np.unique(place), np.unique(twin)
        grey = thumbnails(pl.concat([side.frame[name][own], seen.pool.frame[name][other]]))
        alike = cut_out(grey, np.searchsorted(own, place), len(own) + np.searchsorted(other, twin))
    return place[alike], twin[alike]


def _apart(seen: Audited, place: Ints, twin: Ints) -> Pairs:
    """Without test rows that are copies or near copies of training rows: other checks tell of these."""
    near, keys = set(seen.pool.near.label.tolist()), set(seen.pool.keys)
    told = [seen.test.near.label[each] not in near and seen.test.keys[each] not in keys for each in place.tolist()]
    kept = np.array(told, bool)
    return place[kept], twin[kept]


def _once(place: Ints, twin: Ints) -> Pairs:
    """Each row with its earliest twin."""
    order = np.lexsort((twin, place))
    place, twin = place[order], twin[order]
    _, at = np.unique(place, return_index=True)
    return place[at], twin[at]


def _does(name: str, role: Role, rows: int, whose: str) -> str:
    return HOW[role].format(says=SAYS[role][rows == 1], name=name, whose=whose)


def _share(places: Ints, among: Ints) -> str:
    return f"{100 * len(places) / len(among):.1f} %"
