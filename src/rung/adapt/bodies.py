"""A backbone made ready to learn: which of its weights may move, what was added to it, what of it runs at all."""

import json
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

from rung.adapt.prefix import Suffix
from rung.adapt.training.learner import statistics
from rung.core.contracts import Prepared, Tunable
from rung.core.hub import hub_name
from rung.core.types import Delta

MOMENTUM = 0.1  # weight of the new batch: some architectures carry another framework's 0.997, meant the other way round


@dataclass(frozen=True)
class Body:
    """A module to train, and how to tell afterwards what training changed.

    names: a parameter's name in the bare model, by its name here. k: top blocks that run on kept activations, or 0.
    base: the backbone's id, for PEFT's files. wrapper: PEFT's own model around the whole backbone, where `module` is
    its upper part.
    """

    module: nn.Module = field(repr=False)
    vectors: Callable[..., Tensor] = field(repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    k: int = 0
    kind: str = "weights"
    meta: Mapping[str, Any] = field(default_factory=dict)
    start: Mapping[str, Tensor] = field(default_factory=dict, repr=False)
    base: str = ""
    wrapper: Any = field(default=None, repr=False)

    @property
    def fresh(self) -> bool:
        """Whether nothing in it is pretrained, statistics of batch norms included."""
        return "random" in self.meta

    def where(self) -> str:
        """Which layers were given modules of their own, in words; "" where none were."""
        found: dict[str, list[str]] = {}
        for name, parameter in self.module.named_parameters():
            if parameter.requires_grad and self.kind != "weights":
                place = re.sub(r"\.\d+\.", ".*.", re.split(r"\.(?:lora_|ia3_|adapter_)", name)[0])
                place = place.removeprefix("base_model.model.").removeprefix("module.")
                block, _, layer = place.rpartition(".*.")
                layers = found.setdefault(f"{block}.*" if block else "", [])
                layers += [layer] if layer not in layers else []
        parts = [": ".join(filter(None, (block, ", ".join(layers)))) for block, layers in found.items()]
        return "; ".join(parts) + (
            f", in the top {self.k} {'block' if self.k == 1 else 'blocks'}" if parts and self.k else ""
        )

    def delta(self) -> Delta:
        """What differs from the backbone now: changed tensors alone, or the modules that were added."""
        if isinstance(self.module, Suffix) and self.kind == "peft":
            with self.module.uncut():
                return Delta("peft", self.meta, {}, _peft_files(self.wrapper, self.base))
        if self.kind == "peft":
            return Delta("peft", self.meta, {}, _peft_files(self.module, self.base))
        moved = {}
        for name, parameter in self.module.named_parameters():
            if parameter.requires_grad and (name not in self.start or not self.start[name].equal(parameter.detach())):
                moved[self.names.get(name, name)] = parameter.detach().cpu().numpy().copy()
        if self.fresh:
            moved |= {name: each.cpu().numpy().copy() for name, each in statistics(self.module).items()}
        return Delta("bottleneck" if self.kind == "bottleneck" else "weights", self.meta, moved)


def whole(tunable: Tunable, *, lowest: int = 0, random: int | None = None) -> Body:
    """All weights from depth `lowest` up may move. random: start from weights drawn with that seed."""
    module = tunable.module(random=random)
    start = {}
    for name, parameter in module.named_parameters():
        if tunable.depth(name) >= lowest:
            parameter.requires_grad_()
            if random is None:
                start[name] = parameter.detach().clone()
    if random is not None:
        for part in module.modules():
            if isinstance(part, nn.modules.batchnorm._NormBase):  # noqa: SLF001  # all of them
                part.momentum = MOMENTUM
    meta = {} if random is None else {"random": random}
    return Body(module, tunable.vectors, start=start, meta=meta)


def top(tunable: Tunable, k: int, probe: Prepared) -> Body:
    """The top k blocks and what follows them may move; they run on kept activations.

    Raises ValueError for an architecture that can't run from its middle.
    """
    module = tunable.module()
    whole_names = {id(parameter): name for name, parameter in module.named_parameters()}
    first = tunable.count - k + 1
    suffix = Suffix(tunable, module, k, probe)
    names, start = {}, {}
    for name, parameter in suffix.named_parameters():
        names[name] = whole_names[id(parameter)]
        if tunable.depth(names[name]) >= first:
            parameter.requires_grad_()
            start[name] = parameter.detach().clone()
    return Body(suffix, tunable.vectors, names, k, start=start)


def with_peft(tunable: Tunable, config: Any, *, seed: int, k: int = 0, probe: Prepared | None = None) -> Body:
    """PEFT's modules on the frozen backbone, by any of its configurations; drawn with `seed`.

    k: they are in the top k blocks alone, so that these run on kept activations, where `probe` shows that they can.
    """
    import peft  # noqa: PLC0415  # seconds, and only the rungs that use it should pay

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it says of layers it recognises itself is no news to a user of Rung
        torch.manual_seed(seed)
        wrapped = peft.get_peft_model(tunable.module(), config)
    base = tunable.card.id
    if not k or probe is None:
        return Body(wrapped, tunable.vectors, kind="peft", base=base)
    bare: Any = wrapped.get_base_model()
    whole_names = {id(parameter): name for name, parameter in bare.named_parameters()}
    try:
        suffix = Suffix(tunable, bare, k, probe)
    except ValueError:
        return Body(wrapped, tunable.vectors, kind="peft", base=base)
    names = {name: whole_names[id(parameter)] for name, parameter in suffix.named_parameters()}
    return Body(suffix, tunable.vectors, names, k, kind="peft", base=base, wrapper=wrapped)


def with_bottlenecks(tunable: Tunable, *, both: bool, size: int, seed: int) -> Body:
    """Bottleneck adapters in every block: after attention and feed-forward part (`both`), or after the latter."""
    module = tunable.module()
    found = places(tunable, module)
    meta = {
        "places": [found.attention_out, found.feed_out] if both else [found.feed_out],
        "width": tunable.card.width,
        "size": size,
        "seed": seed,
    }
    tunable.insert(module, meta)
    for name, parameter in module.named_parameters():
        if ".adapter_" in name:
            parameter.requires_grad_()
    return Body(module, tunable.vectors, kind="bottleneck", meta=meta)


def _peft_files(module: Any, base: str) -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        module.save_pretrained(folder, safe_serialization=True)
        found = {
            name: (Path(folder) / name).read_bytes() for name in ("adapter_config.json", "adapter_model.safetensors")
        }
    config = json.loads(found["adapter_config.json"])
    name = hub_name(base)  # not where it lies on this machine
    config |= {"base_model_name_or_path": name, "revision": base.partition("@")[2] or None if name else None}
    found["adapter_config.json"] = json.dumps(config, indent=2, sort_keys=True).encode()
    return found


def width_of(part: nn.Module) -> tuple[int, int] | None:
    """Inputs and outputs of a linear layer, None for any other module."""
    if isinstance(part, nn.Linear):
        return part.in_features, part.out_features
    if type(part).__name__ == "Conv1D" and hasattr(part, "nf"):
        turned: Any = part
        return int(turned.weight.shape[0]), int(turned.nf)
    return None


KEYS_VALUES = re.compile(r"(^|_)(k|v|key|value|kv|qkv|attn)($|_)|wqkv", re.IGNORECASE)


@dataclass(frozen=True)
class Places:
    """Where the parts of one block are, as names relative to the block."""

    attention_out: str
    feed_out: str
    keys_values: tuple[str, ...]
    every: tuple[str, ...]


def places(tunable: Tunable, module: nn.Module) -> Places:
    """Find a block's projections by their shapes alone.

    The last layer back to the model's width ends the feed-forward part, the one before it ends attention.
    Raises ValueError for a block without two such layers.
    """
    if not tunable.count:
        raise ValueError("the backbone has no list of blocks")
    block = list(tunable.blocks(module))[-1]
    sized = [(name, width) for name, part in block.named_modules() if (width := width_of(part)) is not None]
    back = [name for name, (_, out) in sized if out == tunable.card.width]
    if len(back) < 2:
        raise ValueError("no block with an attention and a feed-forward part was found")
    feed_out = back[-1]
    before = [name for name, (_, out) in sized if out == tunable.card.width and name != feed_out]
    attention_out = before[-1]
    names = [name for name, _ in sized]
    inside = names[: names.index(attention_out)]
    keys_values = tuple(name for name in inside if KEYS_VALUES.search(name.rpartition(".")[2]))
    return Places(attention_out, feed_out, keys_values or tuple(inside), tuple(names))
