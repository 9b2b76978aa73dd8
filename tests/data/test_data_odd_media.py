"""Images and sounds as phones, pipes and old programs write them: taken for what they are, or refused."""

import struct
from io import BytesIO

import numpy as np
import polars as pl
import pytest
import soundfile
from PIL import Image

from rung.core.errors import UnreadableMedia
from rung.core.types import Column, Role
from rung.data.damage import damage
from rung.data.guess import guess
from rung.data.media import File

RATE = 16_000
TONE = (0.3 * np.sin(np.arange(2 * RATE) / 9)).astype(np.float32)


def sound(samples=TONE, **how):
    buffer = BytesIO()
    soundfile.write(buffer, samples, RATE, **how)
    return buffer.getvalue()


def test_a_phone_s_jpeg_with_a_second_frame_is_a_jpeg(tmp_path):
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "phone.jpg", format="MPO", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "phone.jpg") as opened:
        assert opened.format == "MPO"
    usable, findings = damage(pl.DataFrame({"path": [str(tmp_path / "phone.jpg")]}), [Column("path", Role.IMAGE)])
    assert usable.all()
    assert findings == ()


def test_postscript_is_never_handed_to_another_program():
    page = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    with pytest.raises(UnreadableMedia, match="no image or sound that can be recognised"):
        File("x.jpg", data=page).image()


@pytest.mark.parametrize(("value", "grey"), [(200, 1), (30_000, 117), (65_535, 255), (1_000_000, 255)])
def test_grey_kept_in_32_bits_is_of_16_whatever_else_is_in_the_image(value, grey):
    buffer = BytesIO()
    Image.fromarray(np.full((4, 4), value, np.int32)).save(buffer, "TIFF")
    assert np.asarray(File("x", data=buffer.getvalue()).image()).tolist() == [[[grey] * 3] * 4] * 4


def test_half_an_ogg_is_truncated():
    whole = sound(np.random.default_rng(0).normal(size=5 * RATE).astype(np.float32) * 0.1, format="OGG")
    assert len(File("x", data=whole).clip().samples) == 5 * RATE
    with pytest.raises(UnreadableMedia, match="a truncated sound"):
        File("x", data=whole[: len(whole) // 2]).clip()


@pytest.mark.parametrize(("length", "streamed"), [(0xFFFFFFFF, True), (0x7FFFFFFF, True), (400_000, False)])
def test_a_wav_from_a_pipe_knows_no_length(length, streamed):
    raw = bytearray(sound(format="WAV", subtype="PCM_16"))
    at = raw.find(b"data") + 4
    raw[at : at + 4] = struct.pack("<I", length)
    file = File("x", data=bytes(raw))
    if streamed:
        assert len(file.clip().samples) == len(TONE)
    else:
        with pytest.raises(UnreadableMedia, match="a truncated sound"):
            file.clip()


def test_channels_that_cancel_out_are_not_silence():
    both = sound(np.stack([TONE, -TONE], axis=1), format="WAV", subtype="FLOAT")
    assert np.array_equal(File("x", data=both).clip().samples, TONE)


@pytest.mark.parametrize("odd", ["photo.heic", " lead.jpg", "a\nb.jpg", "x.jpg "])
def test_one_odd_name_leaves_a_column_of_files_one(odd):
    names = [f"photos/{i}.jpg" for i in range(40)] + [odd]
    assert guess(pl.Series("photo", names)).role is Role.IMAGE
    assert guess(pl.Series("clip", [name.replace("jpg", "wav") for name in names])).role is Role.AUDIO


def test_texts_that_mention_files_are_texts():
    texts = [f"I sent you picture{i}.jpg" if i % 2 else f"the file {i} never came" for i in range(40)]
    assert guess(pl.Series("text", texts)).role is Role.TEXT


def test_every_file_that_failed_is_named(tmp_path):
    paths = [str(tmp_path / f"{i}.png") for i in range(8)]
    Image.new("RGB", (5, 5)).save(paths[0])
    _, (finding,) = damage(pl.DataFrame({"path": paths}), [Column("path", Role.IMAGE)])
    assert finding.rows == tuple(range(1, 8))
    assert [name.split(":")[0].split("/")[-1] for name in finding.names] == [f"{i}.png" for i in range(1, 8)]
    assert finding.what.endswith("4 more, named in audit.json")
