"""Write a bundle: manifest, tensors, preprocessing, drift reference, a hash for each file."""

from collections.abc import Callable, Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from rung.bundle.io import whole_folder, write_arrays
from rung.bundle.manifest import Manifest
from rung.bundle.model import DELTA, MEMBER, Parts


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write_bundle(
    folder: Path,
    manifest: Manifest,
    parts: Parts,
    *,
    preprocessing: Callable[[str], None] | None,
    reference: Mapping[str, NDArray[Any]],
) -> Manifest:
    """Write all files of a bundle to `folder`, atomically; returns the sealed manifest.

    preprocessing: writes tokenizer files into the folder it is given; None when no backbone is used.
    reference: drift sketches by name; no raw rows. Raises DiskFull, FolderInUse.
    """
    with whole_folder(folder) as place:
        _write_parts(place, parts)
        for i, member in enumerate(parts.members):
            _write_parts(place / f"{MEMBER}{i}", member)
        write_arrays(place / "reference.safetensors", reference)
        if preprocessing is not None:
            (place / "preprocess").mkdir()
            preprocessing(str(place / "preprocess"))
        files = {
            path.relative_to(place).as_posix(): sha256_of(path) for path in sorted(place.rglob("*")) if path.is_file()
        }
        meta = parts.meta | ({"members": [member.meta for member in parts.members]} if parts.members else {})
        sealed = manifest.model_copy(update={"files": files, "model": meta}).sealed()
        (place / "bundle.json").write_text(sealed.model_dump_json(indent=1), encoding="utf-8")
    return sealed


def _write_parts(place: Path, parts: Parts) -> None:
    for name, content in parts.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    moved = {name.removeprefix(DELTA): each for name, each in parts.tensors.items() if name.startswith(DELTA)}
    head = {name: each for name, each in parts.tensors.items() if not name.startswith(DELTA)}
    place.mkdir(exist_ok=True)
    write_arrays(place / "head.safetensors", head)
    if moved:
        write_arrays(place / "delta.safetensors", moved)
