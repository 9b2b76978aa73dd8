"""Sounds that are one recording: louder, at another rate, compressed, with a little noise, cut a little at the ends.

Candidates have a like long-term spectrum in fine bands, which no gain, shift or cut changes much; one speaker's takes
of one word have it, too, and a log-mel print cannot tell them (0.99 on spoken digits, cuts 0.97). So the
waveforms up to 1.7 kHz decide: their correlation at the best lag.
Sources: Knapp and Carter 1976, The generalized correlation method for estimation of time delay.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Clip, Floats, Ints
from rung.data.bonds import Bonds

RATE, LOW, TOP = 4000, 100.0, 1700.0  # of the waveforms kept: samples a second, Hz
LONGEST = 4  # seconds kept of a waveform
STEP = 20.0  # Hz of a band
PERHAPS, ALIKE = 0.98, 0.97
FINER = 4  # points of the correlation between two samples
OVERLAP = 0.6  # share of the longer waveform that both must have


@dataclass(frozen=True)
class Print:
    """wave: (n,) float16 at 4 kHz; band: (80,) its long-term spectrum."""

    wave: NDArray[np.float16]
    band: Floats


def near_sounds(heard: Sequence[Print]) -> Bonds:
    """Ties between sounds that are one recording; in which order they come may matter."""
    bonds = Bonds(len(heard))
    told = np.array([place for place, each in enumerate(heard) if each.wave.any()], np.int64)
    if len(told) < 2:
        return bonds
    prints = [heard[place] for place in told]
    x_ND = np.stack([each.band for each in prints])

    def alike(first: Ints, second: Ints) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.einsum("nd,nd->n", x_ND[first], x_ND[second]) >= PERHAPS
        for pair in np.flatnonzero(found):
            found[pair] = likeness(prints[first[pair]].wave, prints[second[pair]].wave) >= ALIKE
        return found

    own = Bonds(len(told))
    own.by_signs(x_ND, alike)
    bonds.tie(told[own.first], told[own.second])
    return bonds


def fingerprint(clip: Clip) -> Print:
    """What is kept of a sound.

    >>> fingerprint(Clip(np.zeros(800, np.float32), 8000)).wave.shape
    (400,)
    """
    count = max(2, round(len(clip.samples) * RATE / clip.rate))
    spectrum, kept = np.fft.rfft(clip.samples), np.zeros(count // 2 + 1, np.complex128)
    both = min(len(kept), len(spectrum))
    at = np.arange(both) * RATE / count
    inside = (at >= LOW) & (at < TOP)
    kept[:both] = np.where(inside, spectrum[:both] * np.sqrt(at / LOW), 0)  # high notes tell more, and are weaker
    wave = np.fft.irfft(kept, count)[: LONGEST * RATE]
    wave /= max(float(np.abs(wave).max()), 1e-9)
    power = np.abs(np.fft.rfft(wave, max(RATE, len(wave)))) ** 2
    place = (np.arange(len(power)) * RATE / max(RATE, len(wave)) / STEP).astype(np.int64)
    band = np.bincount(place, power)[round(LOW / STEP) : round(TOP / STEP)]
    band = np.log1p(10 * band / max(float(band.mean()), 1e-12))
    band -= band.mean()
    return Print(wave.astype(np.float16), (band / max(float(np.linalg.norm(band)), 1e-9)).astype(np.float32))


def likeness(first: NDArray[np.float16], second: NDArray[np.float16]) -> float:
    """Correlation of two waveforms where they overlap, at the lag that brings the most; 0 where they hardly do.

    >>> x = np.sin(np.arange(4000) ** 1.3).astype(np.float16)
    >>> round(likeness(x, -x[300:] / 2), 2)
    1.0
    """
    a, b = first.astype(np.float32), second.astype(np.float32)
    size = 1 << (len(a) + len(b) - 1).bit_length()
    cross = np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size))
    product = np.abs(np.fft.irfft(cross, size * FINER)) * FINER
    at = int(product.argmax())
    lag = round((at if at < size * FINER // 2 else at - size * FINER) / FINER)
    x, y = a[max(0, lag) :], b[max(0, -lag) :]
    both = min(len(x), len(y))
    if both < OVERLAP * max(len(a), len(b)):
        return 0.0
    return float(product[at] / max(float(np.linalg.norm(x[:both]) * np.linalg.norm(y[:both])), 1e-9))
