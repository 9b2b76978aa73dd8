"""Columns of series: lists of numbers, lists of channels, or what a wide or a long table was gathered into."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from rung.core.errors import UnreadableMedia
from rung.core.extras import need
from rung.core.gaps import filled, resized
from rung.core.rng import digest
from rung.core.types import Clip, Floats
from rung.data.numbers import MISSING

SOME = 100  # cells that tell
BEGIN = 8  # steps that are shown
SIDE = 112  # pixels of one channel's picture
RATE, SECONDS, LOUD = 16_000, 1.0, 0.5  # of one channel's sound
PITCH = (200.0, 4000.0)  # hertz of its lowest and its highest value


@dataclass(frozen=True, eq=False)
class Series:
    """One series. raw: (C, T) float32, not-a-number where a value is missing; wrong: why it can't be read.

    >>> Series("row 0", np.array([[1.0, 2.0]], np.float32)).values().shape
    (1, 2)
    """

    name: str
    raw: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)
    wrong: str = ""

    @cached_property
    def key(self) -> bytes:
        """128-bit hash of the content."""
        if self.wrong:
            return digest("unreadable", self.name)
        return digest(np.ascontiguousarray(self.raw).tobytes(), str(self.raw.shape))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Series) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        """Its length and where it begins, for people."""
        if self.wrong:
            return self.wrong
        channels, steps = self.raw.shape
        begin = ", ".join(f"{value:.3g}" for value in self.raw[0, :BEGIN])
        more = ", ..." if steps > BEGIN else ""
        return (f"{channels} channels of " if channels > 1 else "") + f"{steps} steps: {begin}{more}"

    def values(self) -> Floats:
        """(C, T) float32, not-a-number where a value is missing; raises UnreadableMedia."""
        if self.wrong:
            raise UnreadableMedia(self.name, wanted="a series of numbers", got=self.wrong)
        return self.raw

    def image(self) -> Any:
        """The channels as square pictures in one RGB image, so that an image backbone can look at them.

        Red is how near the values of two steps are; green and blue are the cosine and sine of their angles' sum and
        difference. Source: Eckmann et al. 1987 for recurrence plots; Wang and Oates 2015 for the angular fields.
        """
        tiles = [_picture(channel_T) for channel_T in self._scaled()]
        across = int(np.ceil(np.sqrt(len(tiles))))
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % across)
        rows = [np.concatenate(tiles[at : at + across], axis=1) for at in range(0, len(tiles), across)]
        return need("PIL.Image").fromarray(np.concatenate(rows))

    def clip(self) -> Clip:
        """The channels one after another, a second each, as a tone whose pitch follows the values.

        A spectrogram then draws the series' own curve, in the band that models of sound look at.
        """
        low, high = np.log(PITCH)
        tones = []
        for channel_T in self._scaled():
            value = resized(channel_T[None], round(RATE * SECONDS))[0]
            turns = np.cumsum(np.exp(low + (value + 1) / 2 * (high - low))) / RATE
            tones.append(LOUD * np.sin(2 * np.pi * turns))
        return Clip(np.concatenate(tones).astype(np.float32), RATE)

    def _scaled(self) -> Iterator[Floats]:
        """Each channel without gaps, its lowest value at -1 and its highest at 1; zeros where it is flat."""
        for channel_T in filled(self.values()):
            low, high = channel_T.min(), channel_T.max()
            yield (channel_T - low) / (high - low) * 2 - 1 if high > low else np.zeros_like(channel_T)


def series_of(column: pl.Series) -> list[Series | None]:
    """The column's series; None where there is no value at all.

    A cell is a list of numbers (one channel), a list of such lists, or a struct of them (channels, of equal length),
    or such a list written out.
    Infinite values count as missing, and missing values at the end of all channels as its end. A row with another
    number of channels than most of the column has can't be read.

    >>> [each.values().tolist() for each in series_of(pl.Series([[1, 2, None], [3]]))]
    [[[1.0, 2.0]], [[3.0]]]
    """
    found = [None if cell is None else _read(f"row {row}", cell) for row, cell in enumerate(_cells(column))]
    counts = Counter(len(each.raw) for each in found if each is not None and not each.wrong)
    usual = counts.most_common(1)[0][0] if counts else 0
    for row, each in enumerate(found):
        if each is not None and not each.wrong and len(each.raw) != usual:
            found[row] = Series(each.name, wrong=f"{len(each.raw)} channels where others have {usual}")
    return found


def holds_series(kind: pl.DataType) -> bool:
    """Whether cells of this type can be series: lists or arrays of numbers, of such lists, or structs of lists.

    >>> holds_series(pl.List(pl.Float64)), holds_series(pl.List(pl.String))
    (True, False)
    """
    if isinstance(kind, pl.Struct):
        return bool(kind.fields) and all(_numbers(each.dtype) for each in kind.fields)
    return _numbers(kind) or (isinstance(kind, pl.List | pl.Array) and _numbers(kind.inner))


def written_series(column: pl.Series) -> bool:
    """Whether a column of strings holds lists of numbers, written out.

    >>> written_series(pl.Series(["[1, 2]", None])), written_series(pl.Series(["so good"]))
    (True, False)
    """
    return column.dtype == pl.String and any(each and not each.wrong for each in series_of(column.head(SOME)))


def _numbers(kind: Any) -> bool:
    return isinstance(kind, pl.List | pl.Array) and kind.inner.is_numeric()


def _cells(column: pl.Series) -> list[Any]:
    """Each cell as a list of channels."""
    if column.dtype == pl.String:
        return [None if cell is None else _written(cell) for cell in column.to_list()]
    cells = column.to_list()
    if isinstance(column.dtype, pl.Struct):
        return [None if cell is None or None in cell.values() else list(cell.values()) for cell in cells]
    kind = column.dtype
    if isinstance(kind, pl.List | pl.Array) and isinstance(kind.inner, pl.List | pl.Array):
        return cells
    return [None if cell is None else [cell] for cell in cells]


def _written(cell: str) -> list[Any]:
    """Channels of a list that a text file holds: as JSON has it, or as numpy prints it."""
    try:
        found = json.loads(cell)
    except ValueError:
        found = cell.strip().strip("[]").replace(",", " ").split()
    if not isinstance(found, list):
        found = [found]
    return found if found and all(isinstance(each, list) for each in found) else [found]


def _read(name: str, channels: list[Any]) -> Series | None:
    lengths = {0 if channel is None else len(channel) for channel in channels}
    if not lengths or lengths == {0}:
        return None
    if len(lengths) > 1:
        said = ", ".join(map(str, sorted(lengths)))
        return Series(name, wrong=f"channels of unequal length ({said})")
    raw_CT = np.empty((len(channels), lengths.pop()), np.float32)
    for c, channel in enumerate(channels):
        try:
            raw_CT[c] = np.asarray(channel, np.float32)
        except (TypeError, ValueError):
            for t, value in enumerate(channel):
                number = _number(value)
                if number is None:
                    return Series(name, wrong=f"{str(value)[:40]!r} at step {t}, which is no number")
                raw_CT[c, t] = number
    raw_CT[~np.isfinite(raw_CT)] = np.nan
    known_T = np.flatnonzero(~np.isnan(raw_CT).all(axis=0))
    return Series(name, raw_CT[:, : known_T[-1] + 1]) if len(known_T) else None


def _number(value: Any) -> float | None:
    """A cell as a number, not-a-number for a missing one, None for what is neither."""
    if value is None or str(value).strip().lower() in MISSING:
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _picture(value_T: Floats) -> Any:
    """(S, S, 3) bytes of one channel between -1 and 1."""
    x_S = resized(value_T[None], SIDE)[0]
    angle_S = np.arccos(np.clip(x_S, -1, 1))
    near = 1 - np.abs(x_S[:, None] - x_S) / 2
    added, apart = np.cos(angle_S[:, None] + angle_S), np.sin(angle_S[:, None] - angle_S)
    return np.round(np.stack([near, (added + 1) / 2, (apart + 1) / 2], axis=2) * 255).astype(np.uint8)
