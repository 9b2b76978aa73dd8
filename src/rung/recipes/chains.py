"""Nearly equal rows that a split holds together, and chains of them that it cannot.

Not asked where time orders the rows: what comes back is no leak there, and a new copy would draw its old ones along.
"""

import numpy as np

from rung.core.types import Finding, Ints
from rung.data.near import longest


def held_together(near: Ints, row: Ints) -> tuple[Ints, tuple[Finding, ...]]:
    """(N,) equal numbers for nearly equal rows, and a note on chains too long to be held together.

    In a chain each row is like the next and the ends are not alike: texts of one template are. near: (N,) equal numbers
    for rows that are nearly equal; row: (N,) their numbers in the file.
    """
    long = np.flatnonzero((np.bincount(near) > longest(len(near)))[near])
    if not len(long):
        return near, ()
    label = near.copy()
    label[long] = near.max() + 1 + np.arange(len(long))
    what = f"{len(long):,} rows are each nearly like another in long chains; a split holds only equal ones together"
    fix = "Name what they have in common, where it is known: --group COLUMN."
    effect = "The score is flattered where near copies stand on both sides."
    return label, (Finding("near_chains", what, tuple(row[long].tolist()), "warn", fix, effect=effect),)
