"""Frames, bars and grounds of one colour: two pictures that share one are a copy only where they agree inside it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from rung.core.types import Floats

Mask = NDArray[np.bool_]
SPREAD = 8  # grey levels that a border's pixels lie apart at most
LEAST, INSIDE = 0.004, 0.04  # shares of the pixels: of a border that counts, and of what has to be left inside
ALIKE = 0.82  # correlation of gradients: light edits keep more of it, but in pictures of under 30 pixels
NEXT = np.ones((3, 3), np.bool_)


def border(grey_SS: NDArray[Any]) -> Mask:
    """(S, S) pixels that a corner reaches through its own colour, and those next to them: they are mixed of both.

    >>> letterbox = np.zeros((8, 8))
    >>> letterbox[3:6] = np.arange(24).reshape(3, 8) * 9 + 20
    >>> border(letterbox).all(axis=1).tolist()
    [True, True, True, True, False, True, True, True]
    """
    level = grey_SS.astype(np.float32)
    found = np.zeros(level.shape, np.bool_)
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        if not found[corner]:
            parts = label(np.abs(level - level[corner]) <= SPREAD)[0]
            found |= parts == parts[corner]
    return binary_dilation(found, NEXT) if found.mean() >= LEAST else np.zeros_like(found)


def positions(x_SS: NDArray[Any]) -> Iterable[NDArray[Any]]:
    """A square turned by quarters and mirrored: as it is, mirrored, upended, both, and each of these transposed."""
    turned = (x_SS, x_SS[:, ::-1], x_SS[::-1], x_SS[::-1, ::-1])
    yield from (*turned, *(each.T for each in turned))


def alike_inside(one_SS: Floats, other_SS: Floats, shared_SS: Mask) -> bool:
    """Whether two pictures have the same gradients where no border is; True where there is none, or hardly an inside.

    shared: pixels that are border in both.
    """
    inside = ~shared_SS
    if inside.all() or inside.mean() < INSIDE:
        return True
    one, other = _gradients(one_SS, inside), _gradients(other_SS, inside)
    return bool(one @ other >= ALIKE * np.linalg.norm(one) * np.linalg.norm(other))


def _gradients(x_SS: Floats, inside: Mask) -> Floats:
    """Differences between neighbouring means of four pixels, all of them inside: compression spoils finer ones."""
    x = x_SS[1:, 1:] + x_SS[1:, :-1] + x_SS[:-1, 1:] + x_SS[:-1, :-1]
    whole = inside[1:, 1:] & inside[1:, :-1] & inside[:-1, 1:] & inside[:-1, :-1]
    across, down = whole[:, 1:] & whole[:, :-1], whole[1:] & whole[:-1]
    return np.concatenate([np.diff(x, axis=1)[across], np.diff(x, axis=0)[down]])
