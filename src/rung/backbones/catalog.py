"""What is known of architectures and pretrained weights, read from catalog.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources, util
from pathlib import Path
from typing import Any

from rung.backbones.jsonfile import read_object
from rung.core.errors import NoBackbone

HUB, TIMM = "hf:", "timm:"  # before a name
LOCAL = "local"  # the source of weights that have to be brought


@dataclass(frozen=True)
class Family:
    """One architecture: where its blocks are and how its token vectors become one vector.

    blocks: path of the list of layers in the bare model. after: parameters that follow the last block.
    offset: position numbers that real tokens never use. loader: the transformers class to load with. part: the encoder
    inside what that loads. windows: how the windows of one sound become one vector. seconds: of sound in a window,
    where the processor does not say; steps: of a series in a window at most. processor: a front end of Rung's own,
    where transformers has none. config: settings of the configuration that embedding wants otherwise. beside: further
    arguments of the model, zeros of the shape of the windows ("steps") or of one a window ("one").
    """

    name: str
    blocks: str
    pooling: str
    after: tuple[str, ...] = ()
    offset: int = 0
    loader: str = "AutoModel"
    modality: str = "text"
    part: str = ""
    windows: str = "mean"
    seconds: float = 0.0
    processor: str = ""
    steps: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """Pretrained weights that Rung knows by id; an empty revision is found out at load.

    revision: what is shipped, or the hub's proposal that holds the safetensors. reference: the address where licence
    and data can be read. pickled: no safetensors are known, so that the loader refuses it as it is.
    languages: ISO 639 codes of the texts or the speech. domains: what the rows it was trained on are about, and "edge"
    for what is small. What nobody could stand behind is empty or 0.
    """

    id: str
    source: str
    family: str
    modality: str
    licence: str
    width: int
    limit: int  # tokens a text may have
    parameters: int
    revision: str = ""
    sha256: str = ""
    note: str = ""
    data: str = ""  # what it was trained on
    languages: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    megabytes: int = 0  # to download, about; other parts of the model and all
    reference: str = ""
    pickled: bool = False

    @property
    def size_bytes(self) -> int:
        """Of the weights as they are downloaded, about; those of the encoder in 32 bits where nobody told; 0 unknown.

        >>> find("hf:openai/clip-vit-base-patch32").size_bytes
        605000000
        """
        return self.megabytes * 10**6 or self.parameters * 4


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "catalog.toml").read_text(encoding="utf-8"))


@cache
def catalog() -> tuple[Entry, ...]:
    """Every known backbone, the embedded default first.

    >>> catalog()[0].id
    'all-MiniLM-L6-v2'
    """
    return tuple(_entry(dict(facts)) for facts in _read()["backbone"])


def _entry(facts: dict[str, Any]) -> Entry:
    """One entry; its languages may be the name of a list of many."""
    languages = facts.pop("languages", "")
    known = _read()["languages"].get(languages, languages)
    domains = facts.pop("domains", "")
    return Entry(**facts, languages=tuple(known.split()), domains=tuple(domains.split()))


def find(id: str) -> Entry | None:  # noqa: A002  # the word of every card and command
    """Return the entry by that id, or None.

    >>> find("all-MiniLM-L6-v2").width
    384
    """
    return {entry.id: entry for entry in catalog()}.get(id)


def permissive(licence: str) -> bool:
    """Whether the licence, an SPDX id in any case, asks for a notice at most (catalog.toml lists which).

    >>> permissive("apache-2.0"), permissive("CC-BY-SA-4.0"), permissive("unknown")
    (True, False, False)
    """
    return licence.strip().lower() in _read()["permissive"]


def licence_fits(licence: str, wanted: str) -> bool:
    """Whether the licence is what was asked for: "permissive", or part of its name in any case.

    >>> licence_fits("MIT", "permissive"), licence_fits("Apache-2.0", "apache"), licence_fits("MIT", "apache")
    (True, True, False)
    """
    return permissive(licence) if wanted.lower() == "permissive" else wanted.lower() in licence.lower()


@cache
def known_onnx() -> dict[str, dict[str, Any]]:
    """How graphs are fed that Rung knows by the SHA-256 of their file."""
    known = {}
    for entry in _read()["onnx"]:
        known[entry["sha256"]] = {key: value for key, value in entry.items() if key != "sha256"}
    return known


@cache
def families() -> dict[str, Family]:
    """Every architecture that Rung can read, by Hugging Face's model_type.

    >>> families()["gpt2"].pooling
    'mean'
    """
    known = {}
    for name, facts in _read()["family"].items():
        rest = {key: value for key, value in facts.items() if key not in ("class", "after")}
        known[name] = Family(name, after=tuple(facts.get("after", ())), loader=facts.get("class", "AutoModel"), **rest)
    return known


def family(model_type: str, *, of: str, folder: Path | None = None) -> Family:
    """Look up an architecture; `of` names the folder in the error. One whose processor names a family is of that.

    Raises NoBackbone for one that the catalog does not hold.
    """
    if folder is not None:
        said = str(read_object(folder, "preprocessor_config.json").get("feature_extractor_type", "")).split(" ")[0]
        model_type = next((name for name, known in families().items() if said and known.processor == said), model_type)
    if model_type not in families():
        raise NoBackbone(
            f"backbone {of}",
            wanted=f"an architecture among {', '.join(families())}",
            got=model_type or "a config.json without model_type",
            fix="A new family is a few lines of backbones/catalog.toml.",
        )
    return families()[model_type]


def here(entry: Entry) -> Path | None:
    """Folder of the entry's files if they are on this machine, else None. Asks no network.

    >>> here(find("all-MiniLM-L6-v2")).name
    'model'
    """
    if entry.source.startswith("package:"):
        return package_folder(entry.source.removeprefix("package:"))
    if entry.source == LOCAL:
        return None
    # Loaded here so that listing the embedded default costs no hub client.
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415  # see above

    repository = entry.id.replace(TIMM, "timm/", 1) if entry.id.startswith(TIMM) else entry.id.removeprefix(HUB)
    found = try_to_load_from_cache(repository, "config.json", revision=entry.revision or None)
    return Path(found).parent if isinstance(found, str) else None


def package_folder(place: str) -> Path | None:
    """Find `package/folder` without importing the package (its own imports may be slow or missing); None if absent."""
    package, _, folder = place.partition("/")
    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(next(iter(spec.submodule_search_locations))) / folder
    return path if path.is_dir() else None
