"""Groups that embeddings show: by columns named so, and by parts of file names."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

import numpy as np
import polars as pl

from rung.audit.alike import nearest
from rung.audit.base import check
from rung.audit.likely_groups import (
    as_nearest,
    evidence,
    group_finding,
    labels_of,
    may_group,
    named,
    some,
    words_of,
)
from rung.core.audited import Audited
from rung.core.types import EMBEDDED, Finding, Ints, Role
from rung.data.copies import codes

PARTS = re.compile(r"[_\-. ]+")
USUAL = 0.8  # share of names that have as many parts as most
MOST_PARTS = 8


@check("alike_groups", "Groups whose rows embeddings show to be alike", says=("alike_group",), needs=("embeddings",))
def alike_groups(seen: Audited) -> Iterator[Finding]:
    """Columns, or parts of file names, whose rows are nearest to each other among rows of the same target."""
    if seen.group is not None:
        return
    for name, value_N in named(seen):
        if not evidence(seen, name, value_N) and (how := _alike(seen, value_N)):
            yield group_finding("alike_group", f"column {name!r}", how, seen, words_of(seen, name), name)
    for column in seen.columns:
        if column.role in (Role.IMAGE, Role.AUDIO) and seen.pool.frame[column.name].dtype == pl.String:
            yield from _by_name(seen, column.name)


def _by_name(seen: Audited, column: str) -> Iterator[Finding]:
    """Of the parts of a file's name that group, the one with the most values: others hold several of its groups."""
    pool, test = seen.pool.frame[column], seen.test.frame
    told = []
    for place, words in parts(pool).items():
        value_N = codes(words)
        if may_group(value_N, seen.target) and (how := _alike(seen, value_N)):
            told.append((len(np.unique(value_N)), place, words, how))
    if told:
        _, place, words, how = max(told, key=lambda each: (each[0], each[1]))
        other = parts(test[column], only=place).get(place) if column in test.columns and test.height else None
        example = words.drop_nulls()[0]
        what = f"a part of the names in {column!r} ({example!r} in {PurePath(pool.drop_nulls()[0]).name!r})"
        yield group_finding("alike_group", what, how, seen, (words, other), "")


def parts(names: pl.Series, only: int | None = None) -> dict[int, pl.Series]:
    """Parts of file names by place; -1 is the folder, null where a name has not as many parts as most have.

    >>> {place: words.to_list() for place, words in parts(pl.Series(["a/7_ann_1.wav", "a/3_bob_2.wav"])).items()}
    {0: ['7', '3'], 1: ['ann', 'bob'], 2: ['1', '2'], -1: ['a', 'a']}
    """
    paths = [None if name is None else PurePath(name) for name in names.to_list()]
    split = [[] if path is None else PARTS.split(path.stem) for path in paths]
    usual, count = Counter(map(len, split)).most_common(1)[0] if split else (0, 0)
    found = {}
    if count >= USUAL * len(split) or only is not None:
        for place in range(min(usual, MOST_PARTS)):
            words = [each[place] if len(each) == usual else None for each in split]
            found[place] = pl.Series(names.name, words, dtype=pl.String)
    found[-1] = pl.Series(names.name, [None if path is None else path.parent.name for path in paths], dtype=pl.String)
    return found


def _alike(seen: Audited, value_N: Ints) -> str:
    label_N = labels_of(seen.target)
    for column in seen.columns:
        vectors = seen.vectors("data", column.name) if column.role in EMBEDDED else None
        if vectors is None or not len(vectors.rows):
            continue
        chosen = some(len(vectors.rows), seen.seed)
        rows = vectors.rows[chosen]
        x_ND = vectors.x_ND[chosen]
        if how := as_nearest(nearest(x_ND - x_ND.mean(0), value_N[rows], label_N[rows])):
            return how
    return ""
