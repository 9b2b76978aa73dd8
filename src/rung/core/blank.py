"""Nothing to see, to hear or to follow: what shapes are asked of."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rung.core.extras import need
from rung.core.types import Clip, Floats


@dataclass(frozen=True)
class Blank:
    """A black image, a moment of silence, or a flat series, behind the seam of Media; all are equal."""

    key: ClassVar[bytes] = b"nothing is here."  # 128 bits, as any key
    name: ClassVar[str] = "blank"
    missing: ClassVar[bool] = True

    def image(self) -> object:
        """64 x 64 black pixels."""
        return need("PIL.Image").new("RGB", (64, 64))

    def clip(self) -> Clip:
        """A tenth of a second of silence."""
        return Clip(np.zeros(1600, np.float32), 16_000)

    def values(self) -> Floats:
        """One channel of 16 zeros."""
        return np.zeros((1, 16), np.float32)
