"""Vectors by content hash in two append-only files: safe under several writers, and when one is killed midway."""

import mmap
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rung.backbones.lock import locked
from rung.core.types import Floats, Ints

KEY = 16  # bytes of a content hash
CHUNK = 8192  # rows read at a time, so that the mapped file does not pile up in memory
Halves = NDArray[np.uint64]


class Store:
    """The vectors of one backbone in one precision.

    keys.bin holds 16 bytes a row, vectors.bin `width` float32 a row; row n of one is row n of the other. Vectors are
    written before keys, so a key says that its vector is there; whatever else a killed writer left is cut off by the
    next one. The lock file lies beside the folder, so that it outlives the folder's eviction.
    Every method may raise OSError.
    """

    _key_N2: Halves  # each key as two numbers, in order of row
    _order_N: Ints  # rows in order of their key's first half
    _sorted_N: NDArray[np.uint64]  # those first halves

    def __init__(self, folder: Path, width: int) -> None:
        self.folder = folder
        self.width = width
        self.lock = folder.with_name(folder.name + ".lock")
        self._handles: tuple[int, int] | None = None  # keys, vectors
        self._reset()

    def __len__(self) -> int:
        return len(self._key_N2)

    def __del__(self) -> None:
        if getattr(self, "_handles", None) is not None and os is not None:  # at interpreter exit parts are gone
            self.close()

    def close(self) -> None:
        """Let go of the files; the next call opens them again."""
        handles, self._handles = self._handles, None
        for handle in handles or ():
            os.close(handle)

    def find(self, keys: Sequence[bytes]) -> Ints:
        """Row number of each key, -1 where it is not stored. Sees what others appended before the call."""
        self._open()
        self._load()
        return self._search(keys)

    def read(self, row_N: Ints) -> Floats:
        """(N, width) float32 of rows that find() gave."""
        out_ND = np.empty((len(row_N), self.width), np.float32)
        if not len(row_N) or self._handles is None:
            return out_ND
        with mmap.mmap(self._handles[1], 0, access=mmap.ACCESS_READ) as mapped:
            for begin in range(0, len(row_N), CHUNK):
                part = slice(begin, begin + CHUNK)
                _gather(mapped, row_N[part], out_ND[part])
                if hasattr(mapped, "madvise"):
                    mapped.madvise(mmap.MADV_DONTNEED)
        return out_ND

    def append(self, keys: Sequence[bytes], vector_ND: Floats) -> int:
        """Add the rows whose keys are not stored yet, each key once; return the bytes written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.lock):
            # Another process may have evicted the folder between the two lines above.
            self.folder.mkdir(parents=True, exist_ok=True)
            self._repair()
            self._open(hold=False)
            self._load()
            first = {key: i for i, key in reversed(list(enumerate(keys)))}
            stored_N = self._search(keys) >= 0
            new = [i for i, key in enumerate(keys) if not stored_N[i] and first[key] == i]
            with (self.folder / "vectors.bin").open("ab") as file:
                file.write(np.ascontiguousarray(vector_ND[new], dtype="<f4").tobytes())
            with (self.folder / "keys.bin").open("ab") as file:
                file.write(b"".join(keys[i] for i in new))
        return len(new) * (KEY + 4 * self.width)

    def _repair(self) -> None:
        """Cut both files back to the rows that both have whole. The lock is held."""
        paths = (self.folder / "keys.bin", self.folder / "vectors.bin")
        for path in paths:
            path.touch()
        sizes, steps = [path.stat().st_size for path in paths], (KEY, 4 * self.width)
        rows = min(size // step for size, step in zip(sizes, steps, strict=True))
        for path, size, step in zip(paths, sizes, steps, strict=True):
            if size != rows * step:
                os.truncate(path, rows * step)

    def _open(self, *, hold: bool = True) -> None:
        """Open both files, unless they are open and still those that the folder shows.

        hold: take the lock, so that no eviction can come between the two.
        """
        path = self.folder / "keys.bin"
        if self._handles is not None:
            if path.exists() and _same(path, self._handles[0]):
                return
            self.close()
            self._reset()
        if not path.exists():
            return
        if hold:
            with locked(self.lock):
                self._open(hold=False)
            return
        keys = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._handles = (keys, os.open(self.folder / "vectors.bin", os.O_RDONLY | os.O_CLOEXEC))
        except OSError:
            os.close(keys)
            raise

    def _load(self) -> None:
        """Take in the keys that were appended since the last look."""
        if self._handles is None:
            return
        rows = os.fstat(self._handles[0]).st_size // KEY
        known = len(self._key_N2)
        if rows <= known:
            return
        fresh = os.pread(self._handles[0], (rows - known) * KEY, known * KEY)
        self._key_N2 = np.concatenate([self._key_N2, _halves(fresh)])
        self._order_N = np.argsort(self._key_N2[:, 0], kind="stable")
        self._sorted_N = self._key_N2[self._order_N, 0]

    def _search(self, keys: Sequence[bytes]) -> Ints:
        wanted_N2 = _halves(b"".join(keys))
        if not len(self):
            return np.full(len(wanted_N2), -1, np.int64)
        place_N = np.searchsorted(self._sorted_N, wanted_N2[:, 0]).clip(max=len(self) - 1)
        row_N = self._order_N[place_N]
        # Two hashes that share their first half count as strangers: such a text is embedded again, never mixed up.
        same_N = (self._key_N2[row_N] == wanted_N2).all(axis=1)
        return np.where(same_N, row_N, -1).astype(np.int64)

    def _reset(self) -> None:
        self._key_N2 = np.empty((0, 2), np.uint64)
        self._order_N = np.empty(0, np.int64)
        self._sorted_N = np.empty(0, np.uint64)


def _halves(raw: bytes) -> Halves:
    return np.frombuffer(raw, "<u8").reshape(-1, 2)


def _same(path: Path, handle: int) -> bool:
    named, held = path.stat(), os.fstat(handle)
    return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)


def _gather(mapped: mmap.mmap, row_N: Ints, out_ND: Floats) -> None:
    """Copy rows out of the mapped file; the view of it ends here, so that the map can be closed."""
    width = out_ND.shape[1]
    whole = len(mapped) // (4 * width)
    out_ND[:] = np.frombuffer(mapped, "<f4", whole * width).reshape(whole, width)[row_N]
