"""Nearly equal rows that a split holds together, and chains of them that it cannot.

Not asked where time orders the rows: what comes back is no leak there, and a new copy would draw its old ones along.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from rung.core.types import Column, Finding, Ints
from rung.data.near import near_rows

# Chains of more rows, or of a greater share, would leave a split nothing to choose; of few rows, a fifth.
LONGEST, SHARE, OF_FEW = 50, 0.05, 0.2


def held_together(frame: pl.DataFrame, columns: Sequence[Column], row: Ints) -> tuple[Ints, tuple[Finding, ...]]:
    """(N,) equal numbers for nearly equal rows, and a note on chains too long to be held together.

    In a chain each row is like the next and the ends are not alike: texts of one template are. row: (N,) numbers in
    the file.
    """
    bonds = near_rows(frame, columns)
    size = np.bincount(bonds.label)
    long = np.flatnonzero((size > max(min(LONGEST, OF_FEW * len(frame)), SHARE * len(frame)))[bonds.label])
    if not len(long):
        return bonds.label, ()
    label = bonds.label.copy()
    label[long] = len(label) + np.arange(len(long))
    what = f"{len(long):,} rows are each nearly like another in long chains; a split holds only equal ones together"
    fix = "Name what they have in common, where it is known: --group COLUMN."
    effect = "The score is flattered where near copies stand on both sides."
    return label, (Finding("near_chains", what, tuple(row[long].tolist()), "warn", fix, effect=effect),)
