"""The embedding cache: one folder of stores, bounded in size, shown and cleared by `rung doctor`."""

import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from rung.backbones.lock import locked
from rung.backbones.store import KEY, Store
from rung.core.errors import BadOption

PLACE, LIMIT = "RUNG_CACHE", "RUNG_CACHE_LIMIT"
DEFAULT_LIMIT = 10 * 10**9
UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
USED = "used"  # its time of change tells when a store was last looked at


@dataclass(frozen=True)
class StoreStats:
    """One backbone's share of the cache."""

    backbone: str
    precision: str
    vectors: int
    size_bytes: int
    last_used: float  # seconds since 1970


@dataclass(frozen=True)
class CacheStats:
    """What the cache holds."""

    folder: str
    size_bytes: int
    limit_bytes: int
    vectors: int
    stores: tuple[StoreStats, ...]


class Cache:
    """Every vector that was ever computed, by backbone and precision; least recently used ones go first.

    root: the folder; by default RUNG_CACHE, else the system's place for caches.
    limit: bytes; by default RUNG_CACHE_LIMIT (such as 500MB), else 10 GB.
    Raises BadOption for a limit that is no size.
    """

    def __init__(self, root: Path | None = None, *, limit: int | None = None) -> None:
        self.root = default_root() if root is None else root
        self.limit = read_size(os.environ.get(LIMIT, "")) if limit is None else limit

    def store(self, name: str, width: int) -> Store:
        """Return the store by that name; nothing is made on disk before the first append."""
        return Store(self._stores / name, width)

    def touch(self, store: Store, *, backbone: str, precision: str) -> None:
        """Note that a store is in use, and whose it is; raises OSError."""
        if store.folder.is_dir():
            about = store.folder / USED
            if not about.exists():
                about.write_text(json.dumps({"backbone": backbone, "precision": precision}), encoding="utf-8")
            os.utime(about)

    def make_room(self, keep: Store) -> bool:
        """Evict least recently used stores until the limit holds; False when `keep` alone is over it."""
        sizes = {folder: _size(folder) for folder in self._folders()}
        total = sum(sizes.values())
        for folder in sorted(sizes, key=_last_used):
            if total <= self.limit:
                break
            if folder != keep.folder and _evict(folder, wait=False):
                total -= sizes[folder]
        return total <= self.limit

    def stats(self) -> CacheStats:
        """Count what is there; an absent or unreadable folder counts as empty."""
        stores = tuple(_stats(folder) for folder in self._folders())
        return CacheStats(
            folder=str(self.root),
            size_bytes=sum(store.size_bytes for store in stores),
            limit_bytes=self.limit,
            vectors=sum(store.vectors for store in stores),
            stores=stores,
        )

    def clear(self) -> int:
        """Forget every vector and every measured precision; return the bytes freed.

        Processes that use the cache meanwhile go on and write it anew. Raises OSError where it can't be removed.
        """
        freed = 0
        for folder in self._folders():
            size = _size(folder)
            freed += size if _evict(folder, wait=True) else 0
        shutil.rmtree(self._choices, ignore_errors=True)
        return freed

    def recall(self, name: str) -> str | None:
        """Return a choice that remember() kept on this machine, or None."""
        try:
            return (self._choices / name).read_text(encoding="utf-8")
        except OSError:
            return None

    def remember(self, name: str, choice: str) -> None:
        """Keep a choice, whole or not at all; a folder that can't be written keeps none."""
        try:
            self._choices.mkdir(parents=True, exist_ok=True)
            temporary = self._choices / f"{name}.{uuid4().hex}"
            temporary.write_text(choice, encoding="utf-8")
            temporary.replace(self._choices / name)
        except OSError:
            return

    @property
    def _stores(self) -> Path:
        return self.root / "embeddings"

    @property
    def _choices(self) -> Path:
        return self.root / "precision"

    def _folders(self) -> list[Path]:
        try:
            return sorted(path for path in self._stores.iterdir() if path.is_dir() and not path.name.startswith("."))
        except OSError:
            return []


def default_root() -> Path:
    """RUNG_CACHE, else the system's own place: XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%."""
    if said := os.environ.get(PLACE):
        return Path(said).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "rung"
    base = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rung"


def read_size(said: str) -> int:
    """Bytes of a size such as 500MB or 2.5 GB; empty means the default.

    Raises BadOption for anything else.

    >>> read_size("2.5 GB")
    2500000000
    """
    if not said.strip():
        return DEFAULT_LIMIT
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?b?)\s*", said.lower())
    unit = "" if match is None else match[2] + ("b" if len(match[2]) == 1 and match[2] != "b" else "")
    if match is None:
        raise BadOption(LIMIT, wanted="a size such as 500MB or 10GB", got=said)
    return int(float(match[1]) * UNITS[unit])


def _size(folder: Path) -> int:
    return sum(_length(path) for path in (folder / "keys.bin", folder / "vectors.bin"))


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _last_used(folder: Path) -> float:
    try:
        return (folder / USED).stat().st_mtime
    except OSError:
        return 0.0


def _stats(folder: Path) -> StoreStats:
    try:
        about: dict[str, Any] = json.loads((folder / USED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        about = {}
    return StoreStats(
        backbone=str(about.get("backbone", folder.name)),
        precision=str(about.get("precision", "unknown")),
        vectors=_length(folder / "keys.bin") // KEY,
        size_bytes=_size(folder),
        last_used=_last_used(folder),
    )


def _evict(folder: Path, *, wait: bool) -> bool:
    """Take a store away in one step, so that nobody sees half of it; False when it is in use or can't be moved."""
    gone = folder.with_name(f".evicted-{uuid4().hex}")
    try:
        with locked(folder.with_name(folder.name + ".lock"), wait=wait):
            folder.rename(gone)
    except OSError:
        return False
    shutil.rmtree(gone, ignore_errors=True)
    return True
