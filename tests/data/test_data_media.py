"""Images and sounds are read upright and whole in any format, and what can't be read says why."""

import io
import warnings
import zipfile

import numpy as np
import polars as pl
import pytest
import soundfile
from PIL import Image

from rung.core.errors import BadOption, UnreadableMedia
from rung.core.types import Column, Role
from rung.data.album import by_content, files_of, packed, with_places
from rung.data.damage import damage
from rung.data.media import File
from rung.data.read import read

PIXELS = np.zeros((30, 40, 3), np.uint8)
PIXELS[:15, :, 0] = 200  # the upper half is red
PIXELS[15:, :, 2] = 200


def raw(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(data):
    return np.asarray(File("x", data=data).image())


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_keep_every_pixel(kind):
    assert (pixels(raw(Image.fromarray(PIXELS), kind)) == PIXELS).all()


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95})])
def test_lossy_formats_stay_near(kind, options):
    assert np.abs(pixels(raw(Image.fromarray(PIXELS), kind, **options)).astype(int) - PIXELS).mean() < 8


def test_a_gif_gives_its_first_frame():
    frames = [Image.fromarray(np.full((8, 8, 3), shade, np.uint8)) for shade in (10, 200)]
    found = pixels(raw(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert np.abs(found.astype(int) - 10).max() <= 4


def test_one_bit_grey_is_black_and_white():
    found = pixels(raw(Image.fromarray(PIXELS[..., 0] > 0).convert("1"), "PNG"))
    assert set(np.unique(found)) == {0, 255}


def test_sixteen_bit_grey_is_scaled_not_cut():
    grey = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    found = pixels(raw(Image.fromarray(grey), "PNG"))[..., 0].ravel()
    assert np.abs(found - grey.ravel() / 257).max() <= 0.5


def test_a_palette_gives_its_colours():
    found = pixels(raw(Image.fromarray(PIXELS).quantize(4), "PNG"))
    assert np.abs(found.astype(int) - PIXELS).max() <= 4


def test_cmyk_becomes_rgb():
    found = pixels(raw(Image.fromarray(PIXELS).convert("CMYK"), "JPEG", quality=95))
    assert found[5, 5, 0] > 150
    assert found[25, 5, 2] > 150


def test_alpha_lies_over_white():
    clear = np.zeros((4, 4, 4), np.uint8)
    clear[..., 3] = [0, 0, 255, 255]
    found = pixels(raw(Image.fromarray(clear), "PNG"))
    assert (found[:, :2] == 255).all()
    assert (found[:, 2:] == 0).all()


def test_a_transparent_palette_lies_over_white():
    image = Image.fromarray(np.zeros((4, 4), np.uint8), "P")
    image.putpalette([0, 0, 0] * 256)
    assert (pixels(raw(image, "PNG", transparency=0)) == 255).all()


def test_exif_rotation_is_honoured():
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    found = pixels(raw(Image.fromarray(PIXELS), "JPEG", quality=95, exif=exif))
    assert found[5, 5, 2] > 150  # the blue half is above now


BAD = {
    "empty": b"",
    "text named as an image": b"this is no picture",
    "truncated": raw(Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8)), "JPEG")[:2000],
    "half a PNG": raw(Image.fromarray(PIXELS), "PNG")[:60],
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_what_is_no_image_is_refused_and_never_crashes(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UnreadableMedia):
            File("x.jpg", data=data).image()


def test_a_decompression_bomb_is_refused_before_it_unpacks(monkeypatch):
    bomb = raw(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(bomb) < 100_000
    with pytest.raises(UnreadableMedia, match=r"20000 x 20000 pixels|exceeds limit"):
        File("x.png", data=bomb).image()


def test_a_file_that_is_not_there_says_so():
    with pytest.raises(UnreadableMedia, match="no such file"):
        File("a.png", "/nowhere/a.png").image()


def wave(samples, rate=16_000, kind="WAV", subtype=None):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


TONE = (0.4 * np.sin(np.arange(8000) * 0.1)).astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "subtype", "near"),
    [
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "PCM_U8", 1e-2),
        ("WAV", "FLOAT", 1e-7),
        ("FLAC", "PCM_16", 1e-4),
        ("OGG", "VORBIS", 0.05),
        ("MP3", "MPEG_LAYER_III", 0.05),
    ],
)
def test_every_format_of_sound_gives_the_samples(kind, subtype, near):
    clip = File("x", data=wave(TONE, kind=kind, subtype=subtype)).clip()
    assert clip.rate == 16_000
    assert clip.samples.dtype == np.float32
    n = min(len(clip.samples), len(TONE))
    assert abs(len(clip.samples) - len(TONE)) <= 2500  # an MP3 is filled up to whole frames
    assert min(np.abs(clip.samples[s : s + n - 2400] - TONE[: n - 2400]).max() for s in range(2400)) < near


def test_channels_are_averaged():
    both = np.stack([TONE, -TONE / 2], axis=1)
    clip = File("x", data=wave(both, subtype="FLOAT")).clip()
    assert np.allclose(clip.samples, TONE / 4, atol=1e-6)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (wave(TONE)[:4000], "truncated"),
        (wave(TONE[:0]), "no length"),
        (wave(np.full(100, np.nan, np.float32), subtype="FLOAT"), "not numbers"),
        (b"RIFFnothing", "."),
        (b"", "an empty file"),
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(data, why):
    with pytest.raises(UnreadableMedia, match=why):
        File("x.wav", data=data).clip()


@pytest.fixture
def folder(tmp_path):
    for part in ("train", "test"):
        for label, shade in (("dark", 20), ("light", 220)):
            (tmp_path / part / label).mkdir(parents=True)
            for i in range(3):
                Image.new("RGB", (9, 9), (shade + i,) * 3).save(tmp_path / part / label / f"{i}.png")
    return tmp_path


def test_class_folders_are_two_columns_and_a_target(folder):
    sheet = read(folder / "train")
    assert sheet.frame.to_dict(as_series=False) == {
        "path": [f"{label}/{i}.png" for label in ("dark", "light") for i in range(3)],
        "label": ["dark"] * 3 + ["light"] * 3,
    }
    assert (sheet.target, sheet.test) == ("label", None)


def test_train_and_test_folders_are_two_parts_and_others_are_said(folder):
    (folder / "dev" / "dark").mkdir(parents=True)
    (folder / "notes.txt").write_text("x")
    (folder / "train" / "dark" / "list.txt").write_text("x")
    sheet = read(folder)
    assert sheet.frame["path"][0] == "train/dark/0.png"
    assert sheet.test["path"].to_list()[-1] == "test/light/2.png"
    assert [finding.what for finding in sheet.findings] == [
        "1 file is neither image nor sound by name, and left out: train/dark/list.txt",
        "dev was left out; only train/ and test/ are read",
    ]


def test_files_side_by_side_have_no_label(folder):
    sheet = read(folder / "train" / "dark")
    assert (sheet.frame.columns, sheet.target) == (["path"], None)


def test_images_beside_sounds_are_refused(folder):
    (folder / "train" / "dark" / "a.wav").write_bytes(wave(TONE))
    with pytest.raises(BadOption, match="got 12 images and 1 sounds"):
        read(folder)


IMAGE = [Column("path", Role.IMAGE)]


def test_damaged_files_are_named_by_row_and_path_and_the_rest_is_usable(folder):
    (folder / "train" / "dark" / "1.png").write_bytes(b"no")
    (folder / "train" / "light" / "2.png").write_bytes(raw(Image.fromarray(PIXELS), "JPEG"))
    frame = with_places(read(folder / "train").frame, IMAGE, folder / "train")
    usable, found = damage(frame, IMAGE)
    assert usable.tolist() == [True, False, True, True, True, True]
    assert [(finding.check, finding.rows) for finding in found] == [("unreadable_file", (1,)), ("misnamed_file", (5,))]
    assert "row 1: dark/1.png: no image or sound that can be recognised" in found[0].what
    assert "a JPEG named as PNG: light/2.png" in found[1].what


def test_silent_and_clipped_sounds_are_said(tmp_path):
    for name, samples in (("a", TONE), ("b", TONE * 0), ("c", np.clip(TONE * 9, -1, 1))):
        (tmp_path / f"{name}.wav").write_bytes(wave(samples))
    columns = [Column("path", Role.AUDIO)]
    usable, found = damage(with_places(read(tmp_path).frame, columns, tmp_path), columns)
    assert usable.all()
    assert {finding.check: finding.rows for finding in found} == {"silent_sound": (1,), "clipped_sound": (2,)}


def test_the_same_files_elsewhere_are_the_same_content(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("copy")
    for path in (folder / "train").rglob("*.png"):
        (other / path.parent.name).mkdir(exist_ok=True)
        (other / path.parent.name / path.name).write_bytes(path.read_bytes())
    here, there = (
        by_content(with_places(read(place).frame, IMAGE, place), IMAGE) for place in (folder / "train", other)
    )
    assert here.equals(there)
    assert here["path"].n_unique() == 6


def test_python_objects_and_bytes_are_the_file_s_equal():
    image = Image.fromarray(PIXELS)
    for value in (image, PIXELS):
        assert (pixels(packed(value)) == PIXELS).all()
    sound = packed({"array": TONE, "sampling_rate": 8000})
    clip = File("x", data=sound).clip()
    assert (clip.rate, np.abs(clip.samples - TONE).max()) == (8000, 0)
    structs = pl.Series("image", [{"bytes": raw(image, "PNG"), "path": "a.png"}, None])
    first, second = files_of(structs)
    assert (np.asarray(first.image()) == PIXELS).all()
    assert second is None


def test_a_zip_in_disguise_is_no_image():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(UnreadableMedia, match="can be recognised"):
        File("x.png", data=buffer.getvalue()).image()
