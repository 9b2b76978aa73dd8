"""Images and sounds spoilt in real sets: precision and recall of each fault, and rows named before."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from faults import counted
from rung.audit.battery import checks
from rung.core.types import Role
from rung.data.media import IMAGES, SOUNDS
from rung.testing.checks_audit import audited

PICTURES, SPOKEN = ("ants_bees", "cifar10_small", "pneumonia_mnist"), ("speech_commands_6",)
SHARE = 0.05
Made = dict[str, Callable[[bytes], bytes]]


def suites(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """One row a fault and set; `already` counts rows named before anything was planted."""
    for name in PICTURES[: 1 if quick else None]:
        yield from _of(data / name / "train", name, ("images", Role.IMAGE, IMAGES), pictures())
    for name in SPOKEN:
        yield from _of(data / name / "train", name, ("sounds", Role.AUDIO, SOUNDS), spoken())


def _of(folder: Path, name: str, about: tuple[str, Role, tuple[str, ...]], faults: Made) -> Iterator[dict[str, Any]]:
    check, role, endings = about
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings)
    raw = [path.read_bytes() for path in files]
    clean = _found(check, role, raw)
    draw = np.random.default_rng(0)
    rows = set(draw.choice(len(raw), max(10, round(SHARE * len(raw))), replace=False).tolist())
    for fault, spoil in faults.items():
        says = fault.partition(":")[0]
        spoilt = [spoil(each) if row in rows else each for row, each in enumerate(raw)]
        begun = perf_counter()
        found = _found(check, role, spoilt).get(says, set())
        about = says, name, fault.partition(":")[2].strip()
        yield counted(about, rows, found, clean.get(says, set()), perf_counter() - begun)


def _found(name: str, role: Role, raw: list[bytes]) -> dict[str, set[int]]:
    label = ["no", "yes"] * (len(raw) // 2) + ["no"] * (len(raw) % 2)
    frame = pl.DataFrame({"file": pl.Series(raw, dtype=pl.Binary), "label": label})
    (check,) = [each for each in checks() if each.name == name]
    found: dict[str, set[int]] = {}
    for finding in check.find(audited(frame, roles={"file": role, "label": Role.TARGET})):
        found.setdefault(finding.check, set()).update(finding.rows)
    return found


def pictures() -> Made:
    """Spoilers of images, from light to strong; blur is in pixels of the image as it is."""
    from PIL import Image, ImageEnhance, ImageFilter

    def of(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
        def spoil(raw: bytes) -> bytes:
            buffer = BytesIO()
            change(Image.open(BytesIO(raw)).convert("RGB")).save(buffer, "JPEG", quality=90)
            return buffer.getvalue()

        return spoil

    return {
        "blank_image": of(lambda image: Image.new("RGB", image.size, (40, 60, 80))),
        "blurry_image: radius 1": of(lambda image: image.filter(ImageFilter.GaussianBlur(1))),
        "blurry_image: radius 2": of(lambda image: image.filter(ImageFilter.GaussianBlur(2))),
        "blurry_image: radius 3": of(lambda image: image.filter(ImageFilter.GaussianBlur(3))),
        "dark_image: a fifth of the light": of(lambda image: ImageEnhance.Brightness(image).enhance(0.2)),
        "dark_image: a twentieth of the light": of(lambda image: ImageEnhance.Brightness(image).enhance(0.05)),
        "bright_image: washed out": of(lambda image: image.point(lambda level: 220 + level * 0.14)),
        "tiny_image: a fifth of each side": of(
            lambda image: image.resize((max(1, image.width // 5), max(1, image.height // 5)))
        ),
        "odd_shape: a strip": of(lambda image: image.crop((0, 0, image.width, max(1, image.width // 7)))),
    }


def spoken() -> Made:
    """Spoilers of sounds."""
    import soundfile
    import soxr

    def of(change: Callable[[Any, int], tuple[Any, int]]) -> Callable[[bytes], bytes]:
        def spoil(raw: bytes) -> bytes:
            samples, rate = soundfile.read(BytesIO(raw), dtype="float32")
            changed, rate = change(samples, rate)
            buffer = BytesIO()
            soundfile.write(buffer, changed, rate, format="WAV", subtype="PCM_16")
            return buffer.getvalue()

        return spoil

    def hushed(samples: Any, rate: int) -> tuple[Any, int]:
        loud = max(0, int(np.abs(samples).argmax()) - rate // 50)
        kept = (np.arange(len(samples)) >= loud) & (np.arange(len(samples)) < loud + rate // 25)
        return np.where(kept, samples, 0).astype(np.float32), rate

    return {
        "short_sound: a sixth": of(lambda samples, rate: (samples[: len(samples) // 6], rate)),
        "long_sound: six times": of(lambda samples, rate: (np.tile(samples, 6), rate)),
        "mostly_silent: 40 ms left": of(hushed),
        "mixed_rates: 8 kHz": of(lambda samples, rate: (soxr.resample(samples, rate, 8000), 8000)),
        "telephone_band: 8 kHz and back": of(
            lambda samples, rate: (soxr.resample(soxr.resample(samples, rate, 8000), 8000, rate), rate)
        ),
        "offset_sound: a tenth": of(lambda samples, rate: (np.clip(samples + 0.1, -1, 1), rate)),
    }
