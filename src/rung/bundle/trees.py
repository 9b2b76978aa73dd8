"""Gradient-boosted trees as a head: LightGBM's own text model, nothing pickled."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.bundle.heads import Features
from rung.core.extras import need
from rung.core.types import Floats

FILE = "trees.txt"


@dataclass(frozen=True)
class TreesHead:
    """A booster a output group. text: LightGBM's model strings, one for one-label tasks, one a label for label sets."""

    text: tuple[str, ...]
    outputs: int
    kind: str = "trees"

    @cached_property
    def _boosters(self) -> list[Any]:
        return [need("lightgbm").Booster(model_str=text) for text in self.text]

    def __call__(self, x: Features) -> Floats:
        """(N, C) predictions of dense (N, D) features."""
        rows = np.asarray(x, dtype=np.float32)
        if not len(rows):
            return np.zeros((0, self.outputs), np.float32)
        said = [np.asarray(booster.predict(rows), dtype=np.float32) for booster in self._boosters]
        if len(said) > 1:
            return np.stack(said, axis=1)
        if said[0].ndim == 1 and self.outputs == 2:
            return np.stack([1 - said[0], said[0]], axis=1)
        return said[0].reshape(len(rows), -1)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Nothing for safetensors: the model is text."""
        return {}

    def meta(self) -> dict[str, Any]:
        """What JSON keeps."""
        return {"outputs": self.outputs}

    def files(self) -> dict[str, bytes]:
        """The boosters, one file each."""
        return {f"{i}.{FILE}": text.encode() for i, text in enumerate(self.text)}
