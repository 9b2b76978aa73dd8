"""The way in which a backbone reads one modality: what differs between text and windows, and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from rung.backbones.catalog import Family
from rung.backbones.source import Source
from rung.core.contracts import Prepared
from rung.core.types import Ints


class Reader(Protocol):
    """Preprocessing of one checkpoint, and how its model's states become one vector a row."""

    modality: str
    pooling: str
    limit: int  # tokens that a text may have; 0 where nothing is cut

    @property
    def at_once(self) -> int:
        """Rows that pass together, learning or not."""

    @property
    def side_by_side(self) -> int:
        """Items that one core reads and embeds together, where they aren't texts."""

    @property
    def width(self) -> int:
        """Length of a row's vector."""

    def key(self, item: Any) -> bytes:
        """128-bit content hash of an item."""

    def prepare(self, items: Sequence[Any]) -> Prepared:
        """What the model reads, item by item."""

    def batch(self, prepared: Prepared, rows: Ints, device: torch.device, *, hollow: bool = False) -> Any:
        """Tensors of these rows; hollow: of their shapes alone."""

    def vectors(self, module: nn.Module, batch: Any, *, pieces: bool = False) -> Tensor:
        """(N, width) float32; gradients flow. pieces: the many windows of a row may pass one after another."""

    def pack(self, model: nn.Module) -> None:
        """Lay out the weights for long work on the CPU, beyond linear layers."""

    def identity(self) -> list[str | bytes]:
        """What of the reading decides a vector."""

    def save(self, folder: Path) -> None:
        """Write the files of the preprocessing."""


def reader_of(source: Source, family: Family, config: Any) -> Reader:
    """Make the reader of the family's modality."""
    if family.modality == "text":
        from rung.backbones.texts import TextReader  # noqa: PLC0415  # each modality loads its own libraries

        return TextReader(source, family, config)
    from rung.backbones.windows import WindowReader  # noqa: PLC0415  # see above

    return WindowReader(source, family, config)
