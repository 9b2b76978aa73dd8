"""Rows far from all others: by what a backbone sees of them."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.audit.base import check, numbered, rows_of
from rung.core.audited import Audited
from rung.core.rng import generator
from rung.core.types import EMBEDDED, Finding, Floats

NEIGHBOURS = 20  # so many that a handful of strange rows do not keep each other company
FEWEST = 60  # rows
REFERENCE = 5000  # rows that distances are measured to
BLOCK = 1024
SAME = 1e-6  # distance up to which two rows are copies
FAR = 5.0  # robust deviations above the median distance
SHARE = 0.02  # of the rows at most: of more it is a kind of row, and nothing odd
WORDS = 60  # characters shown


@check("outliers", "Rows far from all others", says=("outliers",), needs=("embeddings",))
def outliers(seen: Audited) -> Iterator[Finding]:
    """Of each column, the rows whose nearest neighbours are farther than almost everybody's."""
    for column in seen.columns:
        if column.role not in EMBEDDED:
            continue
        vectors = seen.vectors("data", column.name)
        if vectors is None or len(vectors.rows) < FEWEST:
            continue
        z_N = oddness(vectors.x_ND, seed=seen.seed)
        far = np.flatnonzero(z_N >= FAR)
        far = far[np.argsort(-z_N[far], kind="stable")][: max(1, int(SHARE * len(z_N)))]
        if not len(far):
            continue
        places = vectors.rows[far]
        cells = seen.pool.frame[column.name].gather(places).to_list()
        rows, names = numbered(seen.pool, places), tuple(_shown(cell) for cell in cells)
        share = f"{100 * len(far) / len(z_N):.1f} %"
        lie = "lies" if len(rows) == 1 else "lie"
        what = f"{rows_of(len(rows))} ({share}) {lie} far from all others in the embedding of {column.name!r}"
        fix = "Look at them: another language, broken content, or what does not belong here."
        effect = "Little, where they are few; a model has nothing to go by on rows like them."
        yield Finding("outliers", what, rows, "note", fix, names=names, effect=effect, sure="possible")


def oddness(x_ND: Floats, *, seed: int = 0) -> NDArray[np.float64]:
    """(N,) robust deviations of each row's mean cosine distance to its 20 nearest others, copies aside.

    Of few rows, to the nearest fifth. Median and 1.4826 median absolute deviations stand for mean and deviation.
    Source: Ramaswamy, Rastogi and Shim 2000, Efficient algorithms for mining outliers, SIGMOD.
    """
    n = len(x_ND)
    x_ND = x_ND / np.maximum(np.linalg.norm(x_ND, axis=1, keepdims=True), 1e-12)
    kept = np.arange(n)
    if n > REFERENCE:
        kept = np.sort(generator(seed, "outliers").choice(n, REFERENCE, replace=False))
    kept = kept[np.unique(x_ND[kept].round(5), axis=0, return_index=True)[1]]
    reference_MD, distance_N = x_ND[kept], np.zeros(n)
    k = min(NEIGHBOURS, (len(kept) - 1) // 5)
    if k < 1:
        return np.zeros(n)
    for at in range(0, n, BLOCK):
        far_bM = np.maximum(0.0, 1.0 - x_ND[at : at + BLOCK] @ reference_MD.T)
        far_bM[far_bM <= SAME] = np.inf  # itself, and its copies
        nearest = np.partition(far_bM, k - 1, axis=1)[:, :k]
        distance_N[at : at + BLOCK] = np.where(np.isfinite(nearest), nearest, 0.0).mean(1)
    middle = float(np.median(distance_N))
    spread = 1.4826 * float(np.median(np.abs(distance_N - middle)))
    return (distance_N - middle) / max(spread, 1e-3)


def _shown(cell: Any) -> str:
    if isinstance(cell, str):
        return cell[:WORDS] if len(cell.split()) > 1 else PurePath(cell).name[:WORDS]
    return type(cell).__name__
