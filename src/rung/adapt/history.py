"""What L-BFGS remembers, for many models at once: steps, gradient changes, and all their inner products."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FLAT = 1e-12  # a pair with less curvature (a model that stood still) takes no part


class History:
    """The last pairs of F models with P parameters each, in coordinates where the first Hessian guess is 1.

    One direction reads the memory twice, in two matrix products; the recursion itself runs on inner products alone.
    Each model has its own pairs, rates and scale; `add` takes one pair of every model, zeros for one that stood still.
    Source: Chen, Wang and Zhou 2014, Large-scale L-BFGS using MapReduce, NeurIPS 27, algorithm 2.

    >>> history = History(1, 2, memory=3)
    >>> history.add(torch.tensor([[1.0, 0.0]]), torch.tensor([[4.0, 0.0]]))  # curvature 4 along the first axis
    >>> history.direction(torch.tensor([[8.0, 0.0]])).tolist()
    [[-2.0, 0.0]]
    """

    def __init__(self, models: int, parameters: int, *, memory: int) -> None:
        self._memory = memory
        self._basis = torch.zeros(models, 1 + 2 * memory, parameters)  # the gradient, then step, change, step, ...
        self._gram = np.zeros((models, 1 + 2 * memory, 1 + 2 * memory))
        self._order: list[int] = []  # places of the steps, oldest first
        self._new: list[int] = []

    def add(self, step: Tensor, change: Tensor) -> None:
        """Remember one pair a model: (F, P) steps and gradient changes; the oldest pair makes room."""
        at = 1 + 2 * len(self._order) if len(self._order) < self._memory else self._order.pop(0)
        self._order.append(at)
        self._basis[:, at], self._basis[:, at + 1] = step, change
        self._new += [at, at + 1]

    def direction(self, gradient: Tensor) -> Tensor:
        """-H g for each model: (F, P)."""
        self._basis[:, 0] = gradient
        filled = 1 + 2 * len(self._order)
        basis_FKP = self._basis[:, :filled]
        fresh = sorted({0, *self._new})
        dots_FKn = torch.bmm(basis_FKP, basis_FKP[:, fresh].transpose(1, 2)).double().numpy()
        self._gram[:, :filled, fresh] = dots_FKn
        self._gram[:, fresh, :filled] = dots_FKn.transpose(0, 2, 1)
        self._new = []
        weight_FK = torch.from_numpy(self._recursion(self._gram[:, :filled, :filled]).astype(np.float32))
        return torch.bmm(weight_FK[:, None], basis_FKP)[:, 0]

    def _recursion(self, gram: NDArray[np.float64]) -> NDArray[np.float64]:
        """Two-loop recursion on coefficients of the basis (F, K) instead of vectors."""
        weight_FK = np.zeros(gram.shape[:2])
        weight_FK[:, 0] = -1.0
        scale_F = np.ones(len(gram))
        rates = []
        for at in self._order:
            curved_F, square_F = gram[:, at, at + 1], gram[:, at + 1, at + 1]
            told_F = curved_F > FLAT
            scale_F = np.where(told_F, curved_F / np.where(told_F, square_F, 1.0), scale_F)
        for at in reversed(self._order):
            rate_F = _quotient((weight_FK * gram[:, :, at]).sum(1), gram[:, at, at + 1])
            weight_FK[:, at + 1] -= rate_F
            rates.append(rate_F)
        weight_FK *= scale_F[:, None]
        for at, rate_F in zip(self._order, reversed(rates), strict=True):
            back_F = _quotient((weight_FK * gram[:, :, at + 1]).sum(1), gram[:, at, at + 1])
            weight_FK[:, at] += rate_F - back_F
        return weight_FK

    def carry(self, old_FP: Tensor, new_FP: Tensor, ridge_FP: Tensor) -> None:
        """Bring the pairs to other coordinates and another penalty: nothing learnt at one strength is lost at the next.

        old_FP, new_FP: roots of the Hessian's diagonal that scale the parameters. ridge_FP: what the penalty adds to
        the second derivative of each parameter.
        """
        if not self._order:
            return
        turn_FP, tilt_FP = new_FP / old_FP, ridge_FP / (old_FP * new_FP)
        for at in self._order:
            self._basis[:, at + 1] /= turn_FP
            self._basis[:, at + 1] += tilt_FP * self._basis[:, at]
            self._basis[:, at] *= turn_FP
        self._new = [each for at in self._order for each in (at, at + 1)]


def _quotient(above_F: NDArray[np.float64], below_F: NDArray[np.float64]) -> NDArray[np.float64]:
    told_F = below_F > FLAT
    return np.where(told_F, above_F / np.where(told_F, below_F, 1.0), 0.0)
