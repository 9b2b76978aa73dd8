"""Faults of images and sounds, one a finding: bytes in a table, so that no file is needed."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import polars as pl
import soundfile
from PIL import Image, ImageFilter
from planted_faults import planted

from rung.core.types import Role
from rung.testing.checks_audit import audited

ROWS = 60
HIT = (5, 17)


def pictures(change, size=(64, 48)):
    """Noisy pictures of many scales, those of HIT changed."""
    draw = np.random.default_rng(0)
    made = []
    for row in range(ROWS):
        layers = [draw.integers(0, 256, (s, s), np.uint8) for s in (4, 8, 16, 48)]
        planes = [np.asarray(Image.fromarray(layer).resize(size, 2), np.float32) for layer in layers]
        image = Image.fromarray(np.mean(planes, axis=0).astype(np.uint8)).convert("RGB")
        buffer = BytesIO()
        (change(image) if row in HIT else image).save(buffer, "PNG")
        made.append(buffer.getvalue())
    return _seen("image", Role.IMAGE, made)


def _seen(name, role, made):
    frame = pl.DataFrame({name: pl.Series(made, dtype=pl.Binary), "label": ["no", "yes"] * (ROWS // 2)})
    return replace(audited(frame, roles={name: role, "label": Role.TARGET}), vectors=lambda *_: None)


@planted
def blank_image():
    return pictures(lambda image: Image.new("RGB", image.size, (90, 30, 200))), HIT


@planted
def blurry_image():
    return pictures(lambda image: image.filter(ImageFilter.GaussianBlur(2.5))), HIT


@planted
def dark_image():
    return pictures(lambda image: image.point(lambda level: level * 0.1)), HIT


@planted
def bright_image():
    return pictures(lambda image: image.point(lambda level: 225 + level * 0.1)), HIT


@planted
def tiny_image():
    return pictures(lambda image: image.resize((14, 10))), HIT


@planted
def odd_shape():
    return pictures(lambda image: image.resize((200, 48))), HIT


def recordings(change, rate=16_000):
    """Bursts of noise over a faint ground, those of HIT changed: samples and rate."""
    draw = np.random.default_rng(0)
    made = []
    for row in range(ROWS):
        loud = np.repeat(draw.uniform(0.02, 0.2, size=16), rate // 16)
        x, own = draw.normal(size=rate) * loud, rate
        if row in HIT:
            x, own = change(x, rate)
        buffer = BytesIO()
        soundfile.write(buffer, x.astype(np.float32), own, format="WAV", subtype="PCM_16")
        made.append(buffer.getvalue())
    return _seen("sound", Role.AUDIO, made)


@planted
def mixed_rates():
    return recordings(lambda x, rate: (x[::2], rate // 2)), HIT


@planted
def telephone_band():
    def dull(x, rate):
        bins = np.fft.rfft(x)
        bins[np.fft.rfftfreq(len(x), 1 / rate) > 3900] = 0
        return np.fft.irfft(bins), rate

    return recordings(dull), HIT


@planted
def short_sound():
    return recordings(lambda x, rate: (x[: rate // 5], rate)), HIT


@planted
def long_sound():
    return recordings(lambda x, rate: (np.tile(x, 5), rate)), HIT


@planted
def mostly_silent():
    return recordings(lambda x, rate: (np.where(np.arange(len(x)) < rate * 0.06, x, 0), rate)), HIT


@planted
def offset_sound():
    return recordings(lambda x, rate: (x + 0.2, rate)), HIT
