"""In which order rows train: shuffled anew each epoch, but rows of like length together, so that little is padding."""

import numpy as np

from rung.core.rng import generator
from rung.core.types import Ints

CHUNK = 64  # batches that are sorted together: enough for full batches of one length, few enough to stay random


def batches(length_N: Ints, rows: Ints, size: int, *, seed: int, epoch: int) -> list[Ints]:
    """Batches of `size` rows (the last of an epoch may be smaller), every row once; the same for the same seed.

    Rows are shuffled, sorted by length within chunks of 64 batches, cut, and the batches shuffled.

    >>> sorted(sorted(each.tolist()) for each in batches(np.array([9, 2, 9, 2]), np.arange(4), 2, seed=0, epoch=0))
    [[0, 2], [1, 3]]
    """
    draw = generator(seed, "training order", str(epoch))
    shuffled = draw.permutation(rows)
    found: list[Ints] = []
    for begin in range(0, len(shuffled), CHUNK * size):
        chunk = shuffled[begin : begin + CHUNK * size]
        chunk = chunk[np.argsort(length_N[chunk], kind="stable")]
        found += [chunk[at : at + size] for at in range(0, len(chunk), size)]
    return [found[i] for i in draw.permutation(len(found))]
