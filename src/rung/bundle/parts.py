"""One embedded column among several: filled where it is missing, balanced against the others, shortened where asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Floats, Inputs


@dataclass(frozen=True)
class PartEncoder:
    """How the embeddings of one column become features beside those of others.

    fill: (D,) mean of the training rows that have the part, taken where it is missing. scale brings the total variance
    of each part to 1. axes: (D, K) the main axes that are kept, None for all. flag: one more feature says whether the
    part is missing; training rows lacked it too.
    """

    column: str
    fill: Floats
    scale: float
    axes: Floats | None = None
    flag: bool = False

    def apply(self, inputs: Inputs) -> Floats:
        """(N, D) or (N, K) float32, and one column more with a flag."""
        there_N = inputs.there(self.column)
        x_ND = inputs.embed(self.column) - self.fill
        x_ND[~there_N] = 0
        x_NK = (x_ND if self.axes is None else x_ND @ self.axes) * np.float32(self.scale)
        if not self.flag:
            return np.asarray(x_NK, np.float32)
        return np.concatenate([x_NK, (~there_N)[:, None].astype(np.float32)], axis=1)

    def meta(self) -> dict[str, Any]:
        """What JSON keeps."""
        return {"column": self.column, "scale": self.scale, "flag": self.flag}

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What safetensors keeps."""
        return {"fill": self.fill} | ({} if self.axes is None else {"axes": self.axes})

    @staticmethod
    def of(meta: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> "PartEncoder":
        """What `meta` and `tensors` were taken from."""
        return PartEncoder(meta["column"], tensors["fill"], meta["scale"], tensors.get("axes"), meta["flag"])


def fit_part(inputs: Inputs, column: str, *, axes: int | None = None) -> PartEncoder:
    """Mean, variance and, where asked, the first `axes` principal axes of these training rows that have the part.

    Source: Jolliffe 2002, Principal Component Analysis, section 3.5 (by the singular values of the centred rows).
    """
    there_N = inputs.there(column)
    x_ND = inputs.embed(column)
    own_ND = x_ND[there_N] if there_N.any() else np.zeros((1, x_ND.shape[1]), np.float32)
    fill_D = own_ND.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred_ND = own_ND - fill_D
    total = float(np.square(centred_ND, dtype=np.float64).sum()) / len(centred_ND)
    scale = 1.0 / np.sqrt(total) if total > 0 else 1.0
    kept = None
    if axes is not None and axes < min(centred_ND.shape):
        turned_DK = _axes(centred_ND.astype(np.float64), axes)
        sign_K = np.sign(turned_DK[np.abs(turned_DK).argmax(axis=0), np.arange(axes)])
        kept = np.ascontiguousarray(turned_DK * sign_K, np.float32)
    return PartEncoder(column, fill_D, float(scale), kept, bool(not there_N.all()))


def _axes(x_ND: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """(D, k) principal axes of centred rows, by the smaller of the two products of x with itself."""
    if len(x_ND) >= x_ND.shape[1]:
        return np.linalg.eigh(x_ND.T @ x_ND)[1][:, ::-1][:, :k]
    power_N, turned_NN = np.linalg.eigh(x_ND @ x_ND.T)
    long_K = np.sqrt(np.maximum(power_N[::-1][:k], 1e-30))
    return np.asarray(x_ND.T @ turned_NN[:, ::-1][:, :k] / long_K)
