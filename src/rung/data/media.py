"""One image or sound of the user's: opened when asked for, upright and in one form, or refused with the reason."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.errors import UnreadableMedia
from rung.core.extras import need
from rung.core.rng import digest
from rung.core.types import Clip, Floats

IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".aif", ".aiff")
HEADS = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"FORM", b"\xff\xfb", b"\xff\xf3")  # of files of sound
PICTURE = b"WEBP"  # a RIFF file, too
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF")  # pillow knows more, some by other programs (PostScript)
STREAMED = (0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000)  # length of a WAV that was written before it was known
QUIET = 1e-4  # amplitude: -80 dB
MOST_PIXELS = 100_000_000  # a picture of 10,000 x 10,000; whatever unpacks to more is a mistake or an attack
MOST_SECONDS = 3600
BICUBIC, BOX = 3, 4  # pillow's numbers for two ways to resize
WHITE = (255, 255, 255)


@dataclass(frozen=True, eq=False)
class Glance:
    """One image at once: its format, its size in pixels, and a small grey copy (H, W) uint8."""

    kind: str
    width: int
    height: int
    grey: Any


@dataclass(frozen=True, eq=False)
class File:
    """One image or sound: a file, or bytes that came in the table. Equal content is equal.

    name: what the table calls it. Nothing is read before it is asked for; what can't be read raises UnreadableMedia.
    """

    name: str
    path: str = ""
    data: bytes | None = None

    @cached_property
    def key(self) -> bytes:
        """128-bit hash of the content; of the name where nothing can be read."""
        if self.data is not None:
            return digest(self.data)
        try:
            known = os.stat(self.path)  # noqa: PTH116  # a hundred thousand paths: no objects
            return _hash_of(self.path, known.st_size, known.st_mtime_ns)
        except OSError:
            return digest("unreadable", self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    def sounds(self) -> bool:
        """Whether it looks like a sound, by its first bytes or its name."""
        head = self.data[:12] if self.data else b""
        if head:
            return head.startswith(HEADS) and not head.endswith(PICTURE)
        return self.path.lower().endswith(SOUNDS)

    def pictures(self) -> bool:
        """Whether it is an image, by its content or its name."""
        if self.data is None:
            return self.path.lower().endswith(IMAGES)
        try:
            return bool(self.kind())
        except UnreadableMedia:
            return False

    def image(self) -> Any:
        """A PIL image in RGB: first frame, upright by its EXIF, 16 bits brought to 8, alpha over white."""
        with self._opened() as opened:
            opened.seek(0)
            return _rgb(opened)

    def clip(self) -> Clip:
        """One channel, float32: the mean of all (the first where they cancel out); integers are brought to [-1, 1)."""
        soundfile = need("soundfile", "audio")
        wrong, raw = (soundfile.LibsndfileError, RuntimeError, ValueError), self._raw()
        with self._refusing(*wrong), soundfile.SoundFile(BytesIO(raw)) as opened:
            self._bounded(opened)
            samples_NC = opened.read(dtype="float32", always_2d=True)
            rate, cut = int(opened.samplerate), len(samples_NC) < opened.frames or _cut(raw, opened.extra_info)
        if not len(samples_NC):
            raise self._refused("a sound of no length")
        if cut:
            raise self._refused("a truncated sound")
        if not np.isfinite(samples_NC).all():
            raise self._refused("samples that are not numbers")
        mean_N = samples_NC[:, 0] if samples_NC.shape[1] == 1 else samples_NC.mean(1)
        if np.abs(mean_N).max() < QUIET <= np.abs(samples_NC).max():  # channels that cancel each other out
            mean_N = np.ascontiguousarray(samples_NC[:, 0])
        return Clip(mean_N, rate)

    def values(self) -> Floats:
        """Raise UnreadableMedia: a file is no series."""
        raise UnreadableMedia(self.name, wanted="a series of numbers", got="a file")

    def kind(self) -> str:
        """The image format that the content has; "" where it has none."""
        with self._opened() as opened:
            return _plain(opened.format)

    def header(self) -> dict[str, str | float]:
        """What an image's first bytes say: format, colours, width, height; and how many bytes there are."""
        with self._opened() as opened:
            width, height = opened.size
            known: dict[str, str | float] = {"format": _plain(opened.format), "colours": opened.mode}
        return known | {"size": f"{width} x {height}", "width": width, "height": height, "bytes": len(self._raw())}

    def sound_header(self) -> dict[str, str | float]:
        """What a sound's header says: format, encoding, rate, channels, seconds."""
        soundfile = need("soundfile", "audio")
        with self._refusing(soundfile.LibsndfileError, RuntimeError, ValueError):
            known = soundfile.info(BytesIO(self._raw()))
        return {
            "format": known.format,
            "encoding": known.subtype,
            "rate": f"{known.samplerate} Hz",
            "channels": f"{known.channels} channels",
            "seconds": known.frames / known.samplerate,
        }

    def glance(self, side: int) -> "Glance":
        """Read all of an image as cheaply as can be: in grey, its shorter side `side` to 2 `side` where it is larger.

        Raises UnreadableMedia.
        """
        with self._opened() as opened:
            kind, (width, height) = _plain(opened.format), opened.size
            opened.draft("L", (side, side))  # a large JPEG is then unpacked at an eighth of its size
            opened.load()
            grey = opened if opened.mode in ("L", "RGB") else _rgb(opened)
            grey = grey.reduce(max(1, min(grey.size) // side)).convert("L")
            return Glance(kind, width, height, np.asarray(grey, np.uint8))

    def squashed(self, side: int) -> NDArray[np.uint8]:
        """(3, side, side) of the image squashed to a square, as cheaply as it can be read: its light and two tints."""
        with self._opened() as opened:
            opened.draft("RGB", (2 * side, 2 * side))
            plain = opened if opened.mode in ("L", "RGB") and "transparency" not in opened.info else _rgb(opened)
            how = BOX if min(plain.size) >= side else BICUBIC
            small = plain.convert("RGB").resize((side, side), how).convert("YCbCr")
            return np.moveaxis(np.asarray(small, np.uint8), 2, 0)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        image = need("PIL.Image")
        wrong = (OSError, ValueError, SyntaxError, EOFError, image.DecompressionBombError, TypeError, IndexError)
        with self._refusing(*wrong), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pillow's word on large or odd pictures: those that matter are refused
            with image.open(BytesIO(self._raw()), formats=FORMATS) as opened:
                width, height = opened.size
                if width * height > MOST_PIXELS:
                    raise self._refused(f"{width} x {height} pixels, more than {MOST_PIXELS:,}")
                yield opened

    def _raw(self) -> bytes:
        if self.data is not None:
            raw = self.data
        else:
            try:
                raw = Path(self.path).read_bytes()
            except FileNotFoundError:
                raise self._refused("no such file") from None
            except OSError as error:
                raise self._refused(error.strerror or str(error)) from error
        if not raw:
            raise self._refused("an empty file")
        return raw

    def _bounded(self, opened: Any) -> None:
        if opened.frames > MOST_SECONDS * opened.samplerate:
            raise self._refused(f"a sound of {opened.frames / opened.samplerate:,.0f} s")

    @contextmanager
    def _refusing(self, *wrong: type[Exception]) -> Iterator[None]:
        try:
            yield
        except UnreadableMedia:
            raise
        except wrong as error:
            said = str(error).removeprefix("Error opening <_io.BytesIO object at ").splitlines()[:1]
            got = said[0].partition(">: ")[2] or said[0] if said else type(error).__name__
            got = "no image or sound that can be recognised" if "cannot identify" in got else got[:120]
            raise self._refused(got.rstrip(".")) from error

    def _refused(self, got: str) -> UnreadableMedia:
        return UnreadableMedia(self.name, wanted="an image or sound that can be read", got=got)


def _plain(kind: Any) -> str:
    """A format by its usual name: phones write JPEG with further frames (MPO)."""
    return {"MPO": "JPEG", None: ""}.get(kind, str(kind))


def _cut(raw: bytes, said: str) -> bool:
    """Whether the end of a file of sound is missing, as its header or its last page tells."""
    if raw[:4] == b"OggS":
        last = raw.rfind(b"OggS")
        return len(raw) <= last + 5 or not raw[last + 5] & 4  # no page that ends the stream
    lengths = [int(found) for found in re.findall(r"(\d+) \(should be", said)]
    return any(length not in STREAMED for length in lengths)


def _rgb(opened: Any) -> Any:
    image, ops = need("PIL.Image"), need("PIL.ImageOps")
    upright = ops.exif_transpose(opened)
    if upright.mode.startswith("I") or upright.mode == "F":
        return image.fromarray(_eight_bits(np.asarray(upright))).convert("RGB")
    if upright.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in upright.info:
        layered = upright.convert("RGBA")
        ground = image.new("RGBA", layered.size, (*WHITE, 255))
        return image.alpha_composite(ground, layered).convert("RGB")
    return upright.convert("RGB")


def _eight_bits(values: Any) -> Any:
    """Grey of 16 bits (or kept in 32), or fractions of one, as bytes: pillow's conversion would cut all above 255."""
    numbers = np.nan_to_num(np.asarray(values, np.float64))
    top = 65535.0 if np.issubdtype(np.asarray(values).dtype, np.integer) else 1.0
    return np.clip(np.round(numbers / top * 255), 0, 255).astype(np.uint8)


@lru_cache(maxsize=200_000)
def _hash_of(path: str, size: int, changed: int) -> bytes:  # noqa: ARG001  # size and time make a changed file another
    return digest(Path(path).read_bytes())
