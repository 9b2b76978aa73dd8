"""What one decoding of an image or a sound shows: a few numbers, kept by content, so that all checks share them."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Clip, Floats
from rung.data.media import File

SIDE = 256  # pixels: backbones see about so many, and blur that they do not see is none
MOST = 200_000  # files whose numbers are kept
FRAME = 0.02  # seconds
QUIETER = 0.01  # of the loudest frame: -40 dB
FAINT = 1e-3  # of full scale: -60 dB
FULL = 0.999
VOICE, BELOW, ABOVE, HIGH = (300.0, 3400.0), (3000.0, 3800.0), (4200.0, 5000.0), (4300.0, 7000.0)  # Hz
NOTHING = 1e-20
Known = TypeVar("Known")
_SEEN: dict[bytes, "Look"] = {}
_HEARD: dict[bytes, "Heard"] = {}


@dataclass(frozen=True)
class Look:
    """An image: format, size in pixels, and of a small grey copy (0..255) what follows.

    dark, light: the levels that 5 % and 95 % of the pixels stay under; level: their mean; spread: darkest to lightest.
    edges: log of the variance of the Laplacian over that of the levels; octave: log of the same variance over that at
    half the size. Both fall where the finest detail is missing, however much contrast there is.
    Source: Pech-Pacheco et al. 2000, ICPR, for the Laplacian.
    """

    kind: str
    width: int
    height: int
    dark: int
    light: int
    level: float
    spread: int
    edges: float
    octave: float


@dataclass(frozen=True)
class Heard:
    """A sound: seconds, samples a second, and shares of full scale unless said otherwise.

    peak: the loudest sample; full: share of samples at full scale; offset: the mean; quiet: share of frames of 20 ms
    that are 40 dB under the loudest, or under -60 dB. high: dB of 4.3-7 kHz over 300-3400 Hz; cliff: dB that 4.2-5 kHz
    lie under 3-3.8 kHz; both 0 where the rate can't hold them.
    """

    seconds: float
    rate: int
    peak: float
    full: float
    offset: float
    quiet: float
    high: float = 0.0
    cliff: float = 0.0


def looked(file: File) -> Look:
    """Look at an image, or remember it; raises UnreadableMedia."""
    found = _SEEN.get(file.key)
    return _keep(_SEEN, file.key, _look(file)) if found is None else found


def listened(file: File) -> Heard:
    """Listen to a sound, or remember it; raises UnreadableMedia."""
    found = _HEARD.get(file.key)
    return _keep(_HEARD, file.key, measured(file.clip())) if found is None else found


def _keep(known: dict[bytes, Known], key: bytes, found: Known) -> Known:
    if len(known) >= MOST:
        known.clear()
    known[key] = found
    return found


def _look(file: File) -> Look:
    seen = file.glance(SIDE)
    grey: NDArray[np.uint8] = seen.grey
    level = np.cumsum(np.bincount(grey.ravel(), minlength=256)) / grey.size
    dark, light = (int(np.searchsorted(level, share)) for share in (0.05, 0.95))
    fine, coarse = _detail(grey.astype(np.float32))
    contrast = float(grey.var()) + 0.1  # a tenth of a squared level: what rounding leaves
    edges, octave = np.log((fine + 0.1) / contrast), np.log((fine + 0.1) / (coarse + 0.1))
    mean, spread = float(grey.mean()), int(grey.max()) - int(grey.min())
    return Look(seen.kind, seen.width, seen.height, dark, light, mean, spread, float(edges), float(octave))


def _detail(grey: Floats) -> tuple[float, float]:
    """Variance of the Laplacian of a picture, and of its copy of half the size; 0 where there is no inside."""
    height, width = (side // 2 * 2 for side in grey.shape)
    whole = grey[:height, :width]
    half = (whole[::2, ::2] + whole[1::2, ::2] + whole[::2, 1::2] + whole[1::2, 1::2]) * np.float32(0.25)
    return _laplacian(grey), _laplacian(np.asarray(half, np.float32))


def _laplacian(grey: Floats) -> float:
    if min(grey.shape) < 3:
        return 0.0
    inner = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return float(inner.var())


def measured(clip: Clip) -> Heard:
    """The numbers of a sound.

    >>> measured(Clip(np.zeros(800, np.float32), 8000)).quiet
    1.0
    """
    x, rate = clip.samples, clip.rate
    size = max(1, round(FRAME * rate))
    frames = x[: max(1, len(x) // size) * size].reshape(-1, size) if len(x) >= size else x[None]
    loud = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    quiet = float((loud < max(QUIETER * loud.max(), FAINT)).mean())
    level = np.abs(x)
    high, cliff = _bands(frames, rate)
    return Heard(
        len(x) / rate, rate, float(level.max()), float((level >= FULL).mean()), float(x.mean()), quiet, high, cliff
    )


def _bands(frames: Floats, rate: int) -> tuple[float, float]:
    """See Heard: from the mean power of frames."""
    if rate / 2 <= ABOVE[1]:
        return 0.0, 0.0
    window = np.hanning(frames.shape[1]).astype(np.float32)
    power = (np.abs(np.fft.rfft(frames * window)) ** 2).mean(axis=0)
    at = np.fft.rfftfreq(frames.shape[1], 1 / rate)

    def within(band: tuple[float, float]) -> float:
        inside = power[(at >= band[0]) & (at <= min(band[1], 0.95 * rate / 2))]
        return float(10 * np.log10((inside.mean() if len(inside) else 0.0) + NOTHING))

    return within(HIGH) - within(VOICE), within(BELOW) - within(ABOVE)
