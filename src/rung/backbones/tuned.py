"""A backbone that training changed: the pretrained weights with a delta put in, behind the same seam."""

import warnings
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from rung.backbones import bottleneck
from rung.backbones.huggingface import HuggingFace
from rung.backbones.reading import blank_model, quiet
from rung.core.errors import BundleError
from rung.core.rng import digest
from rung.core.types import Delta


class Changed(HuggingFace):
    """`base` as `delta` changed it: other weights, another fingerprint, everything else alike.

    Adapters that can be folded into the weights (LoRA, IA3) are, so that they cost nothing more at prediction.
    name: under which it is a backbone of its own. Raises BundleError at the first pass when the delta is not one of
    this architecture.
    """

    def __init__(self, base: HuggingFace, delta: Delta, *, name: str = "") -> None:
        self.__dict__.update(base.__dict__)
        self.__dict__.pop("fingerprint", None)
        self._base, self._delta = base, delta
        self._models, self._packed = {}, set()
        if name:  # a backbone in its own right, that others may build on
            card = base.card
            self.__dict__["card"] = replace(card, id=name, lineage=(*card.lineage, card.id))

    @property
    def fingerprint(self) -> str:  # a cached property there, a short hash here
        """Hash of the backbone's and the delta's fingerprints."""
        return digest(self._base.fingerprint, self._delta.fingerprint).hex()

    def read(self, dtype: torch.dtype) -> Any:
        """The base's model with the delta put in."""
        if "random" in self._delta.meta:
            model = blank_model(self.family, self.config).requires_grad_(requires_grad=False).eval()
        else:
            model = self._base.read(torch.float32)
        return changed(model, self._delta, self.family.blocks).to(dtype).eval()


def changed(model: Any, delta: Delta, blocks: str) -> Any:
    """Put `delta` into a bare float32 model; returns it, or a wrapper of it. Raises BundleError for a foreign delta."""
    if delta.kind == "peft":
        return _with_peft(model, delta)
    if delta.kind == "bottleneck":
        bottleneck.insert(model, blocks, delta.meta)
    known = dict(model.named_parameters()) | dict(model.named_buffers())
    with torch.no_grad():
        for name, tensor in delta.tensors.items():
            if name not in known or tuple(known[name].shape) != tensor.shape:
                got = "no such tensor" if name not in known else f"shape {tuple(known[name].shape)}"
                raise BundleError(f"delta tensor {name}", wanted=f"a place of shape {tensor.shape}", got=got)
            known[name].copy_(torch.from_numpy(tensor.copy()))
    return model


def _with_peft(model: Any, delta: Delta) -> Any:
    import peft  # noqa: PLC0415  # seconds, and only such bundles should pay

    with TemporaryDirectory() as folder, quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PEFT's talk about transformers' coming names
        for name, content in delta.files.items():
            (Path(folder) / name).write_bytes(content)
        wrapped = peft.PeftModel.from_pretrained(model, folder)
    wrapped.requires_grad_(requires_grad=False)
    return wrapped if wrapped.active_peft_config.is_prompt_learning else wrapped.merge_and_unload()
