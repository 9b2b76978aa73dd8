"""What can be said of a picture without a pretrained model: its colours, and which way its edges run."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats

SIDE, CELL, BLOCK, TURNS = 64, 8, 2, 9
COLOURS = 8  # bins of each channel of hue, saturation and value
SMALL = 8  # side of the tiny grey copy


def features(image: Any) -> Floats:
    """(1852,) of an RGB image: HOG of the squashed grey picture, histograms of hue, saturation and value, tiny copy.

    HOG: gradients of a 64 x 64 copy in 9 unsigned directions over cells of 8 x 8, normalised over blocks of 2 x 2
    cells, clipped at 0.2 and normalised again.
    Source: Dalal and Triggs 2005, Histograms of Oriented Gradients, section 6; Swain and Ballard 1991 for colour.
    """
    small = image.resize((SIDE, SIDE), 2)
    grey = np.asarray(small.convert("L"), np.float32) / 255
    colour = np.asarray(small.convert("HSV")).reshape(-1, 3) // (256 // COLOURS)
    histograms = [np.bincount(colour[:, c], minlength=COLOURS) / len(colour) for c in range(3)]
    tiny = np.asarray(image.convert("L").resize((SMALL, SMALL), 4), np.float32).ravel() / 255
    return np.concatenate([hog(grey), *(np.sqrt(each) for each in histograms), tiny]).astype(np.float32)


def hog(grey: NDArray[Any]) -> Floats:
    """(1764,) blocks of oriented gradients of a 64 x 64 picture in [0, 1]."""
    down, across = np.gradient(grey.astype(np.float32))
    size = np.hypot(down, across)
    turn = np.mod(np.arctan2(down, across), np.pi) / np.pi * TURNS - 0.5
    low = np.floor(turn).astype(np.int64)
    share = turn - low
    cells = SIDE // CELL
    place = (np.arange(SIDE) // CELL)[:, None] * cells + (np.arange(SIDE) // CELL)[None]
    found = np.zeros(cells * cells * TURNS)
    for bin_, weight in ((low % TURNS, size * (1 - share)), ((low + 1) % TURNS, size * share)):
        found += np.bincount((place * TURNS + bin_).ravel(), weight.ravel(), minlength=len(found))
    grid = found.reshape(cells, cells, TURNS)
    windows = np.lib.stride_tricks.sliding_window_view(grid, (BLOCK, BLOCK), axis=(0, 1))
    block = windows.reshape((cells - BLOCK + 1) ** 2, -1)
    block = np.minimum(block / np.sqrt((block**2).sum(1, keepdims=True) + 1e-4), 0.2)
    block /= np.sqrt((block**2).sum(1, keepdims=True) + 1e-4)
    return np.asarray(block.ravel(), np.float32)
