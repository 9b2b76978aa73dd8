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
        self._basis = torch.zeros(models, 2 * memory + 1, parameters)  # steps, changes, the gradient
        self._gram = np.zeros((models, 2 * memory + 1, 2 * memory + 1))
        self._order: list[int] = []  # slots, oldest first
        self._new: list[int] = []

    def add(self, step: Tensor, change: Tensor) -> None:
        """Remember one pair a model: (F, P) steps and gradient changes; the oldest pair makes room."""
        slot = len(self._order) if len(self._order) < self._memory else self._order.pop(0)
        self._order.append(slot)
        self._basis[:, slot], self._basis[:, self._memory + slot] = step, change
        self._new += [slot, self._memory + slot]

    def direction(self, gradient: Tensor) -> Tensor:
        """-H g for each model: (F, P)."""
        last = 2 * self._memory
        self._basis[:, last] = gradient
        fresh = sorted({*self._new, last})
        dots_FKn = torch.bmm(self._basis, self._basis[:, fresh].transpose(1, 2)).double().numpy()
        self._gram[:, :, fresh] = dots_FKn
        self._gram[:, fresh, :] = dots_FKn.transpose(0, 2, 1)
        self._new = []
        weight_FK = torch.from_numpy(self._recursion().astype(np.float32))
        return torch.bmm(weight_FK[:, None], self._basis)[:, 0]

    def _recursion(self) -> NDArray[np.float64]:
        """Two-loop recursion on coefficients of the basis (F, 2 memory + 1) instead of vectors."""
        gram, memory = self._gram, self._memory
        weight_FK = np.zeros(gram.shape[:2])
        weight_FK[:, -1] = -1.0
        scale_F = np.ones(len(gram))
        rates = []
        for slot in self._order:
            curved_F, square_F = gram[:, slot, memory + slot], gram[:, memory + slot, memory + slot]
            told_F = curved_F > FLAT
            scale_F = np.where(told_F, curved_F / np.where(told_F, square_F, 1.0), scale_F)
        for slot in reversed(self._order):
            rate_F = _quotient((weight_FK * gram[:, :, slot]).sum(1), gram[:, slot, memory + slot])
            weight_FK[:, memory + slot] -= rate_F
            rates.append(rate_F)
        weight_FK *= scale_F[:, None]
        for slot, rate_F in zip(self._order, reversed(rates), strict=True):
            back_F = _quotient((weight_FK * gram[:, :, memory + slot]).sum(1), gram[:, slot, memory + slot])
            weight_FK[:, slot] += rate_F - back_F
        return weight_FK

    def carry(self, old_FP: Tensor, new_FP: Tensor, ridge_FP: Tensor) -> None:
        """Bring the pairs to other coordinates and another penalty: nothing learnt at one strength is lost at the next.

        old_FP, new_FP: roots of the Hessian's diagonal that scale the parameters. ridge_FP: what the penalty adds to
        the second derivative of each parameter.
        """
        if not self._order:
            return
        steps, changes = self._basis[:, : self._memory], self._basis[:, self._memory : -1]
        changes *= (old_FP / new_FP)[:, None]
        changes += (ridge_FP / (old_FP * new_FP))[:, None] * steps
        steps *= (new_FP / old_FP)[:, None]
        self._new = [*self._order, *(self._memory + slot for slot in self._order)]


def _quotient(above_F: NDArray[np.float64], below_F: NDArray[np.float64]) -> NDArray[np.float64]:
    told_F = below_F > FLAT
    return np.where(told_F, above_F / np.where(told_F, below_F, 1.0), 0.0)
