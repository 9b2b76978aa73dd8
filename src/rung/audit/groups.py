"""Rows that belong together and stand on both sides."""

from collections.abc import Iterator

import numpy as np

from rung.audit.base import check, numbered, rows_of
from rung.audit.likely_groups import evidence, group_finding, named, words_of
from rung.core.audited import Audited
from rung.core.types import Finding, Role
from rung.data.copies import codes
from rung.data.words import as_words

REPEATED = 2  # rows a value of an id, on average, from which it looks like a group


@check("groups", "Groups on both sides", says=("shared_groups", "repeated_id"))
def groups(seen: Audited) -> Iterator[Finding]:
    """Test rows of a group that trains too; without a group, ids whose values come back in most rows."""
    if seen.group is None:
        yield from _repeated_ids(seen)
    elif seen.test_given and seen.group in seen.test.frame.columns:
        yield from _shared(seen, seen.group)


def _shared(seen: Audited, group: str) -> Iterator[Finding]:
    pool, test = seen.pool, seen.test
    known = as_words(pool.frame[group]).drop_nulls().unique().to_list()
    place = np.flatnonzero(as_words(test.frame[group]).is_in(known).fill_null(value=False).to_numpy())
    if len(place):
        share = f"({100 * len(place) / len(test.row):.1f} %)"
        what = f"{rows_of(len(place))} of the test {share} have a {group} that trains too"
        effect = "What is learnt of a group helps on its other rows: the score is flattered."
        fix = "Keep each group on one side."
        yield Finding("shared_groups", what, numbered(test, place), "warn", fix, "test", effect=effect)


def _repeated_ids(seen: Audited) -> Iterator[Finding]:
    """Columns taken for ids whose values come back in most rows: what they name may stand on both sides.

    A warning only where rows of one are alike; a column named like a group is another check's then.
    """
    frame, told = seen.pool.frame, {name for name, _ in named(seen)}
    for name in seen.names(Role.ID):
        values = frame[name].drop_nulls()
        if values.n_unique() * REPEATED > len(values):
            continue
        how = evidence(seen, name, codes(frame[name]))
        if how and name not in told:
            yield group_finding("repeated_id", f"column {name!r}", how, seen, words_of(seen, name), name)
        elif not how:
            what = (
                f"{name!r} has {values.n_unique():,} values in {len(values):,} rows; nothing shows those of one alike"
            )
            fix = f"To keep the rows of one together: --group {name}. Where a row is a step: --column NAME=series."
            effect = "If they are, in a way that is not looked for, the score is flattered."
            yield Finding("repeated_id", what, (), "note", fix, effect=effect, sure="possible")
