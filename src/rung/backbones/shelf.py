"""A store that never fails a run: what it can't read is computed, what it can't keep is let go, and said once."""

import logging
from collections.abc import Sequence

import numpy as np

from rung.backbones.cache import Cache
from rung.core.contracts import BackboneCard
from rung.core.types import Floats, Ints

log = logging.getLogger(__name__)
CHECK_EVERY = 64 * 10**6  # bytes written between two looks at the size of the whole cache


class Shelf:
    """The cached vectors of one backbone in one precision; without a cache, an empty one."""

    def __init__(self, cache: Cache | None, card: BackboneCard, fingerprint: str, precision: str) -> None:
        self._cache = cache
        self._whose = {"backbone": card.id, "precision": precision}
        self._store = None if cache is None else cache.store(f"{fingerprint}-{precision}", card.width)
        self._every = 0 if cache is None else min(CHECK_EVERY, cache.limit // 16)
        self._unchecked = self._every  # look before the first write
        self._full = False

    def find(self, keys: Sequence[bytes]) -> Ints:
        """Row of each key, -1 where it has to be computed."""
        if self._store is not None and self._cache is not None and keys:
            try:
                self._cache.touch(self._store, **self._whose)
                return self._store.find(keys)
            except OSError as error:
                self._give_up("read", error)
        return np.full(len(keys), -1, np.int64)

    def read(self, row_N: Ints) -> Floats | None:
        """(N, width) float32 of rows that find() gave; None when they can't be read after all."""
        assert self._store is not None
        try:
            return self._store.read(row_N)
        except (OSError, ValueError, IndexError) as error:  # the last two: a file that someone cut
            self._give_up("read", error)
            return None

    def keep(self, keys: Sequence[bytes], vector_ND: Floats) -> None:
        """Store new vectors, unless the disk or the limit says no."""
        if self._store is None or self._cache is None or self._full or not keys:
            return
        try:
            if self._unchecked >= self._every:
                self._unchecked = 0
                if not self._cache.make_room(self._store):
                    self._full = True
                    log.warning(
                        "the embedding cache is full (%d bytes): new embeddings are not kept", self._cache.limit
                    )
                    return
            self._unchecked += self._store.append(keys, vector_ND)
            self._cache.touch(self._store, **self._whose)
        except OSError as error:
            self._give_up("written", error)

    def _give_up(self, what: str, error: Exception) -> None:
        if self._store is not None:
            self._store.close()
        log.warning("the embedding cache can't be %s (%s): going on without it", what, error)
        self._store = None
