"""How an encoder of images, sounds or series reads: windows of one shape, some a row; their vectors become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rung.backbones.catalog import Family
from rung.backbones.convolutions import fold
from rung.backbones.reading import architecture, blank_model
from rung.backbones.source import Source
from rung.backbones.workers import each
from rung.core.blank import Blank
from rung.core.contracts import Prepared
from rung.core.types import Floats, Ints, Media

IN_MEMORY = 256  # rows; more are prepared into a file without a name
PHOTOGRAPH = 3 * 224 * 224  # values: more than a few at once fall out of a core's caches, of small ones 16 were fastest
CHUNK = 64  # rows that workers prepare side by side

_WIDTHS: dict[str, int] = {}  # by architecture: shapes alone take a third of a second to walk through a deep network


class Front(Protocol):
    """Preprocessing of one image, sound or series."""

    name: str  # the model's argument
    table: Floats | None  # (C, 256): what the bytes of a window stand for; None where windows hold the values

    def windows(self, item: Media) -> NDArray[Any]:
        """(W, ...) windows of one shape."""

    def identity(self) -> list[str | bytes]:
        """What decides a window."""

    def save(self, folder: Path) -> None:
        """Write the processor's files."""


@dataclass(frozen=True)
class Batch:
    """Windows (U, ...) of all rows one after another, and how many each row has (N,)."""

    x_U: Tensor
    count_N: Ints

    @property
    def device(self) -> torch.device:
        """Where the windows are."""
        return self.x_U.device


class WindowReader:
    """Front end, pooling within a window and over the windows of a row.

    Raises NoBackbone for a folder without a processor.
    """

    limit = 0

    def __init__(self, source: Source, family: Family, config: Any) -> None:
        from rung.backbones.fronts import front_of  # noqa: PLC0415  # pillow or soxr, where the modality asks for it

        self._family, self._config = family, config
        self.modality, self.pooling = family.modality, family.pooling
        self._front: Front = front_of(source, family, config)

    @cached_property
    def at_once(self) -> int:
        """8 photographs, or up to 16 of what is smaller."""
        return self._like_photographs(8)

    @cached_property
    def side_by_side(self) -> int:
        """How many items one core reads and embeds together: 4 photographs, or up to 16 of what is smaller."""
        return self._like_photographs(4)

    def _like_photographs(self, many: int) -> int:
        return int(np.clip(many * PHOTOGRAPH // self._blank[0].size, many, 16))

    @cached_property
    def width(self) -> int:
        """Length of a row's vector, from the shapes alone: no weights are read."""
        if self.pooling != "pooler":
            return int(self._config.hidden_size)
        shape = (1, *self._blank.shape[1:])
        known = f"{shape} {architecture(self._family, self._config)}"
        if known not in _WIDTHS:
            with torch.device("meta"):
                model = blank_model(self._family, self._config).eval()
                _WIDTHS[known] = int(self._pooled(model(**self._asked(torch.zeros(shape)))).shape[1])
        return _WIDTHS[known] * (2 if self._family.windows == "mean+max" else 1)

    @cached_property
    def _blank(self) -> NDArray[Any]:
        return self._front.windows(Blank())

    def key(self, item: Media) -> bytes:
        """128-bit hash of the item's content."""
        return item.key

    def prepare(self, items: Sequence[Media]) -> Prepared:
        """Windows of every item; many are kept in a file without a name, so that memory stays bounded.

        Raises UnreadableMedia for an item that can't be read.
        """
        cut = np.zeros(len(items), np.bool_)
        if len(items) <= IN_MEMORY:
            return Prepared(tuple(map(self._front.windows, items)), cut)
        found: list[NDArray[Any]] = []
        for begin in range(0, len(items), CHUNK):
            part = list(each(self._front.windows, items[begin : begin + CHUNK]))
            counts = np.cumsum([0, *map(len, part)])
            with TemporaryFile() as file:
                kept = np.memmap(file, part[0].dtype, "w+", shape=(int(counts[-1]), *part[0].shape[1:]))
            kept[:] = np.concatenate(part)
            found += [kept[counts[i] : counts[i + 1]] for i in range(len(part))]
        return Prepared(tuple(found), cut)

    def batch(self, prepared: Prepared, rows: Ints, device: torch.device, *, hollow: bool = False) -> Batch:
        """Windows of these rows; hollow: zeros that take no room."""
        own = [prepared.ids[row] for row in rows]
        count_N = np.fromiter(map(len, own), np.int64, len(own))
        if hollow:
            return Batch(torch.zeros((), device=device).expand(int(count_N.sum()), *own[0].shape[1:]), count_N)
        raw_U = np.concatenate(own)
        if self._front.table is not None:
            values = np.empty(raw_U.shape, np.float32)
            for channel, table in enumerate(self._front.table):
                np.take(table, raw_U[:, channel], out=values[:, channel])
            raw_U = values
        x_U = torch.from_numpy(raw_U).to(device)
        # Channels innermost, as convolutions like them: a third off a training step, at the least.
        return Batch(x_U.contiguous(memory_format=torch.channels_last) if x_U.ndim == 4 else x_U, count_N)

    def vectors(self, module: nn.Module, batch: Batch, *, pieces: bool = False) -> Tensor:
        """(N, width) float32: the mean of a row's windows, or mean and greatest value side by side.

        pieces: a long sound or series passes in such, so that its length costs no memory; where a pass is to be stopped
        or fed in the middle, it has to come in one.
        """
        kind = next(module.parameters()).dtype
        most = self.at_once * (1 if batch.device.type == "cpu" else 16) if pieces else len(batch.x_U)
        parts = torch.split(batch.x_U, most)
        vector_UD = torch.cat([self._pooled(module(**self._asked(x_U.to(kind)))).float() for x_U in parts])
        if self._family.windows == "mean" and (batch.count_N == 1).all():
            return vector_UD
        parts = torch.split(vector_UD, batch.count_N.tolist())
        mean_ND = torch.stack([part.mean(0) for part in parts])
        if self._family.windows == "mean":
            return mean_ND
        return torch.cat([mean_ND, torch.stack([part.amax(0) for part in parts])], dim=1)

    def pack(self, model: nn.Module) -> None:
        """Fold batch norms into the convolutions before them, laid out as the kernels want them."""
        raw = self._blank[:1]
        x_U = torch.zeros(raw.shape, dtype=next(model.parameters()).dtype)
        fold(model, lambda: model(**self._asked(x_U)))

    def identity(self) -> list[str | bytes]:
        """What of the reading decides a vector."""
        family = self._family
        return [family.modality, family.pooling, family.windows, str(family.seconds), *self._front.identity()]

    def save(self, folder: Path) -> None:
        """Write the processor's own files, bit for bit."""
        folder.mkdir(parents=True, exist_ok=True)
        self._front.save(folder)

    def _asked(self, x_U: Tensor) -> dict[str, Tensor]:
        """The model's arguments."""
        kinds = {
            "steps": lambda: torch.zeros(x_U.shape, dtype=torch.int64, device=x_U.device),
            "one": lambda: torch.zeros((len(x_U), 1), dtype=torch.int64, device=x_U.device),
        }
        return {self._front.name: x_U, **{name: kinds[kind]() for name, kind in self._family.beside.items()}}

    def _pooled(self, out: Any) -> Tensor:
        if self.pooling == "pooler":
            found: Tensor = out.pooler_output.flatten(1)
            return found
        hidden: Tensor = out.last_hidden_state  # (U, T, D), a map (U, D, H, W), or patches a channel (U, K, P, D)
        if self.modality == "series":
            return hidden.flatten(1, -2).mean(1)
        if hidden.ndim == 4:
            return hidden.mean((2, 3))
        return hidden[:, 0] if self.pooling == "cls" else hidden.mean(1)
