"""Images and sounds are held against their own set: what all of them are is no fault of one."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageFilter
from planted_media import HIT, pictures, recordings

from rung.audit.images import images
from rung.audit.offside import below
from rung.audit.sounds import sounds
from rung.core.types import Clip
from rung.data.looks import Look, listened, looked, measured
from rung.data.media import File


def every(seen, name):
    """The spoilt rows alone, three times over: a set of that kind."""
    frame = seen.pool.frame[[*HIT] * 30]
    keys = tuple(str(i).encode() for i in range(len(frame)))
    return replace(seen, pool=replace(seen.pool, frame=frame, row=np.arange(60), keys=keys), test=seen.test)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.filter(ImageFilter.GaussianBlur(2.5)),
        lambda image: image.point(lambda level: level * 0.1),
        lambda image: image.point(lambda level: 225 + level * 0.1),
        lambda image: image.resize((14, 10)),
        lambda image: image.resize((200, 48)),
    ],
    ids=["blurry", "dark", "bright", "tiny", "long"],
)
def test_a_set_of_such_images_is_left_alone(change):
    assert not list(images(every(pictures(change), "image")))


@pytest.mark.parametrize(
    "change",
    [lambda x, rate: (x[: rate // 5], rate), lambda x, rate: (x[::2], rate // 2)],
    ids=["short", "slow"],
)
def test_a_set_of_such_sounds_is_left_alone(change):
    assert not list(sounds(every(recordings(change), "sound")))


def test_one_colour_is_not_one_grey():
    def two(image):
        pixels = np.zeros((*image.size[::-1], 3), np.uint8)
        pixels[:, ::2], pixels[:, 1::2] = (100, 0, 0), (0, 51, 0)  # of equal lightness
        return Image.fromarray(pixels)

    assert not [each for each in images(pictures(two)) if each.check == "blank_image"]


def test_names_are_the_files():
    (found,) = images(pictures(lambda image: Image.new("RGB", image.size)))
    assert found.names == ("row 5", "row 17")
    assert "row 5, row 17" in found.what


def png(image):
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return File("x", data=buffer.getvalue())


def test_an_image_is_unpacked_once(monkeypatch):
    opened = []
    glance = File.glance
    monkeypatch.setattr(File, "glance", lambda self, side: opened.append(1) or glance(self, side))
    draw = np.random.default_rng(5).integers(0, 256, (40, 50), np.uint8)
    first, again = png(Image.fromarray(draw)), png(Image.fromarray(draw))
    look = looked(first)
    assert isinstance(look, Look)
    assert looked(again) == look
    assert (look.width, look.height, len(opened)) == (50, 40, 1)


def test_blur_takes_the_edges_and_not_the_light():
    draw = np.random.default_rng(0).integers(0, 256, (20, 20), np.uint8)
    image = Image.fromarray(draw).resize((120, 120), 2)
    sharp, blurred = looked(png(image)), looked(png(image.filter(ImageFilter.GaussianBlur(3))))
    faint = looked(png(image.point(lambda level: 80 + level // 4)))
    assert blurred.edges < sharp.edges - 1
    assert faint.edges == pytest.approx(sharp.edges, abs=0.5)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2, 2), (3, 5), (700, 2)])
@pytest.mark.parametrize("mode", ["1", "L", "I;16", "P", "RGB", "RGBA", "LA"])
def test_any_size_and_mode_can_be_looked_at(size, mode):
    look = looked(png(Image.new(mode, size)))
    assert (look.width, look.height) == size
    assert np.isfinite([look.edges, look.octave]).all()


@pytest.mark.parametrize("rate", [100, 8000, 16_000, 44_100])
@pytest.mark.parametrize("length", [1, 3, 1000])
def test_any_sound_can_be_measured(rate, length):
    heard = measured(Clip(np.full(length, 0.25, np.float32), rate))
    assert (heard.seconds, heard.peak, heard.offset) == (length / rate, 0.25, 0.25)
    assert np.isfinite([heard.high, heard.cliff]).all()


def test_bands_of_a_sound_are_those_of_its_spectrum():
    draw = np.random.default_rng(0).normal(size=32_000).astype(np.float32) * 0.1
    assert abs(measured(Clip(draw, 16_000)).high) < 1
    bins = np.fft.rfft(draw)
    bins[np.fft.rfftfreq(32_000, 1 / 16_000) > 4000] *= 0.001
    assert measured(Clip(np.fft.irfft(bins).astype(np.float32), 16_000)).high == pytest.approx(-60, abs=3)


def test_what_is_heard_is_kept():
    seen = recordings(lambda x, rate: (x, rate))
    raw = seen.pool.frame["sound"][0]
    assert listened(File("a", data=raw)) is listened(File("b", data=raw))


def test_too_few_values_are_no_set():
    assert not below(np.array([1.0, 1, 1, -9]), np.ones(4, np.bool_), 0.1).any()


def test_little_is_no_set_for_sounds():
    seen = recordings(lambda x, rate: (x[::2], rate // 2))
    few = replace(seen, pool=replace(seen.pool, frame=pl.DataFrame(seen.pool.frame[:19]), row=np.arange(19)))
    assert not list(sounds(few))
