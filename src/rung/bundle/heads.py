"""Fitted heads, applied with numpy alone: features in, probabilities or values out."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from rung.core.types import Floats

Link = Literal["softmax", "sigmoid", "identity"]
Features = Any  # dense (N, D) float32, or scipy CSR of that shape (scipy ships no types)
BLOCK = 4096  # rows of one product of kNN


def linked(z_NC: NDArray[Any], link: Link) -> Floats:
    """Scores to predictions: softmax and sigmoid give probabilities, identity the value itself.

    >>> linked(np.zeros((1, 2)), "softmax")
    array([[0.5, 0.5]], dtype=float32)
    """
    if link == "identity":
        return z_NC.astype(np.float32)
    return np.asarray(softmax(z_NC, axis=1) if link == "softmax" else expit(z_NC), dtype=np.float32)


@dataclass(frozen=True)
class PriorHead:
    """The same answer for every row: class shares, or the mean. value: (C,)."""

    value: Floats
    kind: str = "prior"

    def __call__(self, x: Features) -> Floats:
        """(N, C), every row alike."""
        return np.repeat(self.value[None].astype(np.float32), x.shape[0], axis=0)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What safetensors keeps."""
        return {"value": self.value}

    def meta(self) -> dict[str, Any]:
        """What JSON keeps."""
        return {}


@dataclass(frozen=True)
class LinearHead:
    """x W + b behind a link. weight (D, C), bias (C,)."""

    weight: Floats
    bias: Floats
    link: Link
    kind: str = "linear"

    def __call__(self, x: Features) -> Floats:
        """(N, C) predictions of dense or sparse (N, D) features."""
        return linked(np.asarray(x @ self.weight) + self.bias, self.link)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What safetensors keeps."""
        return {"weight": self.weight, "bias": self.bias}

    def meta(self) -> dict[str, Any]:
        """What JSON keeps."""
        return {"link": self.link}


@dataclass(frozen=True)
class MlpHead:
    """One hidden layer: gelu(x' A + a) B + b behind a link; x' is x standardised by centre and spread (D,)."""

    centre: Floats
    spread: Floats
    weight_1: Floats
    bias_1: Floats
    weight_2: Floats
    bias_2: Floats
    link: Link
    kind: str = "mlp"

    def __call__(self, x: Features) -> Floats:
        """(N, C) predictions of dense (N, D) features."""
        hidden = (np.asarray(x) - self.centre) / self.spread @ self.weight_1 + self.bias_1
        hidden = hidden * expit(1.702 * hidden)  # the sigmoid form of gelu, in training too
        return linked(hidden @ self.weight_2 + self.bias_2, self.link)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What safetensors keeps."""
        names = ("centre", "spread", "weight_1", "bias_1", "weight_2", "bias_2")
        return {name: getattr(self, name) for name in names}

    def meta(self) -> dict[str, Any]:
        """What JSON keeps."""
        return {"link": self.link}


@dataclass(frozen=True)
class KnnHead:
    """The mean of the k most similar training rows by cosine, weighted by similarity; `prior` (C,) fills in.

    x (M, D) unit-length training features; y (M, C) one-hot truth, label sets, or values.
    """

    x: Floats
    y: Floats
    prior: Floats
    k: int
    kind: str = "knn"

    def __call__(self, x: Features) -> Floats:
        """(N, C) predictions of dense (N, D) features."""
        rows = np.asarray(x, dtype=np.float32)
        unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return np.concatenate([self._block(unit[i : i + BLOCK]) for i in range(0, len(unit), BLOCK)] or [self.y[:0]])

    def _block(self, unit_nD: Floats) -> Floats:
        similarity = unit_nD @ self.x.T
        k = min(self.k, len(self.x))
        near = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        near = np.sort(near, axis=1)
        weight = np.maximum(np.take_along_axis(similarity, near, axis=1), 1e-3)
        summed = np.einsum("nk,nkc->nc", weight, self.y[near]) + 0.5 * self.prior
        return np.asarray(summed / (weight.sum(1, keepdims=True) + 0.5), dtype=np.float32)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What safetensors keeps."""
        return {"x": self.x, "y": self.y, "prior": self.prior}

    def meta(self) -> dict[str, Any]:
        """What JSON keeps."""
        return {"k": self.k}


@dataclass(frozen=True)
class CosineHead:
    """softmax of scale * cos(x P, c): projection (D, P), classes (P, C) of unit columns."""

    projection: Floats
    classes: Floats
    scale: float
    kind: str = "cosine"

    def __call__(self, x: Features) -> Floats:
        """(N, C) probabilities of dense (N, D) features."""
        seen_NP = np.asarray(x) @ self.projection
        unit_NP = seen_NP / np.maximum(np.linalg.norm(seen_NP, axis=1, keepdims=True), 1e-12)
        return linked(self.scale * unit_NP @ self.classes, "softmax")

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What safetensors keeps."""
        return {"projection": self.projection, "classes": self.classes}

    def meta(self) -> dict[str, Any]:
        """What JSON keeps."""
        return {"scale": self.scale}


KINDS = {"prior": PriorHead, "linear": LinearHead, "mlp": MlpHead, "knn": KnnHead, "cosine": CosineHead}
