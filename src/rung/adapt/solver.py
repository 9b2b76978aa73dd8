"""L2-regularised linear models, many at once: folds share every product with X, strengths share their start."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from rung.adapt.history import History
from rung.adapt.loss import LossName, bend, curvature
from rung.adapt.matrix import Dense, Patch, Sparse, lift, patches, sampled

MEMORY = 20  # pairs that L-BFGS keeps: 20 need half the iterations of 8
MEMORY_BYTES = 250_000_000  # fewer where they would take more than this
HALVINGS = 12
SAMPLE = 0.25  # of the rows: enough to see how the loss bends where a strength starts
LEAST_LOSS = 0.1  # nats: of a smaller training loss no finer share is worth a step
STALLS = 3  # steps without a visible fall, at the floor of float32, that end a solve


@dataclass(frozen=True)
class Solution:
    """F linear models for X as given: weight_FDC (F, D, C), bias_FC (F, C), float32; iterations that it took."""

    weight_FDC: NDArray[np.float32]
    bias_FC: NDArray[np.float32]
    iterations: int


@dataclass
class _State:
    """Where each model stands: parameters (F, P) flat, loss (F,) float64, gradient (F, P)."""

    point: Tensor
    loss: Tensor
    gradient: Tensor


class LinearPath:
    """F linear models on the rows of one X, solved together by preconditioned L-BFGS, one strength after the other.

    Each model f minimises  C sum_n w_nf loss(y_n, W'x_n + b) + |W|^2 / 2  with a free intercept b: scikit-learn's C.
    The preconditioner is the Hessian's diagonal in the eigenbasis of X'X (sparse X: in the given basis) with the
    curvature p (1 - p) of the point from which each strength starts; the step 1 is nearly always right, so that an
    iteration costs one product with X and one with X'.

    x_ND: dense float32 or scipy CSR. target: (N,) int64 for softmax, (N, C) float else. outputs: C.
    train_FN: rows that train each model. weight_FN: optional row weights (class weights).
    tolerance: a model stops when the predicted decrease of its mean loss is below this share of it (of 1 at most,
    of LEAST_LOSS at least).
    Where X is wider than it has rows, the problem is solved in the span of the rows, where every optimum lies.
    Source: Nocedal & Wright 2006, Numerical Optimization, algorithm 7.4; Hastie et al. 2009, The Elements of
    Statistical Learning, section 18.3.5, for the span.

    >>> x = np.array([[-1.0], [1.0], [-2.0], [2.0]], np.float32)
    >>> y = np.array([[0.0], [1.0], [0.0], [1.0]])
    >>> path = LinearPath(x, y, "sigmoid", 1, np.ones((1, 4), bool))
    >>> bool(path.solve(1.0).weight_FDC.item() > 0)
    True
    """

    def __init__(  # the parameters are the problem itself
        self,
        x_ND: NDArray[np.float32] | sp.csr_array,
        target: NDArray[np.int64] | NDArray[np.float64],
        loss: LossName,
        outputs: int,
        train_FN: NDArray[np.bool_],
        weight_FN: NDArray[np.float32] | None = None,
        tolerance: float = 1e-4,
    ) -> None:
        used = np.flatnonzero(train_FN.any(axis=0))
        self._lift = None if sp.issparse(x_ND) else lift(x_ND, used)
        if self._lift is not None:
            x_ND = x_ND @ self._lift
        self._x: Dense | Sparse = Sparse(x_ND, used) if sp.issparse(x_ND) else Dense(x_ND, used)
        kind = torch.int64 if loss == "softmax" else torch.float32
        self._target = torch.from_numpy(np.asarray(target)).to(kind)
        self._loss, self._tolerance = loss, tolerance
        self._patches = patches(train_FN)
        rows_F = np.maximum(train_FN.sum(axis=1), 1)
        self._rows_F = torch.from_numpy(rows_F.astype(np.float32))
        if any(not train_FN[list(patch.models)][:, patch.rows].all() for patch in self._patches):
            weight_FN = (train_FN if weight_FN is None else train_FN * weight_FN).astype(np.float32)
        self._weight_FN = None if weight_FN is None else torch.from_numpy(weight_FN.astype(np.float32))
        self._shape = (len(train_FN), x_ND.shape[1] + 1, outputs)
        self._sample = sampled(self._patches, SAMPLE)
        seen = np.concatenate([np.zeros(0, np.int64), *(patch.rows for patch in self._sample)])
        if not train_FN[:, seen].any(axis=1).all():  # a model's few rows may not be drawn
            self._sample = self._patches
        self._penalty_F = torch.zeros(len(train_FN))
        point = torch.zeros(self._shape).flatten(1)
        memory = int(np.clip(MEMORY_BYTES // (8 * max(point.numel(), 1)), 4, MEMORY))
        self._history = History(*point.shape, memory=memory)
        self._root = torch.ones_like(point)  # of the Hessian's diagonal: scales the history
        self._state = self._evaluate(point, list(range(len(train_FN))))

    @property
    def scale(self) -> float:
        """Root mean square norm of the centred rows that train (1 for sparse rows, which come normalised)."""
        return self._x.scale

    def solve(self, strength: float, *, most: int = 100) -> Solution:
        """Optimum at one strength (scikit-learn's C), started from the optimum of the strength before.

        most: iterations at most; early ones of a path need few.
        """
        everyone = list(range(self._shape[0]))
        state = self._penalised(1.0 / (strength * self._rows_F))
        root = self._root
        live, done = everyone, 0
        stalled_F = torch.zeros(len(everyone), dtype=torch.int64)
        while live and done < most:
            direction = self._history.direction(state.gradient / root) / root
            slope_F = torch.linalg.vecdot(state.gradient, direction)
            live = [f for f in live if -slope_F[f] > 2 * self._tolerance * float(state.loss[f].clamp(LEAST_LOSS, 1.0))]
            if not live:
                break
            moved = self._move(state, direction, slope_F, live)
            self._history.add((moved.point - state.point) * root, (moved.gradient - state.gradient) / root)
            stalled_F = torch.where(moved.loss < state.loss, 0, stalled_F + 1)
            live = [f for f in live if stalled_F[f] < STALLS]
            state, done = moved, done + 1
        self._state = state
        plain_FDC, bias_FC = self._x.plain(*self._split(state.point))
        weight_FDC = plain_FDC.numpy().copy()
        return Solution(weight_FDC if self._lift is None else self._lift @ weight_FDC, bias_FC.numpy().copy(), done)

    def _penalised(self, penalty_F: Tensor) -> _State:
        """Where the path stands, seen under another penalty: rows are not read again but for a sample of curvature."""
        change_F, self._penalty_F = penalty_F - self._penalty_F, penalty_F
        change = self._spread(change_F)
        state = self._state
        root = self._diagonal(self._curvature(state.point)).sqrt()
        self._history.carry(self._root, root, change)
        self._root = root
        loss_F = state.loss + 0.5 * (change * state.point.square()).sum(1, dtype=torch.float64)
        return _State(state.point, loss_F, state.gradient + change * state.point)

    def _split(self, point: Tensor) -> tuple[Tensor, Tensor]:
        cube = point.view(-1, *self._shape[1:])
        return cube[:, :-1], cube[:, -1]

    def _spread(self, change_F: Tensor) -> Tensor:
        """A change of each model's penalty, for each of its parameters; the intercept has none: (F, P)."""
        cube = change_F[:, None, None].repeat(1, *self._shape[1:])
        cube[:, -1] = 0
        return cube.flatten(1)

    def _curvature(self, point: Tensor) -> Tensor:
        """Mean second derivative of the loss for each output, over a sample of each model's rows: (F, C)."""
        weight_FDC, bias_FC = self._x.plain(*self._split(point))
        bent_FC, weight_F = torch.zeros_like(bias_FC), torch.full((len(bias_FC),), 1e-12)
        for patch in self._sample:
            here = list(patch.models)
            weight_DK = weight_FDC[here].permute(1, 0, 2).reshape(weight_FDC.shape[1], -1)
            _, logit_nK = self._x.forward(patch, weight_DK)
            logit_nFC = logit_nK.view(len(patch.rows), len(here), -1).add_(bias_FC[here])
            weight_nF = self._row_weights(patch, patch.models)
            bent_FC[here] += curvature(self._loss, logit_nFC, weight_nF)
            weight_F[here] += weight_nF.sum(0)
        return bent_FC / weight_F[:, None]

    def _evaluate(self, point: Tensor, models: list[int]) -> _State:
        """Loss and gradient of `models` (the others' entries are zero), each row block read once."""
        count, width, outputs = self._shape
        weight_FDC, bias_FC = self._x.plain(*self._split(point))
        slope_FDC, slope_FC = torch.zeros(count, width - 1, outputs), torch.zeros(count, outputs)
        loss_F = torch.zeros(count, dtype=torch.float64)
        wanted = set(models)
        wide: dict[tuple[int, ...], tuple[Tensor, Tensor]] = {}  # weights side by side, and their gradient
        for patch in self._patches:
            here = tuple(f for f in patch.models if f in wanted)
            if not here:
                continue
            if here not in wide:
                weight_DK = weight_FDC[list(here)].permute(1, 0, 2).reshape(width - 1, -1)
                wide[here] = weight_DK, torch.zeros_like(weight_DK)
            weight_DK, slope_DK = wide[here]
            x_nD, logit_nK = self._x.forward(patch, weight_DK)
            logit_nFC = logit_nK.view(len(patch.rows), len(here), outputs).add_(bias_FC[list(here)])
            truth = self._target[torch.from_numpy(patch.rows)]
            bent = bend(self._loss, logit_nFC, truth, self._row_weights(patch, here))
            slope_DK += self._x.backward(x_nD, bent.residual_nFC.flatten(1))
            chosen = list(here)
            slope_FC[chosen] += bent.residual_nFC.sum(0)
            loss_F[chosen] += bent.loss_F
        for here, (_, slope_DK) in wide.items():
            slope_FDC[list(here)] += slope_DK.view(width - 1, len(here), outputs).permute(1, 0, 2)
        inner_FDC, _ = self._split(point)
        turned_FDC = self._x.turn(slope_FDC, slope_FC) + self._penalty_F[:, None, None] * inner_FDC
        loss_F += 0.5 * self._penalty_F.double() * inner_FDC.flatten(1).square().sum(1, dtype=torch.float64)
        gradient = torch.cat([turned_FDC, slope_FC[:, None]], dim=1).flatten(1)
        return _State(point, loss_F, gradient)

    def _row_weights(self, patch: Patch, models: tuple[int, ...]) -> Tensor:
        share_F = 1.0 / self._rows_F[list(models)]
        if self._weight_FN is None:
            return share_F.expand(len(patch.rows), -1)
        return self._weight_FN[list(models)][:, torch.from_numpy(patch.rows)].T * share_F

    def _diagonal(self, curvature_FC: Tensor) -> Tensor:
        """The Hessian's diagonal (F, P), kept away from zero where no row bends it."""
        curvature_FC = curvature_FC.clamp(min=1e-6)
        inner = self._x.power_D[:, None] * curvature_FC[:, None] + self._penalty_F[:, None, None]
        return torch.cat([inner, curvature_FC[:, None]], dim=1).flatten(1)

    def _move(self, state: _State, direction: Tensor, slope_F: Tensor, live: list[int]) -> _State:
        """Step 1, halved for those models alone whose loss did not fall enough (Armijo)."""
        size_F = torch.zeros(self._shape[0])
        size_F[live] = 1.0
        point, loss_F, gradient = state.point.clone(), state.loss.clone(), state.gradient.clone()
        waiting = live
        for _ in range(HALVINGS):
            trial = state.point + size_F[:, None] * direction
            tried = self._evaluate(trial, waiting)
            slack_F = 1e-7 * state.loss.abs()  # float32 residuals see no smaller fall
            enough_F = tried.loss <= state.loss + 1e-4 * size_F * slope_F + slack_F
            good = [f for f in waiting if bool(enough_F[f])]
            point[good], loss_F[good], gradient[good] = trial[good], tried.loss[good], tried.gradient[good]
            waiting = [f for f in waiting if f not in good]
            if not waiting:
                break
            size_F[waiting] *= 0.5
        return _State(point, loss_F, gradient)
