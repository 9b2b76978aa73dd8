"""The front end of YAMNet: patches of a log-mel spectrogram, as its authors compute them.

Source: Hershey et al. 2017, CNN architectures for large-scale audio classification, section 3; the constants are those
of the released model: 25 ms frames every 10 ms, 64 mel bands of 125 to 7,500 Hz, ln(magnitude + 0.001).
"""

from functools import cache
from typing import Any

import numpy as np

from rung.core.types import Floats

NAME = "pixel_values"
RATE, FRAME, HOP, FFT = 16_000, 400, 160, 512
BANDS, LOWEST, HIGHEST, OFFSET = 64, 125.0, 7500.0, 0.001
FRAMES = 96  # of a patch
SECONDS = ((FRAMES - 1) * HOP + FRAME) / RATE  # of sound that a patch covers
HOP_SECONDS = 48 * HOP / RATE


def log_mel(x: Floats) -> Floats:
    """(1, 96, 64) log-mel of the sound in one patch (15,600 samples at 16 kHz in [-1, 1]).

    >>> log_mel(np.zeros(15_600, np.float32)).shape
    (1, 96, 64)
    """
    frames = np.lib.stride_tricks.sliding_window_view(x, FRAME)[::HOP][:FRAMES]
    magnitude = np.abs(np.fft.rfft(frames * _hann(), FFT)).astype(np.float32)
    return np.asarray(np.log(magnitude @ mel_matrix() + np.float32(OFFSET))[None], np.float32)


@cache
def _hann() -> Floats:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)


@cache
def mel_matrix() -> Floats:
    """(257, 64): triangles of height 1 on the mel scale 1127 ln(1 + f / 700); the lowest bin counts nothing."""
    edges = np.linspace(_mel(LOWEST), _mel(HIGHEST), BANDS + 2)
    bins = _mel(np.linspace(0, RATE / 2, FFT // 2 + 1))[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    weight = np.maximum(0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    weight[0] = 0
    return np.asarray(weight, np.float32)


def _mel(hertz: Any) -> Any:
    return np.asarray(1127 * np.log1p(np.asarray(hertz, np.float64) / 700))
