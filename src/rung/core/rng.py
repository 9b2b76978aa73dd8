"""Seeds and content hashes: the same rows and the same seed give the same numbers on any machine."""

from hashlib import blake2b

import numpy as np


def digest(*parts: str | bytes) -> bytes:
    """128-bit content hash of the parts, unambiguous at their borders.

    >>> digest("ab", "c") == digest("a", "bc")
    False
    """
    state = blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(len(raw).to_bytes(8, "little"))
        state.update(raw)
    return state.digest()


def generator(seed: int, *words: str) -> np.random.Generator:
    """A generator of its own for each purpose, so that one draw more here changes nothing there.

    >>> int(generator(0, "bootstrap").integers(100)) == int(generator(0, "bootstrap").integers(100))
    True
    """
    return np.random.default_rng(int.from_bytes(digest(str(seed), *words), "little"))
