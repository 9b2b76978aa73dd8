"""A backbone that can be trained: a copy of its weights, padded batches, one vector a row, its list of blocks."""

import re
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from rung.backbones import bottleneck, fast
from rung.backbones.huggingface import HuggingFace
from rung.backbones.reading import blank_model
from rung.core.contracts import BackboneCard, Prepared
from rung.core.types import Ints


class TunableModel:
    """A backbone for training: float32 weights, the vectors that `embed` gives, but differentiable.

    precision: what the machine computes fastest in, as measured; training casts to it where that is bfloat16.
    """

    def __init__(self, backbone: HuggingFace) -> None:
        self._backbone = backbone
        self.path = backbone.family.blocks
        self._block = re.compile(rf"(?:^|\.){re.escape(self.path)}\.(\d+)(?:\.|$)")

    @property
    def card(self) -> BackboneCard:
        """Identity, licence, shape."""
        return self._backbone.card

    @property
    def precision(self) -> str:
        """float32 or bfloat16."""
        return self._backbone.precision

    @property
    def device(self) -> torch.device:
        """Where modules of `module` are."""
        return self._backbone.device

    def module(self, *, random: int | None = None) -> nn.Module:
        """Return a copy of the bare model in float32, every parameter frozen, in evaluation mode.

        random: weights drawn anew from that seed, as the architecture draws them.
        """
        if random is None:
            model: Any = self._backbone.read(torch.float32)
        else:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(random)
                model = (
                    blank_model(self._backbone.family, self._backbone.config).requires_grad_(requires_grad=False).eval()
                )
        if hasattr(model, "config"):
            model.config.use_cache = False  # decoders would keep every layer's keys for a continuation that never comes
            # Speech models leave out whole layers and stretches of sound by chance: a layer that trains may be among
            # them, and what was kept below a freeze line knows of no chance.
            for name, value in (("layerdrop", 0.0), ("apply_spec_augment", False)):
                if hasattr(model.config, name):
                    setattr(model.config, name, value)
        if self.padded:
            fast.use_short_attention(model)
        moved: nn.Module = model.to(self.device)
        return moved if self.padded else moved.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it

    @property
    def at_once(self) -> int:
        """How many rows pass together where nothing is learnt."""
        return self._backbone.reader.at_once

    @property
    def a_pass(self) -> int:
        """What one more pass costs beside its tokens, in tokens: on a device all of a batch's take as long as few."""
        return 48 if self.device.type == "cpu" else 4096

    @property
    def padded(self) -> bool:
        """Whether the rows of a batch are filled up to the longest; else their windows stand one after another."""
        return self.card.modality == "text"

    def prepare(self, items: Any) -> Prepared:
        """Tokenise, resize or cut into windows, as the checkpoint wants it; say which were cut."""
        return self._backbone.prepare(items)

    def batch(self, prepared: Prepared, rows: Ints, *, hollow: bool = False) -> Any:
        """Tensors of these rows; hollow: of their shapes alone, where that saves something."""
        return self._backbone.reader.batch(prepared, rows, self.device, hollow=hollow)

    def vectors(self, module: nn.Module, batch: Any) -> Tensor:
        """(N, width) float32: pooled and normalised as the backbone wants; gradients flow."""
        return self._backbone.reader.vectors(module, batch)

    def depth(self, parameter: str) -> int:
        """0 for input embeddings, 1 ... L for the blocks, L + 1 for what comes after them.

        A prefix that a wrapper puts before the name does not matter.
        """
        found = self._block.search(parameter) if self.path else None
        if found:
            return int(found[1]) + 1
        after = any(f".{name}." in f".{parameter}." for name in self._backbone.family.after)
        return self.count + 1 if after else 0

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return sum(name.startswith("block ") for name in self.card.blocks)

    def blocks(self, module: nn.Module) -> nn.ModuleList:
        """The module's list of blocks, in forward order; a wrapped module's too."""
        wrapped: Any = module
        bare = wrapped.get_base_model() if hasattr(module, "get_base_model") else module  # PEFT's word
        found: nn.ModuleList = attrgetter(self.path)(bare) if self.path else nn.ModuleList()
        return found

    def insert(self, module: nn.Module, meta: Mapping[str, Any]) -> None:
        """Put bottleneck adapters into every block; see rung.backbones.bottleneck."""
        bottleneck.insert(module, self.path, meta)
        module.to(self.device)

    def keep_blocks(self, module: nn.Module, kept: list[nn.Module]) -> None:
        """Put `kept` in the place of the module's list of blocks."""
        parent, _, last = self.path.rpartition(".")
        setattr(attrgetter(parent)(module) if parent else module, last, nn.ModuleList(kept))
