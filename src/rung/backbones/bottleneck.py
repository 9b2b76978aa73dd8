"""Bottleneck adapters: a narrow network after a block's projections, added to what passes through it.

x + up(gelu(down(x))), `up` starting at zero, so that a model with fresh adapters computes what it did without.
Placement: "houlsby" after the attention's and the feed-forward part's projection, "pfeiffer" after the latter alone.
Source: Houlsby et al. 2019, Parameter-Efficient Transfer Learning, section 2; Pfeiffer et al. 2021, section 3.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn


class Bottleneck(nn.Module):
    """A layer, then the adapter around what it gave. It passes for the layer: its weight can still be asked for."""

    def __init__(self, layer: nn.Module, width: int, size: int) -> None:
        super().__init__()
        self.layer = layer
        self.adapter_down, self.adapter_up = nn.Linear(width, size), nn.Linear(size, width)
        nn.init.zeros_(self.adapter_up.weight)
        nn.init.zeros_(self.adapter_up.bias)

    @property
    def weight(self) -> Tensor:
        """The layer's own: some architectures look at its type."""
        found: Tensor = self.layer.weight  # type: ignore[assignment]  # a linear layer's
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Add the adapter's word to the layer's."""
        out: Tensor = self.layer(x)
        added: Tensor = self.adapter_up(nn.functional.gelu(self.adapter_down(out)))
        return out + added


def insert(model: Any, blocks: str, meta: Mapping[str, Any]) -> None:
    """Wrap the named layers of every block. meta: places (names relative to a block), width, size, seed."""
    places: Sequence[str] = meta["places"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(meta["seed"]))
        for block in attrgetter(blocks)(model):
            for place in places:
                parent_name, _, last = place.rpartition(".")
                parent = attrgetter(parent_name)(block) if parent_name else block
                setattr(parent, last, Bottleneck(getattr(parent, last), int(meta["width"]), int(meta["size"])))
