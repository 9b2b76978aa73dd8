"""Images, sounds and series as they might have been: cropped, coloured, shifted, masked, each view by its own draw.

A view is an item like any other, so what reads, prepares and keeps items needs no word of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rung.core.extras import need
from rung.core.gaps import filled, resized
from rung.core.rng import digest, generator
from rung.core.types import Clip, Floats, Media
from rung.data.series import Series

Draw = np.random.Generator

AREA, ASPECT = (0.4, 1.0), (3 / 4, 4 / 3)  # of a crop; Szegedy et al. 2015 start at 0.08, for nets from scratch
DEGREES = 15.0
COLOUR = (0.7, 1.3)  # factors of brightness, contrast and saturation
SHIFT = 0.2  # of the length, either way
GAIN_DB = 6.0
NOISE_DB = (10.0, 30.0)  # signal over noise
JITTER, SCALING = 0.1, 0.1  # spread of the noise, as a share of the channel's own, and of the factor
SLICE = (0.7, 0.95)  # of the length that is kept
MASK_TIME, MASK_BAND = 0.2, 0.2  # at most, of the length and of the mel scale


def crop(image: Any, draw: Draw) -> Any:
    """A part of the image in its full size. Source: Szegedy et al. 2015, Going Deeper with Convolutions, section 6."""
    wide, high = image.size
    side = np.sqrt(draw.uniform(*AREA) * wide * high)
    stretch = np.sqrt(np.exp(draw.uniform(*np.log(ASPECT))))
    w, h = min(wide, side * stretch), min(high, side / stretch)
    left, top = draw.uniform(0, wide - w), draw.uniform(0, high - h)
    return image.resize(image.size, need("PIL.Image").Resampling.BILINEAR, box=(left, top, left + w, top + h))


def flip(image: Any, draw: Draw) -> Any:
    """Left and right exchanged, every other time."""
    return need("PIL.ImageOps").mirror(image) if draw.random() < 0.5 else image


def rotation(image: Any, draw: Draw) -> Any:
    """Turned by up to 15 degrees; the corners take the image's mean colour."""
    mean = tuple(int(each) for each in np.asarray(image.resize((8, 8))).reshape(-1, 3).mean(0))
    return image.rotate(draw.uniform(-DEGREES, DEGREES), need("PIL.Image").Resampling.BILINEAR, fillcolor=mean)


def colour(image: Any, draw: Draw) -> Any:
    """Brighter or darker, in other contrast and saturation."""
    enhance = need("PIL.ImageEnhance")
    for kind in (enhance.Brightness, enhance.Contrast, enhance.Color):
        image = kind(image).enhance(draw.uniform(*COLOUR))
    return image


def shift(clip: Clip, draw: Draw) -> Clip:
    """Earlier or later by up to a fifth of the length; silence comes in."""
    n = len(clip.samples)
    by = round(draw.uniform(-SHIFT, SHIFT) * n)
    out = np.zeros_like(clip.samples)
    out[max(0, by) : n + min(0, by)] = clip.samples[max(0, -by) : n - max(0, by)]
    return Clip(out, clip.rate)


def gain(clip: Clip, draw: Draw) -> Clip:
    """Up to 6 dB louder or softer."""
    return Clip(clip.samples * np.float32(10 ** (draw.uniform(-GAIN_DB, GAIN_DB) / 20)), clip.rate)


def noise(clip: Clip, draw: Draw) -> Clip:
    """White noise, 10 to 30 dB below the sound."""
    level = np.sqrt(np.mean(np.square(clip.samples), dtype=np.float64)) * 10 ** (-draw.uniform(*NOISE_DB) / 20)
    added = draw.standard_normal(len(clip.samples), np.float32) * np.float32(level)
    return Clip(clip.samples + added, clip.rate)


def specaugment(clip: Clip, draw: Draw) -> Clip:
    """A stretch of time and a band of frequencies silenced, each up to a fifth (of the mel scale).

    It is done to the sound, not to a spectrogram, so that it serves encoders of either.
    Source: Park et al. 2019, SpecAugment, section 2.
    """
    samples: Floats = clip.samples.copy()
    n = len(samples)
    mels = 2595 * np.log10(1 + clip.rate / 2 / 700)
    wide = draw.uniform(0, MASK_BAND) * mels
    low = draw.uniform(0, mels - wide)
    edges = 700 * (10 ** (np.array([low, low + wide]) / 2595) - 1)
    spectrum = np.fft.rfft(samples)
    first, last = np.round(edges * n / clip.rate).astype(int)
    spectrum[first:last] = 0
    samples = np.fft.irfft(spectrum, n).astype(np.float32)
    long = round(draw.uniform(0, MASK_TIME) * n)
    at = int(draw.integers(0, n - long + 1))
    samples[at : at + long] = 0
    return Clip(samples, clip.rate)


def jitter(values_CT: Floats, draw: Draw) -> Floats:
    """White noise of a tenth of each channel's spread.

    Source: Um et al. 2017, Data Augmentation of Wearable Sensor Data, section 3, for this and the next.
    """
    known = ~np.isnan(values_CT)
    spread_C1 = values_CT.std(axis=1, keepdims=True, where=known) if known.any(axis=1).all() else np.float32(0)
    return (values_CT + JITTER * spread_C1 * draw.standard_normal(values_CT.shape, np.float32)).astype(np.float32)


def scaling(values_CT: Floats, draw: Draw) -> Floats:
    """Each channel times a factor about 1 that drifts: a lone factor is what models bring back to 1."""
    first_C, last_C = draw.normal(1, SCALING, (2, len(values_CT)))
    factor_CT = np.linspace(first_C, last_C, values_CT.shape[1], axis=1)
    return np.asarray(values_CT * factor_CT, np.float32)


def slicing(values_CT: Floats, draw: Draw) -> Floats:
    """A part of the series, stretched to its full length.

    Source: Le Guennec et al. 2016, Data Augmentation for Time Series Classification, section 3.1, for window slicing.
    """
    length = values_CT.shape[1]
    kept = max(1, round(draw.uniform(*SLICE) * length))
    begin = int(draw.integers(0, length - kept + 1))
    return resized(filled(values_CT[:, begin : begin + kept]), length)


SERIES: Mapping[str, Callable[[Floats, Draw], Floats]] = {"jitter": jitter, "scaling": scaling, "slicing": slicing}
IMAGE: Mapping[str, Callable[[Any, Draw], Any]] = {"crop": crop, "flip": flip, "rotation": rotation, "colour": colour}
SOUND: Mapping[str, Callable[[Clip, Draw], Clip]] = {
    "shift": shift,
    "gain": gain,
    "noise": noise,
    "specaugment": specaugment,
}


@dataclass(frozen=True)
class Varied:
    """One view of an image, sound or series: `names` of what is done to it, in the order of the tables above.

    The same item, names and seed give the same view. Raises what the item raises.
    """

    item: Media
    names: tuple[str, ...]
    seed: int

    @property
    def key(self) -> bytes:
        """128-bit hash of the item's content and of the view."""
        return digest(self.item.key, *self.names, str(self.seed))

    @property
    def name(self) -> str:
        """The item's."""
        return self.item.name

    def image(self) -> Any:
        """A PIL image in RGB, of the item's size."""
        found = self._source().image()
        for name, change in IMAGE.items():
            if name in self.names:
                found = change(found, self._draw(name))
        return found

    def clip(self) -> Clip:
        """A sound of the item's length."""
        found = self._source().clip()
        for name, change in SOUND.items():
            if name in self.names and len(found.samples):
                found = change(found, self._draw(name))
        return found

    def values(self) -> Floats:
        """Channels (C, T) of the series' length."""
        found = self.item.values()
        for name, change in SERIES.items():
            if name in self.names:
                found = change(found, self._draw(name))
        return found

    def _source(self) -> Media:
        """The item, or the series that was changed, of which a picture or a sound is made."""
        return Series(self.name, self.values()) if set(self.names) & set(SERIES) else self.item

    def _draw(self, name: str) -> Draw:
        return generator(self.seed, "view", name, self.item.key.hex())
