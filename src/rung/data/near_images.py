"""Pictures that are one picture: resized, compressed anew, turned, mirrored, brighter, or cut a little at the edges.

A picture's mark is the low part of the cosine transform of its grey thumbnail, weighed by frequency as its gradients
would be. Turning and mirroring only change signs and swap the two axes, so that all eight positions of a mark cost no
second decoding, and what is the same in all eight finds the candidates. The correlation of marks decides, else
that of marks as they would be after a cut of some per cent at each edge, or as bright as the other with its lights
cut off. A frame or ground of one colour decides nothing: inside it the two have to agree as well.
Sources: Zauner 2010, Implementation and benchmarking of perceptual image hash functions, section 3.2.1; Ahmed,
Natarajan and Rao 1974, Discrete cosine transform.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from rung.core.types import Floats, Ints
from rung.data.bonds import Bonds
from rung.data.borders import Mask, alike_inside, border, positions

SIDE, KEPT = 32, 12  # of the thumbnail, and of the corner of its transform
COARSE = 6  # of it that candidates are found by
FLAT = 2.0  # grey levels of spread below which a picture has nothing to go by
ALIKE, CHANGED_ALIKE, PERHAPS = 0.94, 0.97, 0.5
GREY, SAME_TINT, LIGHT = 128, 8.0, 0.45  # levels of no tint, of a difference that is none, and its share by light
CUTS = (0.0, 0.03, 0.06)  # shares of width or height
TRIES = 8  # pairs of one picture that are looked at for cuts
WHITE, WASHED = 250, 0.1  # the level from which light is cut off, and the share of pixels from which it matters
MOST = 5_000_000  # pairs that may be looked at for light: many pictures on white are a set of its own kind
BRIGHTER = np.linspace(1, 2, 51, dtype=np.float32)
COSINES = dct(np.eye(SIDE, dtype=np.float32), axis=0, norm="ortho")[:KEPT]
ODD = (-1.0) ** np.arange(KEPT, dtype=np.float32)
SIGNS = np.stack([np.outer(a, b).ravel() for a in (ODD**2, ODD) for b in (ODD**2, ODD)])  # (4, D): mirrored, upended
SWAPPED = np.arange(KEPT * KEPT).reshape(KEPT, KEPT).T.ravel()  # the axes' places changed
RADIUS = np.hypot(np.arange(KEPT)[:, None], np.arange(KEPT)[None])
WEIGHT = np.where(RADIUS <= KEPT, RADIUS, 0).astype(np.float32)


def near_images(seen: NDArray[np.uint8]) -> Bonds:
    """Ties between pictures that are one. seen: (N, 32, 32) grey thumbnails, or (N, 3, 32, 32) with tints Cb and Cr.

    Pictures of another tint are others. In which order they come may matter.

    >>> drawn = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
    >>> near_images(np.stack([*drawn, drawn[1].T[::-1] // 2])).label.tolist()
    [0, 1, 2, 1]
    """
    bonds = Bonds(len(seen))
    grey = seen if seen.ndim == 3 else seen[:, 0]
    tint_NT = (np.zeros((len(seen), 2)) if seen.ndim == 3 else seen[:, 1:].mean(axis=(2, 3)) - GREY).astype(np.float32)
    told = np.flatnonzero(grey.reshape(len(grey), -1).std(axis=1) >= FLAT)
    if len(told) < 2:
        return bonds
    marks = _Marks.of(grey[told], tint_NT[told])
    found = Bonds(len(told))
    found.by_signs(_whatever_side(marks.x_ND), marks.alike)
    found.tie(*marks.washed_out())
    bonds.tie(told[found.first], told[found.second])
    return bonds


def _whatever_side(x_ND: Floats) -> Floats:
    """What is the same of marks in all eight positions, of their coarse half: a cut moves fine detail first."""
    coarse = np.where(RADIUS <= COARSE, 1 / np.sqrt(np.maximum(RADIUS, 1)), 0)
    size = np.abs(x_ND.reshape(-1, KEPT, KEPT) * coarse)[:, : COARSE + 1, : COARSE + 1]
    other = size.transpose(0, 2, 1)
    at = np.triu_indices(COARSE + 1)
    found = np.concatenate([(size + other)[:, *at], np.abs(size - other)[:, *at]], axis=1).astype(np.float32)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6), np.float32)


def _normal(x_ND: Floats) -> Floats:
    weighed = x_ND.reshape(len(x_ND), -1) * WEIGHT.ravel()
    return np.asarray(weighed / np.maximum(np.linalg.norm(weighed, axis=1, keepdims=True), 1e-6), np.float32)


@dataclass(frozen=True)
class _Marks:
    """grey: (N, 32, 32) thumbnails; tint_NT: (N, 2) their mean colour, zeros for grey; x_ND: (N, 144) their marks.

    tried: (N,) how often each was looked at for cuts; borders: those that were asked for.
    """

    grey: NDArray[np.uint8]
    tint_NT: Floats
    x_ND: Floats
    tried: Ints
    lines: Floats
    borders: dict[int, Mask] = field(default_factory=dict)

    @staticmethod
    def of(grey: NDArray[np.uint8], tint_NT: Floats) -> "_Marks":
        x_NKK = np.stack([COSINES @ each.astype(np.float32) @ COSINES.T for each in grey])
        return _Marks(grey, tint_NT, _normal(x_NKK), np.zeros(len(grey), np.int64), _cuts())

    def alike(self, first: Ints, second: Ints) -> NDArray[np.bool_]:
        a, b = self.x_ND[first], self.x_ND[second]
        like_P8 = np.concatenate([(a * b) @ SIGNS.T, (a[:, SWAPPED] * b) @ SIGNS.T], axis=1)
        best = np.where(self._tinted_alike(first, second), like_P8.max(axis=1), 0)
        found: NDArray[np.bool_] = best >= ALIKE
        for pair in np.flatnonzero(found):
            i, j = int(first[pair]), int(second[pair])
            found[pair] = self._alike_inside(self.grey[i], self._border(i), j, like_P8[pair] >= ALIKE)
        for pair in np.argsort(-best, kind="stable"):
            if best[pair] < PERHAPS:
                break
            i, j = int(first[pair]), int(second[pair])
            if not found[pair] and self.tried[i] < TRIES and self.tried[j] < TRIES:
                self.tried[[i, j]] += 1
                found[pair] = any(self._as_made(made, b) for a, b in ((i, j), (j, i)) for made in self._cut_like(a, b))
        return found

    def washed_out(self) -> tuple[Ints, Ints]:
        """Pictures with lights cut off, and those that would be so if they were as bright; none where many are so."""
        pairs = []
        washed = np.flatnonzero((self.grey >= WHITE).mean(axis=(1, 2)) >= WASHED)
        for bright in washed.tolist() if len(washed) * len(self.grey) <= MOST else []:
            like = self._likeness(self.x_ND, bright)
            like *= self._tinted_alike(np.arange(len(like)), np.full(len(like), bright))
            near = [int(dim) for dim in np.argsort(-like, kind="stable")[: 2 * TRIES] if like[dim] >= PERHAPS]
            made = [(dim, each) for dim in near for each in self._bright_like(dim, bright)]
            pairs += [(bright, dim) for dim, each in made if self._as_made(each, bright)]
        first, second = np.array(pairs, np.int64).reshape(-1, 2).T
        return first, second

    def _as_made(self, made: Floats, other: int) -> bool:
        return self._alike_inside(made, border(made), other, np.ones(8, np.bool_))

    def _border(self, place: int) -> Mask:
        if place not in self.borders:
            self.borders[place] = border(self.grey[place])
        return self.borders[place]

    def _alike_inside(self, one: NDArray[Any], border_one: Mask, other: int, at: NDArray[np.bool_]) -> bool:
        """Whether they agree inside a border that both have, in one of the positions of `other` that are named."""
        border_other = self._border(other)
        if not (border_one.any() and border_other.any()):
            return True
        level = one.astype(np.float32)
        turned = zip(at, positions(self.grey[other].astype(np.float32)), positions(border_other), strict=True)
        return any(alike_inside(level, each, border_one & edge) for ok, each, edge in turned if ok)

    def _tinted_alike(self, first: Ints, second: Ints) -> NDArray[np.bool_]:
        """Whether the mean colours are one, as light and compression change it; a darker picture has less of it."""
        a, b = self.tint_NT[first], self.tint_NT[second]
        most = np.maximum(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
        return np.asarray(np.linalg.norm(a - b, axis=1) <= SAME_TINT + LIGHT * most, np.bool_)

    def _likeness(self, x_ND: Floats, other: int) -> Floats:
        """(N,) the correlation of marks with a picture's, in the position in which it is highest."""
        mark = self.x_ND[other]
        plain, swapped = (x_ND @ (SIGNS * each).T for each in (mark, mark[SWAPPED]))
        return np.asarray(np.maximum(plain.max(axis=1), swapped.max(axis=1)), np.float32)

    def _cut_like(self, whole: int, part: int) -> Iterable[Floats]:
        """The picture with edges cut away, where that makes it the other."""
        level, count = self.grey[whole].astype(np.float32), len(self.lines)
        lines = (COSINES @ self.lines).reshape(-1, SIDE)
        x = (lines @ level @ lines.T).reshape(count, KEPT, count, KEPT).transpose(0, 2, 1, 3)
        like = self._likeness(_normal(x.reshape(count * count, -1)), part)
        down, across = divmod(int(like.argmax()), count)
        return [self.lines[down] @ level @ self.lines[across].T] if like.max() >= CHANGED_ALIKE else []

    def _bright_like(self, dim: int, bright: int) -> Iterable[Floats]:
        """The picture as light as the other, what would be over white made white, where that makes it the other."""
        level, light = self.grey[dim].astype(np.float32), self.grey[bright]
        if light.mean() <= level.mean():
            return []
        made = np.minimum(level * BRIGHTER[:, None, None], 255)
        lit = made[[np.abs(made.mean(axis=(1, 2)) - light.mean()).argmin()]]
        return lit if self._likeness(_normal(COSINES @ lit @ COSINES.T), bright)[0] >= CHANGED_ALIKE else []


def _cuts() -> Floats:
    """(9, 32, 32): a line of pixels to what is left of it when it is cut at both ends, as long as it was."""
    found = []
    for before in CUTS:
        for after in CUTS:
            edges = np.linspace(before * SIDE, SIDE - after * SIDE, SIDE + 1)
            centre = (edges[1:] + edges[:-1]) / 2 - 0.5
            low = np.floor(centre).astype(np.int64)
            line = np.zeros((SIDE, SIDE), np.float32)
            np.add.at(line, (np.arange(SIDE), np.clip(low, 0, SIDE - 1)), 1 - (centre - low))
            np.add.at(line, (np.arange(SIDE), np.clip(low + 1, 0, SIDE - 1)), centre - low)
            found.append(line)
    return np.stack(found)
