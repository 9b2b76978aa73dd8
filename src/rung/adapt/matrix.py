"""Rows of features for the solver: dense or sparse, read in blocks, seen in a basis where features hardly correlate."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

FEWEST = 256  # rows that a group needs to be worth products of its own
BLOCK = 2048  # rows at a time: logits of a block stay in the processor's cache
WORTH_LIFTING = 0.8  # rows to features, below which the span of the rows is smaller by enough
ROUNDING = 1e-9  # of the greatest eigenvalue: what lies below is rounding
WIDEST_ROTATION = 3072  # eigenvectors of wider Gram matrices would cost more than they save


@dataclass(frozen=True)
class Patch:
    """Rows that train the same models, or nearly: row indices (into X) and the models."""

    rows: NDArray[np.int64]
    models: tuple[int, ...]


def patches(train_FN: NDArray[np.bool_], *, block: int = BLOCK, fewest: int = FEWEST) -> tuple[Patch, ...]:
    """Rows grouped by the models that they train, cut into blocks: no model multiplies rows that it must not see.

    Where groups would hold fewer than `fewest` rows on average, all rows that train any model are one group, and the
    caller gives a row weight 0 in the models that must not see it.

    >>> [(p.rows.tolist(), p.models) for p in patches(np.array([[True, True, False], [False, True, False]]), fewest=1)]
    [([1], (0, 1)), ([0], (0,))]
    """
    used_N = train_FN.any(axis=0)
    if used_N.sum() < fewest * len(np.unique(train_FN[:, used_N], axis=1).T):
        train_FN = np.broadcast_to(used_N, train_FN.shape)
    pattern_PF, which_N = np.unique(train_FN.T, axis=0, return_inverse=True)
    which_N = which_N.reshape(-1)
    made = []
    for index in range(len(pattern_PF) - 1, -1, -1):
        models = tuple(np.flatnonzero(pattern_PF[index]).tolist())
        if not models:
            continue
        rows = np.flatnonzero(which_N == index)
        made += [Patch(rows[at : at + block], models) for at in range(0, len(rows), block)]
    return tuple(made)


def sampled(given: tuple[Patch, ...], share: float) -> tuple[Patch, ...]:
    """About `share` of the rows of each patch, at least one, drawn: every k-th row may be a fold that a model lacks.

    >>> [len(patch.rows) for patch in sampled((Patch(np.arange(10), (0,)),), 0.3)]
    [3]
    """
    draw = np.random.default_rng(0)
    return tuple(
        Patch(np.sort(draw.choice(patch.rows, max(1, round(share * len(patch.rows))), replace=False)), patch.models)
        for patch in given
    )


def lift(x_ND: NDArray[np.float32], used: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """(D, R) orthonormal basis of the span of the centred rows; None where they are not clearly fewer than D.

    By the eigenvectors of the rows' products: n x n numbers instead of D x D.
    """
    if len(used) > WORTH_LIFTING * x_ND.shape[1]:
        return None
    centred_nD = x_ND[used].astype(np.float64)
    centred_nD -= centred_nD.mean(0)
    power_n, basis_nn = np.linalg.eigh(centred_nD @ centred_nD.T)
    kept = power_n > ROUNDING * max(float(power_n[-1]), 1e-30)
    if not kept.any():
        return None
    return np.ascontiguousarray(centred_nD.T @ (basis_nn[:, kept] / np.sqrt(power_n[kept])), dtype=np.float32)


class Dense:
    """Dense features, centred and rotated to the eigenbasis of their covariance without a copy of X.

    The rotation acts on the weights (D x D times D x outputs), which costs a few per cent of one pass over the rows.
    """

    def __init__(self, x_ND: NDArray[np.float32], used: NDArray[np.int64]) -> None:
        self._x = torch.from_numpy(np.ascontiguousarray(x_ND, dtype=np.float32))
        width = x_ND.shape[1]
        total_D, gram_DD = torch.zeros(width, dtype=torch.float64), torch.zeros(width, width, dtype=torch.float64)
        for block in self._blocks(used):
            total_D += block.sum(0, dtype=torch.float64)
        self.mean_D = (total_D / max(len(used), 1)).float()
        for block in self._blocks(used):
            centred = block - self.mean_D
            gram_DD += centred.T @ centred
        gram_DD /= max(len(used), 1)
        self.scale = float(gram_DD.trace().clamp(min=0).sqrt()) or 1.0
        self.basis_DD = None
        if width <= WIDEST_ROTATION:
            power_D, basis_DD = torch.linalg.eigh(gram_DD)
            self.power_D, self.basis_DD = power_D.clamp(min=0).float(), basis_DD.float()
        else:
            self.power_D = gram_DD.diagonal().float()

    def _blocks(self, rows: NDArray[np.int64]) -> Iterator[Tensor]:
        for at in range(0, len(rows), BLOCK):
            yield self._x[torch.from_numpy(rows[at : at + BLOCK])]

    def plain(self, weight_FDC: Tensor, bias_FC: Tensor) -> tuple[Tensor, Tensor]:
        """Weights and bias for X as given, from those in the rotated, centred basis."""
        if self.basis_DD is not None:
            weight_FDC = _each(self.basis_DD, weight_FDC)
        return weight_FDC, bias_FC - _each(self.mean_D[None], weight_FDC)[:, 0]

    def turn(self, gradient_FDC: Tensor, bias_FC: Tensor) -> Tensor:
        """Gradient in the rotated basis, from the gradient (weights, bias) for X as given."""
        gradient_FDC = gradient_FDC - self.mean_D[:, None] * bias_FC[:, None]
        return gradient_FDC if self.basis_DD is None else _each(self.basis_DD.T, gradient_FDC)

    def forward(self, patch: Patch, weight_DK: Tensor) -> tuple[Tensor, Tensor]:
        """The patch's rows and X W for them."""
        x_nD = self._x[torch.from_numpy(patch.rows)]
        return x_nD, x_nD @ weight_DK

    @staticmethod
    def backward(x_nD: Tensor, residual_nK: Tensor) -> Tensor:
        """X' R."""
        return x_nD.T @ residual_nK


def _each(left_ED: Tensor, right_FDC: Tensor) -> Tensor:
    """The product with each of F, as one: of few columns each a product reads `left` for next to nothing."""
    heads, width, columns = right_FDC.shape
    one = left_ED @ right_FDC.transpose(0, 1).reshape(width, heads * columns)
    return one.reshape(-1, heads, columns).transpose(0, 1)


class Sparse:
    """Sparse features as they are: centring would fill them, so the basis is the given one."""

    def __init__(self, x_ND: sp.csr_array, used: NDArray[np.int64]) -> None:
        self._x = sp.csr_array(x_ND, dtype=np.float32)
        self._kept: dict[bytes, sp.csr_array] = {}
        part = self._x[used]
        squares = np.asarray(part.multiply(part).sum(axis=0)).reshape(-1) / max(len(used), 1)
        self.power_D = torch.from_numpy(squares.astype(np.float32))
        self.scale = 1.0

    @staticmethod
    def plain(weight_FDC: Tensor, bias_FC: Tensor) -> tuple[Tensor, Tensor]:
        """The basis is the given one."""
        return weight_FDC, bias_FC

    @staticmethod
    def turn(gradient_FDC: Tensor, bias_FC: Tensor) -> Tensor:
        """The basis is the given one."""
        del bias_FC
        return gradient_FDC

    def forward(self, patch: Patch, weight_DK: Tensor) -> tuple[sp.csr_array, Tensor]:
        """The patch's rows and X W for them (scipy's product beats torch's here)."""
        key = patch.rows.tobytes()
        if key not in self._kept:
            self._kept[key] = self._x[patch.rows]
        x_nD = self._kept[key]
        return x_nD, torch.from_numpy(x_nD @ weight_DK.numpy())

    @staticmethod
    def backward(x_nD: sp.csr_array, residual_nK: Tensor) -> Tensor:
        """X' R."""
        return torch.from_numpy(x_nD.T @ residual_nK.numpy())
