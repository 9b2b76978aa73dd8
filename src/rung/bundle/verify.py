"""Read a bundle back, and refuse whatever was changed, cut short or written by a stranger."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load

from rung.bundle.manifest import FORMAT, Manifest, seal_of
from rung.bundle.model import ADAPTER, DELTA, MEMBER, Parts
from rung.bundle.write import sha256_of
from rung.core.errors import BundleError

NOT_PARAMETERS = ("head.safetensors", "delta.safetensors", "reference.safetensors")


def read_manifest(folder: Path) -> Manifest:
    """Read and check bundle.json and the hash of every file that it names.

    Raises BundleError naming the file that is missing, changed or of an unknown format.
    """
    path = folder / "bundle.json"
    if not path.is_file():
        raise BundleError(
            f"bundle {folder}", wanted="a bundle.json", got="none", fix="Point at a run made by rung fit."
        )
    manifest = _parse(path)
    for name, expected in manifest.files.items():
        _check_file(folder / name, expected)
    return manifest


def read_parts(folder: Path, manifest: Manifest) -> Parts:
    """Read the tensors and files of the fitted model, or of its members."""
    metas = manifest.model.get("members", [])
    members = []
    for i, meta in enumerate(metas):
        start = f"{MEMBER}{i}/"
        inside = [name.removeprefix(start) for name in manifest.files if name.startswith(start)]
        members.append(_read_parts(folder / start, inside, meta))
    return replace(_read_parts(folder, manifest.files, manifest.model), members=tuple(members))


def _read_parts(folder: Path, inside: Iterable[str], meta: dict[str, Any]) -> Parts:
    listed = list(inside)
    tensors = _tensors(folder / "head.safetensors")
    if "delta.safetensors" in listed:
        tensors |= {f"{DELTA}{name}": each for name, each in _tensors(folder / "delta.safetensors").items()}
    own = [name for name in listed if "/" not in name and name not in NOT_PARAMETERS]
    names = [*own, *(name for name in listed if name.startswith(ADAPTER))]
    return Parts(meta, tensors, {name: (folder / name).read_bytes() for name in names})


def _tensors(path: Path) -> dict[str, Any]:
    try:
        return load(path.read_bytes())
    except SafetensorError as error:
        raise BundleError(f"file {path}", wanted="safetensors", got=str(error)) from error


def _parse(path: Path) -> Manifest:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BundleError(f"file {path}", wanted="valid JSON", got=f"damage ({error})", fix=_AGAIN) from error
    version = content.get("format") if isinstance(content, dict) else None
    if version != FORMAT:
        got = f"format {version!r}"
        raise BundleError(f"file {path}", wanted=f"format {FORMAT}", got=got, fix="Another version of Rung wrote it.")
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
        raise BundleError(f"file {path}", wanted="a bundle manifest", got=what, fix=_AGAIN) from error
    if manifest.seal != seal_of(content):
        raise BundleError(f"file {path}", wanted="its own seal", got="changed content", fix=_AGAIN)
    return manifest


def _check_file(path: Path, expected: str) -> None:
    if not path.is_file():
        raise BundleError(f"file {path}", wanted="it in the bundle", got="none", fix=_AGAIN)
    if (got := sha256_of(path)) != expected:
        raise BundleError(f"file {path}", wanted=f"sha256 {expected[:12]}…", got=f"{got[:12]}…", fix=_AGAIN)


_AGAIN = "Copy the run again from where it was made, or fit again."
