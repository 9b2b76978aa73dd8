"""Any encoder in ONNX as a frozen backbone: models of other libraries come in by conversion, and stay as they are."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rung.backbones.catalog import known_onnx
from rung.backbones.fronts import FILES, ImageFront, resampled
from rung.backbones.jsonfile import read_object
from rung.backbones.source import Source
from rung.core.blank import Blank
from rung.core.contracts import BackboneCard, Prepared
from rung.core.errors import NoBackbone
from rung.core.extras import need
from rung.core.rng import digest
from rung.core.types import Floats, Media

PREFIX = "onnx:"
SETTINGS = "rung.json"  # beside the model: how it wants to be fed, where no processor says so
WINDOWS = ("mean", "mean+max")
EXAMPLE = '{"modality": "audio", "rate": 16000}'


@dataclass(frozen=True)
class Feeding:
    """How a graph is fed. image: the folder's processor. audio: samples at `rate`, times `gain`.

    front: another graph between samples and model, its output times `scale` plus `shift`; of its frames the model
    takes `window` at a time, every `hop`. Without one, `window` and `hop` count samples (0: the whole sound).
    windows: how the vectors of one sound become one, mean or mean+max. least: samples that a sound is filled up to.
    """

    modality: str
    rate: int = 16_000
    gain: float = 1.0
    front: str = ""
    scale: float = 1.0
    shift: float = 0.0
    window: int = 0
    hop: int = 0
    least: int = 0
    windows: str = "mean"
    licence: str = "unknown"
    data: str = ""  # what it was trained on, in words
    files: tuple[str, ...] = field(default=(), repr=False)


class OnnxBackbone:
    """One ONNX graph and its feeding, behind the seam of backbones; it embeds, and can't be trained.

    The feeding is that of the catalog for a model known by its hash, else of rung.json beside it, else images by the
    folder's preprocessor_config.json. Raises NoBackbone without any of these, or for a graph that can't be read.
    """

    trains = False
    precision = "float32"
    device = torch.device("cpu")
    at_once, side_by_side = 8, 4
    pooling, limit = "as the graph gives it", 0

    def __init__(self, name: str) -> None:
        self._path = Path(name.removeprefix(PREFIX)).expanduser().resolve()
        if not self._path.is_file():
            raise NoBackbone(f"backbone {name}", wanted="an .onnx file", got="no such file", fix="Check the path.")
        self._id = f"{PREFIX}{self._path}"
        self.sha256 = hashlib.sha256(self._path.read_bytes()).hexdigest()
        self._one_input()
        self.feeding = _feeding(self._path, self.sha256)
        self.reader = self
        self._front: Any = None
        if self.feeding.modality == "image":
            source = Source(self._id, self._path.parent, self.sha256, self.feeding.licence)
            self._front = ImageFront(source, [self._path.parent / name for name in self.feeding.files])

    @property
    def modality(self) -> str:
        """Image or audio."""
        return self.feeding.modality

    @cached_property
    def card(self) -> BackboneCard:
        """Identity, licence, shape; what a graph does not say (parameters) is counted from its size."""
        size = self._path.stat().st_size
        return BackboneCard(
            id=self._id,
            family="onnx",
            modality=self.modality,
            revision="local",
            sha256=self.sha256,
            licence=self.feeding.licence,
            width=self.width,
            limit=0,
            parameters=size // 4,
            size_bytes=size,
            blocks=("graph",),
            pooling=self.pooling,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the graphs and of how they are fed."""
        beside = [(self._path.parent / name).read_bytes() for name in self._beside]
        return digest(self.sha256, repr(self.feeding), *beside).hex()

    @cached_property
    def width(self) -> int:
        """Length of a row's vector: one moment of silence, or a black image, is passed."""
        return int(self.embed(self.prepare([Blank()])).shape[1])

    @property
    def model(self) -> Any:
        """The session."""
        return self._session

    def key(self, item: Any) -> bytes:
        """128-bit hash of the item's content."""
        found: bytes = item.key
        return found

    def prepare(self, items: Sequence[Any]) -> Prepared:
        """Windows of every item; raises UnreadableMedia."""
        make = self._image if self.modality == "image" else self._sound
        return Prepared(tuple(make(item) for item in items), np.zeros(len(items), np.bool_))

    def embed(self, prepared: Prepared) -> Floats:
        """(n, width) float32."""
        counts = np.cumsum([0, *map(len, prepared.ids)])
        name = self._session.get_inputs()[0].name
        found = np.asarray(self._session.run(None, {name: np.concatenate(list(prepared.ids))})[0], np.float32)
        vector_UD = found if found.ndim == 2 else _flat(found)
        parts = [vector_UD[counts[i] : counts[i + 1]] for i in range(len(prepared.ids))]
        mean_ND = np.stack([part.mean(0) for part in parts])
        if self.feeding.windows == "mean":
            return mean_ND
        return np.concatenate([mean_ND, np.stack([part.max(0) for part in parts])], axis=1)

    def _one_input(self) -> None:
        """Open the graph, which says whether it is whole; raises NoBackbone for one that wants more than one input."""
        names = [each.name for each in self._session.get_inputs()]
        if len(names) != 1:
            raise NoBackbone(
                f"backbone {self._id}", wanted="a graph with one input", got=f"{len(names)}: {', '.join(names[:4])}"
            )

    def pack(self) -> None:
        """Do nothing: the runtime lays its weights out itself."""

    def settle(self, precision: str) -> None:
        """Do nothing: a graph has the precision that it was written in."""

    def save_preprocessing(self, folder: str) -> None:
        """Write the feeding, and copy what stands beside the graph."""
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        known = {key: value for key, value in self.feeding.__dict__.items() if key != "files"}
        (place / SETTINGS).write_text(json.dumps(known, indent=1), encoding="utf-8")
        for name in self._beside:
            (place / name).write_bytes((self._path.parent / name).read_bytes())

    @property
    def _beside(self) -> tuple[str, ...]:
        return (*self.feeding.files, *([self.feeding.front] if self.feeding.front else []))

    @cached_property
    def _session(self) -> Any:
        return _open(self._path)

    @cached_property
    def _front_session(self) -> Any:
        return _open(self._path.parent / self.feeding.front)

    def _image(self, item: Media) -> NDArray[Any]:
        raw = self._front.windows(item)
        if self._front.table is not None:
            raw = np.stack([self._front.table[c][raw[:, c]] for c in range(3)], axis=1)
        shape = self._session.get_inputs()[0].shape
        return np.ascontiguousarray(raw.transpose(0, 2, 3, 1)) if shape[-1] == 3 else raw

    def _sound(self, item: Media) -> NDArray[Any]:
        how = self.feeding
        x = resampled(item.clip(), how.rate) * np.float32(how.gain)
        x = np.pad(x, (0, max(0, how.least - len(x))))
        if how.front:
            name = self._front_session.get_inputs()[0].name
            frames = np.squeeze(self._front_session.run(None, {name: x[None]})[0]) * how.scale + how.shift
            return _cut(frames.astype(np.float32), how.window, how.hop)[..., None]
        return _cut(x, how.window or len(x), how.hop or len(x))


def _cut(x_T: NDArray[Any], window: int, hop: int) -> NDArray[Any]:
    """(W, window, ...) pieces, every `hop`; the last one reaches the end, filled with zeros."""
    many = 1 + max(0, -(-(len(x_T) - window) // hop))
    filled = np.zeros(((many - 1) * hop + window, *x_T.shape[1:]), x_T.dtype)
    filled[: len(x_T)] = x_T[: len(filled)]
    return np.stack([filled[i * hop : i * hop + window] for i in range(many)])


def _flat(found: Floats) -> Floats:
    """(U, D) of (U, T, D), (U, 1, 1, D) or (U, D, H, W): means over what is neither row nor feature."""
    if found.ndim == 4 and found.shape[1] == found.shape[2] == 1:
        return found[:, 0, 0]
    mean: Floats = found.mean((2, 3)) if found.ndim == 4 else found.mean(1)
    return mean


def _feeding(path: Path, sha256: str) -> Feeding:
    known = known_onnx().get(sha256)
    if known is not None:
        return Feeding(**known)
    said = read_object(path.parent, SETTINGS)
    if said:
        strange = set(said) - (set(Feeding.__dataclass_fields__) - {"files"})
        if strange or said.get("modality") not in ("image", "audio"):
            got = ", ".join(sorted(strange)) or f"modality {said.get('modality')!r}"
            raise NoBackbone(f"{path.parent / SETTINGS}", wanted=f"settings such as {EXAMPLE}", got=got)
        _checked(said, path.parent / SETTINGS)
        return Feeding(**said, files=_processor(path) if said["modality"] == "image" else ())
    if files := _processor(path):
        return Feeding("image", files=files)
    raise NoBackbone(
        f"backbone {path}",
        wanted=f"{FILES[0]} (images) or {SETTINGS} beside it, which say how it is fed",
        got="neither",
        fix=f"For sounds write {SETTINGS} such as {EXAMPLE}.",
    )


def _checked(said: dict[str, Any], where: Path) -> None:
    """Raise NoBackbone for a value of the wrong kind or out of bounds."""
    for name, value in said.items():
        default = getattr(Feeding("image"), name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(default, bool | int | float):
            least = 1 if name == "rate" else 0 if isinstance(default, int) else -np.inf
            if not number or value < least or (isinstance(default, int) and value != int(value)):
                kind = "a whole number" if isinstance(default, int) else "a number"
                wanted = f"{kind}, {least} or more" if np.isfinite(least) else kind
                raise NoBackbone(f"{name} in {where}", wanted=wanted, got=f"{value!r}")
        elif name == "windows" and value not in WINDOWS:
            raise NoBackbone(f"{name} in {where}", wanted=" or ".join(WINDOWS), got=f"{value!r}")
        elif isinstance(default, str) and not isinstance(value, str):
            raise NoBackbone(f"{name} in {where}", wanted="words", got=f"{value!r}")


def _processor(path: Path) -> tuple[str, ...]:
    return tuple(name for name in FILES if (path.parent / name).is_file())


def _open(path: Path) -> Any:
    runtime = need("onnxruntime", "onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1  # batches run side by side
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime has classes of its own for each way in which a graph can be wrong
        got = " ".join(str(error).split())[:160]
        raise NoBackbone(f"backbone {path}", wanted="a whole ONNX graph", got=got) from error
