"""How long a backbone takes for one row."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np

from rung.core.contracts import Embedder
from rung.core.types import Item


def milliseconds(embedder: Embedder, rows: Sequence[Sequence[Item]]) -> float:
    """Milliseconds to embed one row, nothing cached: the median over `rows` but the first, which warms up.

    rows: what the backbone reads of each, an item a column. A head on top costs thousandths of it.
    """
    times = []
    for row in rows:
        begun = perf_counter()
        embedder.uncached(row)
        times.append(perf_counter() - begun)
    return float(np.median(times[1:] or times)) * 1000
