"""From one image, sound or series to what a model reads: the checkpoint's own processor, and nothing beside it."""

from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import transformers
from numpy.typing import NDArray

from rung.backbones import yamnet
from rung.backbones.catalog import Family
from rung.backbones.reading import read
from rung.backbones.source import Source
from rung.backbones.windows import Front
from rung.core.errors import NoBackbone
from rung.core.extras import need
from rung.core.gaps import filled, resized
from rung.core.types import Clip, Floats, Media

FILES = ("preprocessor_config.json", "processor_config.json")
FRAME = 0.01  # seconds between the frames of a spectrogram, where its length is said in frames
STEP = 0.5  # of a window: how far windows of one sound lie apart


def front_of(source: Source, family: Family, config: Any) -> Front:
    """Read the processor of a folder; raises NoBackbone where there is none. Series need none."""
    if family.modality == "series":
        return SeriesFront(family, config)
    files = [source.folder / name for name in FILES if (source.folder / name).is_file()]
    if not files:
        raise NoBackbone(
            f"processor of {source.id}",
            wanted=FILES[0],
            got=f"none in {source.folder}",
            fix="Fetch the folder again, or save its processor there.",
        )
    return ImageFront(source, files) if family.modality == "image" else SoundFront(source, family, files)


class ImageFront:
    """The image processor of transformers, run by pillow on every machine; bytes are kept, their values looked up.

    Resizing and cropping give bytes; rescaling and normalising then turn each byte into one of 256 values a channel,
    which the processor itself is asked for once: the same bits at a quarter of the time and of the room.
    """

    name = "pixel_values"

    def __init__(self, source: Source, files: list[Path]) -> None:
        self._files = files
        auto = transformers.AutoImageProcessor
        self._processor: Any = read(
            source, lambda: auto.from_pretrained(source.folder, local_files_only=True, backend="pil")
        )
        self.table = self._values()

    def windows(self, item: Media) -> NDArray[Any]:
        """(1, C, H, W): bytes where `table` says what they stand for, else float32."""
        if self.table is None:
            return self._whole(item.image())
        return self._bytes(item.image())

    def identity(self) -> list[str | bytes]:
        """What decides a window."""
        return ["image", *(path.read_bytes() for path in self._files)]

    def save(self, folder: Path) -> None:
        """Copy the processor's files."""
        for path in self._files:
            (folder / path.name).write_bytes(path.read_bytes())

    def _whole(self, image: Any) -> Floats:
        found: Floats = np.asarray(self._processor(images=image, return_tensors="np")["pixel_values"], np.float32)
        return found

    def _bytes(self, image: Any) -> NDArray[Any]:
        return np.asarray(self._processor(images=image, do_rescale=False, do_normalize=False)["pixel_values"])

    def _values(self) -> Floats | None:
        """(3, 256) values that bytes stand for; None where that is not all that the processor does to them."""
        from PIL import Image  # noqa: PLC0415  # with the processor alone

        ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
        plain = {"do_resize": False, "do_center_crop": False, "do_pad": False}
        try:
            asked = self._processor(images=Image.fromarray(ramp), return_tensors="np", **plain)["pixel_values"]
            table = np.ascontiguousarray(asked[0, :, 0], dtype=np.float32)
            noise = np.random.default_rng(0).integers(0, 256, (97, 131, 3), dtype=np.uint8)
            image = Image.fromarray(noise)
            raw = self._bytes(image)
            known = raw.dtype == np.uint8 and table.shape == (3, 256)
            alike = known and all((table[c][raw[:, c]] == self._whole(image)[:, c]).all() for c in range(3))
        except (ValueError, TypeError, KeyError, IndexError):  # a processor of another shape: it is asked for all
            return None
        return table if alike else None


class SoundFront:
    """The feature extractor of transformers (or YAMNet's own) on windows of one length, at the checkpoint's rate."""

    table: Floats | None = None

    def __init__(self, source: Source, family: Family, files: list[Path]) -> None:
        self._files, self._own = files, bool(family.processor)
        self._extractor: Any = None
        self.name, self._rate, seconds = yamnet.NAME, yamnet.RATE, yamnet.SECONDS
        self._hop = yamnet.HOP_SECONDS
        if not self._own:
            auto = transformers.AutoFeatureExtractor
            self._extractor = read(source, lambda: auto.from_pretrained(source.folder, local_files_only=True))
            self.name, self._rate = self._extractor.model_input_names[0], int(self._extractor.sampling_rate)
            seconds = family.seconds or _seconds(self._extractor)
            self._hop = seconds * STEP
        self._length = round(seconds * self._rate)

    def windows(self, item: Media) -> NDArray[Any]:
        """(W, ...) float32: a short sound is filled with silence, a long one is cut into overlapping windows."""
        x = resampled(item.clip(), self._rate)
        hop = round(self._hop * self._rate)
        many = 1 + max(0, ceil((len(x) - self._length) / hop))
        filled = np.zeros(self._length + (many - 1) * hop, np.float32)
        filled[: len(x)] = x
        return np.stack([self._features(filled[i * hop : i * hop + self._length]) for i in range(many)])

    def identity(self) -> list[str | bytes]:
        """What decides a window."""
        return ["sound", str(self._length), str(self._hop), *(path.read_bytes() for path in self._files)]

    def save(self, folder: Path) -> None:
        """Copy the processor's files."""
        for path in self._files:
            (folder / path.name).write_bytes(path.read_bytes())

    def _features(self, x: Floats) -> Floats:
        if self._own:
            return yamnet.log_mel(x)
        found = self._extractor(x, sampling_rate=self._rate, return_tensors="np")[self.name]
        return np.asarray(found[0], np.float32)


class SeriesFront:
    """Windows of the checkpoint's context: a longer series is cut into overlapping ones, a shorter one is stretched.

    Where the model reads K channels at once, K of the series' stand side by side, the first ones again in the last
    window where they do not come out even. The models bring each window to one scale themselves.
    """

    name = "past_values"
    table: Floats | None = None

    def __init__(self, family: Family, config: Any) -> None:
        self._length = min(int(config.context_length), family.steps or int(config.context_length))
        self._channels = int(getattr(config, "num_input_channels", 0))

    def windows(self, item: Media) -> NDArray[Any]:
        """(W, T, K) float32, or (W, T) of a model for one channel."""
        x_CT, most = filled(item.values()), self._length
        if x_CT.shape[1] < most:
            x_CT = resized(x_CT, most)
        many = 1 + ceil((x_CT.shape[1] - most) / (most * STEP))
        begins = np.linspace(0, x_CT.shape[1] - most, many).astype(np.int64)
        cut_CT = np.stack([x_CT[:, begin : begin + most] for begin in begins])
        if not self._channels:
            return cut_CT.reshape(-1, most)
        side_by_side = ceil(len(x_CT) / self._channels) * self._channels
        dealt = cut_CT[:, np.arange(side_by_side) % len(x_CT)].reshape(-1, self._channels, most)
        return np.ascontiguousarray(dealt.transpose(0, 2, 1))

    def identity(self) -> list[str | bytes]:
        """What decides a window."""
        return ["series", str(self._length), str(self._channels), str(STEP)]

    def save(self, folder: Path) -> None:
        """Write nothing: config.json says it all."""


def _seconds(extractor: Any) -> float:
    """Of sound that one call of the extractor takes, as it says in one of three ways."""
    if chunk := getattr(extractor, "chunk_length", 0) or getattr(extractor, "nb_max_samples", 0):
        return float(chunk if chunk < 1000 else chunk / extractor.sampling_rate)
    return float(extractor.max_length) * FRAME if getattr(extractor, "max_length", 0) else 10.0


def resampled(clip: Clip, rate: int) -> Floats:
    """The samples at another rate, by soxr in its best quality."""
    if clip.rate == rate:
        return clip.samples
    found: Floats = need("soxr", "audio").resample(clip.samples, clip.rate, rate, quality="HQ")
    return found.astype(np.float32)
