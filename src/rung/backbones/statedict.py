"""A state dict of torchvision's shape, made a backbone folder once: ResNet, MobileNetV2, VGG, SqueezeNet.

The architecture is read from names and shapes; no code comes with it. The folder that is made holds what transformers
reads, so nothing after it knows where the weights came from.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from rung.backbones.cache import default_root
from rung.backbones.jsonfile import read_object
from rung.core.errors import NoBackbone
from rung.core.extras import need

KNOWN = "ResNet, MobileNetV2, VGG or SqueezeNet, as torchvision names their tensors"
COUNT = "num_batches_tracked"  # of a norm; old files lack it, and with a fixed momentum it decides nothing
FORMAT = "3"  # of the folders made here
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet
RESAMPLE = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3}  # pillow's numbers
PLAIN = re.compile(r"resnet(18|34|50|101|152)|vgg\d+(_bn)?")  # timm's that are torchvision's too
HEADS = ("fc.", "classifier.", "head.", "pre_logits.", "AuxLogits.")

Tensors = Mapping[str, Tensor]
Shaped = tuple[dict[str, Any], dict[str, str]]  # config.json, a tensor's name there -> its name here


def converted(path: Path) -> Path:
    """A folder in Hugging Face's format with the weights of `path`; made once and kept with the cache.

    Preprocessing is ImageNet's (short side 256, centre 224) unless a config.json beside the file says mean, std,
    resize_shortest and input_size, or timm's pretrained_cfg. An architecture that only timm knows is left to timm.
    Raises NoBackbone for a file that isn't such a state dict or can't be read without running code; MissingExtra.
    """
    with path.open("rb") as file:
        sha = hashlib.file_digest(file, "sha256").hexdigest()
    beside = read_object(path.parent, "config.json")
    front, timms = _front(beside), str(beside.get("architecture", "")) if "pretrained_cfg" in beside else ""
    key = hashlib.sha256(json.dumps([FORMAT, sha, front, timms]).encode()).hexdigest()[:24]
    place = default_root() / "state dicts" / key
    if (place / "config.json").is_file():
        return place
    tensors = _opened(path)
    config, names = _shaped(tensors, path) if not timms or PLAIN.fullmatch(timms) else _timm(tensors, beside)
    wanted = {new: tensors[old] if old in tensors else torch.tensor(0) for old, new in names.items()}  # a count, if any
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(mkdtemp(dir=place.parent))
    except OSError:  # a cache that can't be written costs a conversion a process
        place, fresh = Path(), Path(mkdtemp(prefix="rung-state-dict-"))
    save_file(wanted, fresh / "model.safetensors")
    (fresh / "preprocessor_config.json").write_text(json.dumps(front), encoding="utf-8")
    (fresh / "config.json").write_text(json.dumps(config), encoding="utf-8")
    if place == Path():
        return fresh
    try:
        fresh.rename(place)
    except OSError:  # another process was faster
        shutil.rmtree(fresh, ignore_errors=True)
    return place


def _front(beside: Mapping[str, Any]) -> dict[str, Any]:
    """The processor's settings: resize, crop, rescale, normalise."""
    said = {**beside, **(beside.get("pretrained_cfg") or {})}
    side = int((said.get("input_size") or [224])[-1])
    short = int(said.get("resize_shortest") or (side / said["crop_pct"] if said.get("crop_pct") else 256))
    square = said.get("crop_mode") == "squash"
    return {
        "image_processor_type": "ViTImageProcessor" if square else "MobileNetV1ImageProcessor",
        "size": {"height": side, "width": side} if square else {"shortest_edge": short},
        "crop_size": {"height": side, "width": side},
        "image_mean": list(said.get("mean", MEAN)),
        "image_std": list(said.get("std", STD)),
        "resample": RESAMPLE.get(str(said.get("interpolation")), 2),
    }


def _timm(tensors: Tensors, beside: Mapping[str, Any]) -> Shaped:
    need("torchvision", "timm")  # without which timm itself does not load
    need("timm", "timm")
    config = {name: beside[name] for name in ("architecture", "model_args") if name in beside}
    config |= {"model_type": "timm_wrapper", "num_classes": 0}
    return config, {name: f"timm_model.{name}" for name in tensors}


def _opened(path: Path) -> dict[str, Tensor]:
    try:
        found = load_file(path) if path.suffix == ".safetensors" else _weights_only(path)
    except Exception as error:  # a damaged zip, a pickle with code, a bad header: some six classes
        got = " ".join(str(error).split())[:120] if isinstance(error, SafetensorError) else type(error).__name__
        raise NoBackbone(
            f"weights {path}",
            wanted="a whole state dict: names and tensors, and nothing that would have to be run",
            got=f"one that can't be read ({got})",
            fix="Save model.state_dict() again, best with safetensors.",
        ) from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not all(isinstance(each, Tensor) for each in found.values()):
        raise NoBackbone(f"weights {path}", wanted="a state dict", got=f"a {type(found).__name__} of other things")
    own = {str(name).removeprefix("module."): each.contiguous() for name, each in found.items()}
    return {name: each.float() if each.is_floating_point() else each for name, each in own.items()}


def _weights_only(path: Path) -> Any:
    return torch.load(path, map_location="cpu", weights_only=True)  # tensors and names alone; code is refused


def _shaped(tensors: Tensors, path: Path) -> Shaped:
    ways: tuple[Callable[[Tensors], Shaped | None], ...] = (_resnet, _mobilenet, _squeezenet, _vgg)
    for way in ways:
        try:
            found = way(tensors)
        except (KeyError, IndexError, ValueError):  # a tensor that the architecture has is not there
            found = None
        if found is not None and _whole(tensors, found[1]):
            return found
    names = ", ".join(list(tensors)[:3])
    raise NoBackbone(f"weights {path}", wanted=f"the state dict of {KNOWN}", got=f"tensors such as {names}")


def _whole(tensors: Tensors, names: Mapping[str, str]) -> bool:
    """Whether every tensor that is wanted is there, and nothing is there but these and a classifier."""
    left = [name for name in tensors if name not in names and not name.startswith(HEADS)]
    return not left and all(name in tensors or name.endswith(COUNT) for name in names)


def _pairs(there: str, here: str) -> dict[str, str]:
    """A norm's tensors, by their names there and here."""
    parts = ("weight", "bias", "running_mean", "running_var", COUNT)
    return {f"{there}.{part}": f"{here}.{part}" for part in parts}


def _resnet(tensors: Tensors) -> Shaped | None:
    if "conv1.weight" not in tensors or "layer4.0.conv2.weight" not in tensors:
        return None
    stem = "embedder.embedder"
    names = {"conv1.weight": f"{stem}.convolution.weight", **_pairs("bn1", f"{stem}.normalization")}
    deep = 3 if "layer1.0.conv3.weight" in tensors else 2
    depths = [len({name.split(".")[1] for name in tensors if name.startswith(f"layer{k}.")}) for k in (1, 2, 3, 4)]
    sizes = [len(tensors[f"layer{k}.0.conv{deep}.weight"]) for k in (1, 2, 3, 4)]
    for k, depth in enumerate(depths):
        for i in range(depth):
            old, new = f"layer{k + 1}.{i}", f"encoder.stages.{k}.layers.{i}"
            for j in range(deep):
                names[f"{old}.conv{j + 1}.weight"] = f"{new}.layer.{j}.convolution.weight"
                names |= _pairs(f"{old}.bn{j + 1}", f"{new}.layer.{j}.normalization")
            if f"{old}.downsample.0.weight" in tensors:
                names[f"{old}.downsample.0.weight"] = f"{new}.shortcut.convolution.weight"
                names |= _pairs(f"{old}.downsample.1", f"{new}.shortcut.normalization")
            narrow = tuple(tensors[f"{old}.conv2.weight"].shape[:2])
            if deep == 3 and narrow != (sizes[k] // 4, sizes[k] // 4):
                return None  # wide or grouped: another architecture
    config = {
        "model_type": "resnet",
        "embedding_size": len(tensors["conv1.weight"]),
        "hidden_sizes": sizes,
        "depths": depths,
        "layer_type": "bottleneck" if deep == 3 else "basic",
    }
    return config, names


def _mobilenet(tensors: Tensors) -> Shaped | None:
    if "features.1.conv.0.0.weight" not in tensors or "features.18.0.weight" not in tensors:
        return None
    names: dict[str, str] = {}

    def taken(convolution: str, norm: str, new: str) -> None:
        names[f"{convolution}.weight"] = f"{new}.convolution.weight"
        names.update(_pairs(norm, f"{new}.normalization"))

    taken("features.0.0", "features.0.1", "conv_stem.first_conv")
    taken("features.1.conv.0.0", "features.1.conv.0.1", "conv_stem.conv_3x3")
    taken("features.1.conv.1", "features.1.conv.2", "conv_stem.reduce_1x1")
    for i in range(2, 18):
        old, new = f"features.{i}.conv", f"layer.{i - 2}"
        taken(f"{old}.0.0", f"{old}.0.1", f"{new}.expand_1x1")
        taken(f"{old}.1.0", f"{old}.1.1", f"{new}.conv_3x3")
        taken(f"{old}.2", f"{old}.3", f"{new}.reduce_1x1")
    taken("features.18.0", "features.18.1", "conv_1x1")
    config = {
        "model_type": "mobilenet_v2",
        "depth_multiplier": len(tensors["features.0.0.weight"]) / 32,
        "layer_norm_eps": 1e-5,
        "tf_padding": False,
    }
    return config, names


def _squeezenet(tensors: Tensors) -> Shaped | None:
    fires = sorted({int(name.split(".")[1]) for name in tensors if name.endswith(".squeeze.weight")})
    if not fires:
        return None
    first = tensors["features.0.weight"]
    layers: list[dict[str, Any]] = [{"conv": [first.shape[1], len(first), first.shape[2], 2, 0], "pool": [3, 2, True]}]
    names = {f"features.0.{part}": f"layers.0.conv.{part}" for part in ("weight", "bias")}
    for j, at in enumerate(fires):
        squeeze, by_1, by_3 = (
            tensors[f"features.{at}.{part}.weight"] for part in ("squeeze", "expand1x1", "expand3x3")
        )
        layers.append({"fire": [squeeze.shape[1], len(squeeze), len(by_1), len(by_3)]})
        if at + 1 not in fires and at != fires[-1]:
            layers[-1]["pool"] = [3, 2, True]
        for part in ("squeeze", "expand1x1", "expand3x3"):
            names |= {f"features.{at}.{part}.{kind}": f"layers.{j + 1}.{part}.{kind}" for kind in ("weight", "bias")}
    return {"model_type": "squeezenet", "layers": layers}, names


def _vgg(tensors: Tensors) -> Shaped | None:
    found = {
        int(match[1]): each
        for name, each in tensors.items()
        if (match := re.fullmatch(r"features\.(\d+)\.weight", name))
    }
    at = sorted(index for index, each in found.items() if each.ndim == 4)
    if not at or any(name.startswith("features.") and name.count(".") > 2 for name in tensors):
        return None
    if any(found[index].shape[2:] != (3, 3) for index in at):
        return None  # AlexNet has such names too
    normed = "features.1.running_mean" in tensors
    layers: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for j, index in enumerate(at):
        weight = found[index]
        layers.append(
            {"conv": [weight.shape[1], len(weight), weight.shape[2], 1, weight.shape[2] // 2], "norm": normed}
        )
        if index + (3 if normed else 2) not in at:
            layers[-1]["pool"] = [2, 2, False]
        names |= {f"features.{index}.{part}": f"layers.{j}.conv.{part}" for part in ("weight", "bias")}
        if normed:
            names |= _pairs(f"features.{index + 1}", f"layers.{j}.norm")
    return {"model_type": "vgg", "layers": layers}, names
