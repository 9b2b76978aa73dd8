"""What can be said of a sound without a pretrained model: its timbre, how it changes, where its energy lies."""

from functools import cache

import numpy as np
from scipy.fft import dct

from rung.core.types import Clip, Floats

FRAME, HOP = 0.025, 0.010  # seconds
BANDS, KEPT, TOP = 40, 20, 8000.0
PARTS = 4  # of a clip, each with means of its own: words differ in their order of sounds


def features(clip: Clip) -> Floats:
    """(288,) of a sound: mean and spread of 20 MFCC, their slopes and spectral statistics; means over quarters; length.

    Frames of 25 ms every 10 ms; 40 mel bands up to 8 kHz or half the rate; logarithm of the power; DCT-II.
    Source: Davis and Mermelstein 1980, Comparison of parametric representations, section III.
    """
    power_TF, rate = spectrum(clip)
    mel_TB = np.log(power_TF @ mel_bands(power_TF.shape[1], rate) + 1e-8)
    mfcc_TK = dct(mel_TB, type=2, norm="ortho", axis=1)[:, :KEPT]
    slope_TK = np.gradient(mfcc_TK, axis=0) if len(mfcc_TK) > 1 else np.zeros_like(mfcc_TK)
    frame_TM = np.concatenate([mfcc_TK, slope_TK, _shape(power_TF)], axis=1)
    parts = [part.mean(0) for part in np.array_split(frame_TM[:, :KEPT], PARTS) if len(part)]
    parts += [parts[-1]] * (PARTS - len(parts))
    whole = [frame_TM.mean(0), frame_TM.std(0), frame_TM.min(0), frame_TM.max(0)]
    length = np.log(len(clip.samples) / clip.rate + 1e-3)
    return np.concatenate([*whole, *parts, [length]]).astype(np.float32)


def spectrum(clip: Clip) -> tuple[Floats, int]:
    """(T, F) power of Hann-windowed frames, at least one, and the rate."""
    size, hop = max(2, round(FRAME * clip.rate)), max(1, round(HOP * clip.rate))
    x = clip.samples
    if len(x) < size:
        x = np.pad(x, (0, size - len(x)))
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop] * np.hanning(size).astype(np.float32)
    return (np.abs(np.fft.rfft(frames)) ** 2).astype(np.float32), clip.rate


@cache
def mel_bands(bins: int, rate: int) -> Floats:
    """(F, 40): triangles on the mel scale."""
    top = min(TOP, rate / 2)
    edges = np.linspace(0, 1127 * np.log1p(top / 700), BANDS + 2)
    at = (1127 * np.log1p(np.linspace(0, rate / 2, bins) / 700))[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    weight = np.maximum(0, np.minimum((at - low) / (centre - low), (high - at) / (high - centre)))
    return np.asarray(weight, np.float32)


def _shape(power_TF: Floats) -> Floats:
    """(T, 4): centroid, bandwidth, roll-off (shares of half the rate), and the logarithm of the energy."""
    at = np.linspace(0, 1, power_TF.shape[1])
    total = power_TF.sum(1, keepdims=True) + 1e-12
    centroid = (power_TF * at).sum(1, keepdims=True) / total
    width = np.sqrt((power_TF * (at - centroid) ** 2).sum(1, keepdims=True) / total)
    rolled = (np.cumsum(power_TF, axis=1) < 0.85 * total).mean(1, keepdims=True)
    return np.concatenate([centroid, width, rolled, np.log(total)], axis=1).astype(np.float32)
