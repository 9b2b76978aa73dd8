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


class Store:
    """The vectors of one backbone in one precision.

    keys.bin holds 16 bytes a row, vectors.bin `width` float32 a row; row n of one is row n of the other. Vectors are
    written before keys, so a key says that its vector is there; whatever else a killed writer left is cut off by the
    next one. The lock lies beside the folder, so that it outlives an eviction.
    Every method may raise OSError.
    """

    def __init__(self, folder: Path, width: int) -> None:
        self.folder = folder
        self.width = width
        self._lock = folder.with_name(folder.name + ".lock")
        self._forget()

    def __len__(self) -> int:
        return self._rows

    def find(self, keys: Sequence[bytes]) -> Ints:
        """Row number of each key, -1 where it is not stored. Sees what other processes appended before the call."""
        self._refresh()
        wanted_N2 = _halves(b"".join(keys))
        if not self._rows:
            return np.full(len(wanted_N2), -1, np.int64)
        place_N = np.searchsorted(self._sorted, wanted_N2[:, 0]).clip(max=self._rows - 1)
        row_N = self._order[place_N]
        # Two hashes that share their first half count as strangers: the text is embedded again, never mixed up.
        same_N = (self._keys[row_N] == wanted_N2).all(axis=1)
        return np.where(same_N, row_N, -1)

    def read(self, row_N: Ints) -> Floats:
        """(N, width) float32 of rows that find() gave."""
        out_ND = np.empty((len(row_N), self.width), np.float32)
        if not len(row_N):
            return out_ND
        assert self._vectors is not None
        mapped = mmap.mmap(self._vectors, 0, access=mmap.ACCESS_READ)
        try:
            for begin in range(0, len(row_N), CHUNK):
                _gather(mapped, row_N[begin : begin + CHUNK], out_ND[begin : begin + CHUNK])
                if hasattr(mapped, "madvise"):
                    mapped.madvise(mmap.MADV_DONTNEED)
        finally:
            mapped.close()
        return out_ND

    def append(self, keys: Sequence[bytes], vector_ND: Floats) -> int:
        """Add the rows whose keys are not stored yet; return the bytes written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self._lock):
            self._repair()
            self._load()
            new = np.flatnonzero(self._find_loaded(keys) < 0)
            if not len(new):
                return 0
            with (self.folder / "vectors.bin").open("ab") as file:
                file.write(np.ascontiguousarray(vector_ND[new], dtype="<f4").data)
            with (self.folder / "keys.bin").open("ab") as file:
                file.write(b"".join(keys[i] for i in new))
        return len(new) * self._row_bytes

    @property
    def _row_bytes(self) -> int:
        return KEY + 4 * self.width

    def _find_loaded(self, keys: Sequence[bytes]) -> Ints:
        known = {bytes(key): row for row, key in enumerate(self._keys.view(f"V{KEY}")[:, 0])} if False else None
        del known
        return self._search(_halves(b"".join(keys)))
