"""Rows that say or show the same with more than light edits: embeddings bring the candidates, content verifies them.

Texts in other words, or with some more; a picture cut out of another. Embeddings alone would bring together whatever is
about the same thing, content alone would have to be compared with everybody's.
Source: Abbas et al. 2023, SemDeDup, section 3, for candidates by cosine within what a backbone sees.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Ints
from rung.data.bags import Words

CLOSE_TEXTS, CLOSE_IMAGES = 0.9, 0.75  # cosine: a part of a picture is farther from the whole than words are
NEIGHBOURS, FEW = 8, 4  # candidates of a row at most; of a picture, itself among them
BLOCK, CROWDED = 1024, 0.01
LEFT_OUT = 0.25  # of what both texts weigh: what words of one alone may have; light edits leave a tenth
FEWEST = 5  # words of the shorter text
WINDOWS = (28, 26, 24, 22, 20)  # pixels of 32 that a window has on each side: down to five eighths
STEP, VIEW, SIDE = 2, 16, 32
SAME_VIEW, ODD = 0.65, 4.5  # correlation of a picture with a window of another, and deviations above the usual
ENOUGH = 50  # pairs from which it shows what is usual among them
BUSY = 55  # steps of 480 that carry a picture at least: one strong edge correlates with any other
FLAT = 1.0  # grey levels of a window's usual step below which it shows nothing


def candidates(x_ND: Floats, y_MD: Floats, *, close: float = CLOSE_TEXTS, most: int = NEIGHBOURS) -> tuple[Ints, Ints]:
    """Places in x and in y of rows of cosine `close` or more, at most the `most` nearest in y of each row of x.

    >>> x = np.eye(3, dtype=np.float32)
    >>> candidates(x, x[[2, 0, 0]])[0].tolist()
    [0, 0, 2]
    """
    x_ND, y_MD = _unit(x_ND), _unit(y_MD)
    first, second = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for at in range(0, len(x_ND), BLOCK):
        cosine_bM = x_ND[at : at + BLOCK] @ y_MD.T
        near_bM = cosine_bM >= close
        if np.count_nonzero(near_bM) > CROWDED * near_bM.size:  # texts of one template: the nearest before any order
            near_bM &= cosine_bM >= np.partition(cosine_bM, -min(most, len(y_MD)), axis=1)[:, [-min(most, len(y_MD))]]
        row, place = np.nonzero(near_bM)
        order = np.lexsort((place, -cosine_bM[row, place], row))
        row, place = row[order], place[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        first.append(row[rank < most] + at)
        second.append(place[rank < most])
    return np.concatenate(first), np.concatenate(second)


def reworded(texts: Sequence[str], first: Ints, second: Ints) -> NDArray[np.bool_]:
    """(P,) whether each pair of texts shares three quarters of its words, weighed by rarity, and all numbers and noes.

    >>> texts = ["How long will my new card take to come?", "My new card, how long will it take to come", "A card came"]
    >>> reworded(texts, np.array([0, 0]), np.array([1, 2])).tolist()
    [True, False]
    """
    found = np.zeros(len(first), bool)
    words = Words.of(texts)
    place = np.full(len(texts), -1)
    place[words.filled] = np.arange(len(words.filled))
    a, b = place[first], place[second]
    told = np.flatnonzero((a >= 0) & (b >= 0))
    if not len(told):
        return found
    a, b = a[told], b[told]
    weighed = words.counts.multiply(words.weight[None]).tocsr()
    total_N = np.asarray(weighed.sum(axis=1)).ravel()
    apart = np.asarray(abs(weighed[a] - weighed[b]).sum(axis=1)).ravel()
    enough = np.minimum(words.size[a], words.size[b]) >= FEWEST
    found[told] = enough & (words.said[a] == words.said[b]) & (apart <= LEFT_OUT * (total_N[a] + total_N[b]))
    return found


def cut_out(grey: NDArray[np.uint8], first: Ints, second: Ints) -> NDArray[np.bool_]:
    """(P,) whether the one picture is a window of the other. grey: (N, 32, 32) thumbnails.

    Steps from cell to cell are correlated, for light alone is alike in many pictures. What a picture's
    other candidates reach is no sign either: where all pictures of a set resemble one another, nothing is told.
    Source: Lewis 1995, Fast Normalized Cross-Correlation.

    >>> drawn = np.random.default_rng(0).integers(0, 256, (2, 8, 8)).astype(np.uint8).repeat(4, 1).repeat(4, 2)
    >>> part = drawn[0, 4:28, 2:26].repeat(4, 0).repeat(4, 1).reshape(32, 3, 32, 3).mean((1, 3)).astype(np.uint8)
    >>> cut_out(np.stack([*drawn, part]), np.array([0, 1]), np.array([2, 2])).tolist()
    [True, False]
    """
    if not len(first):
        return np.zeros(0, bool)
    x_NVV = grey.astype(np.float32).reshape(len(grey), VIEW, SIDE // VIEW, VIEW, SIDE // VIEW).mean(axis=(2, 4))
    mark_ND, best_P = _steps(x_NVV), np.zeros(len(first), np.float32)
    for whole, part in ((first, second), (second, first)):
        order = np.argsort(whole, kind="stable")
        for own in np.split(order, np.flatnonzero(np.diff(whole[order])) + 1):
            said_KP = _steps(_windows(grey[whole[own[0]]])) @ mark_ND[part[own]].T
            best_P[own] = np.maximum(best_P[own], said_KP.max(axis=0))
    order = np.lexsort((-best_P, first))
    usual = best_P[order[1:][np.diff(first[order]) == 0]]  # each picture's best may be its source: the others are not
    least = SAME_VIEW
    if len(usual) >= ENOUGH:
        middle = np.median(usual)
        least = max(least, middle + ODD * 1.4826 * np.median(np.abs(usual - middle)))
    return np.asarray(best_P >= least, np.bool_)


def _windows(grey: NDArray[np.uint8]) -> Floats:
    """(K, 16, 16) windows of a thumbnail, each squeezed to one size."""
    seen = CELLS @ grey.astype(np.float32) @ CELLS.T
    cube = seen.reshape(len(STARTS), VIEW, len(STARTS), VIEW).transpose(0, 2, 1, 3)
    return np.concatenate([cube[at, at].reshape(-1, VIEW, VIEW) for at in SIZES])


def _cells() -> Floats:
    """(16 K, 32): a line of pixels to the means of a window's 16 cells, whose edges may run through pixels."""
    rows = []
    for size, start in STARTS:
        edge = np.linspace(start, start + size, VIEW + 1)
        inside = np.minimum(edge[1:, None], np.arange(1, SIDE + 1)) - np.maximum(edge[:-1, None], np.arange(SIDE))
        rows.append(np.maximum(inside, 0) * VIEW / size)
    return np.concatenate(rows).astype(np.float32)


def _steps(x_KVV: Floats) -> Floats:
    """Differences of neighbouring cells, (K, 480), of mean 0 and length 1; 0 where it shows little."""
    down, across = np.diff(x_KVV, axis=1), np.diff(x_KVV, axis=2)
    x = np.concatenate([down.reshape(len(down), -1), across.reshape(len(across), -1)], axis=1)
    x = x - x.mean(axis=1, keepdims=True)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    many = np.square(x).sum(axis=1, keepdims=True) ** 2 / np.maximum((x**4).sum(axis=1, keepdims=True), 1e-6)
    shown = (length >= FLAT * np.sqrt(x.shape[1])) & (many >= BUSY)
    return np.where(shown, x / np.maximum(length, 1e-6), 0).astype(np.float32)


STARTS = [(size, start) for size in WINDOWS for start in range(0, SIDE - size + 1, STEP)]
SIZES = [
    slice(min(at), max(at) + 1) for at in ([i for i, (own, _) in enumerate(STARTS) if own == size] for size in WINDOWS)
]
CELLS = _cells()


def _unit(x_ND: Floats) -> Floats:
    return np.asarray(x_ND / np.maximum(np.linalg.norm(x_ND, axis=1, keepdims=True), 1e-12), np.float32)
