"""From an id to an embedder that is ready: located, verified, its precision chosen, its cache open."""

from platform import node, processor
from typing import TYPE_CHECKING

import torch

from rung.backbones import precision as precisions
from rung.backbones.cache import Cache
from rung.backbones.source import locate
from rung.backbones.workers import one_thread
from rung.core.errors import BadOption
from rung.core.rng import digest

if TYPE_CHECKING:
    from rung.backbones.embedder import BackboneEmbedder
    from rung.backbones.huggingface import HuggingFace


ONNX = "onnx:"
ON_DEVICE = 128  # copies of the probes: a device shows its units in full batches alone, few texts only its start-up


def load(
    id: str | None = None,  # noqa: A002  # the word of every card and command
    *,
    precision: str = "auto",
    cache: bool = True,
    device: str = "auto",
) -> "BackboneEmbedder":
    """Load a backbone by id.

    id: None for the embedded all-MiniLM-L6-v2, a local folder in Hugging Face format, hf:owner/name[@revision], or
    onnx:FILE, which embeds but can't be trained.
    precision: auto measures float32 against bfloat16 on the backbone itself, once a machine; a word pins it, and
    RUNG_PRECISION pins auto. cache: keep vectors on disk (see Cache). device: auto, cpu or cuda.
    Raises NoBackbone when it can't be had, BadOption for other words.
    """
    from rung.backbones.embedder import BackboneEmbedder  # noqa: PLC0415  # transformers: seconds that a run
    from rung.backbones.huggingface import HuggingFace  # noqa: PLC0415  # without a backbone need not pay

    place = _device(device)
    if id is not None and str(id).startswith(ONNX):
        from rung.backbones.onnx import OnnxBackbone  # noqa: PLC0415  # its runtime, where it is asked for

        return BackboneEmbedder(OnnxBackbone(str(id)), precision="float32", cache=Cache() if cache else None)
    backbone = HuggingFace(locate(id), device=place)
    shelves = Cache() if cache else None
    chosen = precisions.pinned(precision) or _measured(backbone, shelves, place)
    return BackboneEmbedder(backbone, precision=chosen, cache=shelves)


def _measured(backbone: "HuggingFace", cache: Cache | None, device: str) -> str:
    """The precision that wins here; remembered, so that two runs on one machine can't choose differently."""
    name = digest(backbone.fingerprint, device, torch.__version__, node(), processor()).hex()
    known = cache.recall(name) if cache is not None else None
    if known in precisions.PRECISIONS:
        return known
    with one_thread():  # as the engine's workers compute; more threads would measure how busy the machine is
        # Convolutions and windows were measured in float32 alone, so bfloat16 is for text, or for who pins it.
        slow = backbone.card.modality != "text" or (device == "cpu" and precisions.emulated())
        copies = 2 if device == "cpu" else ON_DEVICE
        choice = "float32" if slow else precisions.measure(backbone, copies=copies).choice
    if cache is not None:
        cache.remember(name, choice)
    return choice


def _device(device: str) -> str:
    if device not in ("auto", "cpu", "cuda"):
        raise BadOption("--device", wanted="auto, cpu or cuda", got=device)
    if device == "cuda" and not torch.cuda.is_available():
        raise BadOption("--device", wanted="a device that torch can use here", got="cuda", fix="Use --device cpu.")
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
