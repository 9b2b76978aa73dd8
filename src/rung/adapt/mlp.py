"""A small network as a head: one hidden layer, dropout, early stopping on rows set aside from training."""

from collections.abc import Callable
from math import ceil
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn

from rung.adapt.linear import LINK, balance, fit_value
from rung.backbones.workers import one_thread
from rung.bundle.heads import MlpHead
from rung.core.rng import generator
from rung.core.types import Floats, Target, Task

HIDDEN = 256
EPOCHS = 60
PATIENCE = 6
BATCH = 256
DROPOUT = 0.3
USUAL_EPOCHS = 22.0  # of one step each before it stops early for one output; measured on five sets of two sizes
MORE_OUTPUTS, MORE_STEPS = 0.25, -0.22  # the powers of outputs and of steps an epoch by which these change


def fit_mlp(target: Target, x: Floats, seed: int, shift: float, spread: float, *, weighted: bool = False) -> MlpHead:
    """Train on x (N, D) and target; a tenth of the rows says when to stop, and the best epoch's weights are kept.

    AdamW, learning rate 1e-3, weight decay 1e-2, dropout 0.3 before both layers. All randomness is the call's own, so
    that several may run side by side.
    """
    rows = generator(seed, "mlp rows").permutation(len(x))
    aside, train = rows[: max(1, len(x) // 10)], rows[max(1, len(x) // 10) :]
    centre, width = x[train].mean(0), float(x[train].std()) or 1.0
    scaled = torch.from_numpy((x - centre) / width)
    truth = torch.from_numpy(fit_value(target, shift, spread))
    weight = balance(target, np.sort(train)) if weighted else None
    loss = _loss(target.task, None if weight is None else torch.from_numpy(weight))
    dice = torch.Generator().manual_seed(int(generator(seed, "mlp").integers(2**31)))
    with one_thread():  # batches this small lose more time in waking a second thread than they gain
        layers = _train(scaled, truth, (train, aside), target.outputs, loss, dice)
    first, bias_1, second, bias_2 = (tensor.detach().numpy().copy() for tensor in layers)
    spread_D = np.full(x.shape[1], width, np.float32)
    return MlpHead(centre.astype(np.float32), spread_D, first, bias_1, second, bias_2, LINK[target.task])


def steps_of(width: int, target: Target, rows: int) -> tuple[float, int]:
    """Seconds of one training step, measured on made-up features (N, width), and steps until it usually stops early."""
    few = np.arange(min(len(target), 4 * BATCH))
    truth = torch.from_numpy(fit_value(target.take(few), 0.0, 1.0))
    dice = torch.Generator().manual_seed(0)
    x, spent = torch.rand(len(few), width, generator=dice), 0.0
    with one_thread():
        for _ in range(2):  # the first warms up
            begun = perf_counter()
            _train(x, truth, (few, few[:1]), target.outputs, _loss(target.task, None), dice, epochs=1)
            spent = perf_counter() - begun
    epoch = ceil(0.9 * rows / BATCH)
    usual = USUAL_EPOCHS * target.outputs**MORE_OUTPUTS * epoch**MORE_STEPS
    epochs = min(EPOCHS, max(usual, PATIENCE + 1))
    return spent / ceil(len(few) / BATCH), ceil(epoch * epochs)


def _train(  # house: the network, its data and its chance
    x: Tensor,
    truth: Tensor,
    parts: tuple[np.ndarray, np.ndarray],
    outputs: int,
    loss: Callable[..., Tensor],
    dice: torch.Generator,
    epochs: int = EPOCHS,
) -> list[Tensor]:
    """Weights (D, H), (H,), (H, C), (C,) of the best epoch."""
    train, aside = (torch.from_numpy(part) for part in parts)
    bound = x.shape[1] ** -0.5  # of torch's own nn.Linear
    first = torch.empty(x.shape[1], HIDDEN).uniform_(-bound, bound, generator=dice)
    bias = torch.empty(HIDDEN).uniform_(-bound, bound, generator=dice)
    parameters = [first, bias, torch.zeros(HIDDEN, outputs), torch.zeros(outputs)]
    for parameter in parameters:
        parameter.requires_grad_()
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-2, fused=True)

    def forward(rows: Tensor, drop: Callable[[Tensor], Tensor]) -> Tensor:
        hidden = torch.addmm(parameters[1], drop(x[rows]), parameters[0])
        return torch.addmm(parameters[3], drop(hidden * torch.sigmoid(1.702 * hidden)), parameters[2])

    def dropped(values: Tensor) -> Tensor:
        return values * (torch.rand(values.shape, generator=dice) >= DROPOUT) / (1 - DROPOUT)

    best, kept, idle = np.inf, [p.detach().clone() for p in parameters], 0
    for _ in range(epochs):
        for batch in torch.split(train[torch.randperm(len(train), generator=dice)], BATCH):
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss(forward(batch, dropped), truth[batch], batch))
            optimiser.step()
        with torch.no_grad():
            now = float(loss(forward(aside, lambda values: values), truth[aside], aside))
        best, kept, idle = (now, [p.detach().clone() for p in parameters], 0) if now < best else (best, kept, idle + 1)
        if idle >= PATIENCE:
            break
    return kept


def _loss(task: Task, weight: Tensor | None) -> Callable[..., Tensor]:
    def mean(each: Tensor, rows: Tensor) -> Tensor:
        return each.mean() if weight is None else (each * weight[rows]).sum() / weight[rows].sum()

    if task.one_label:
        return lambda z, y, rows: mean(nn.functional.cross_entropy(z, y, reduction="none"), rows)
    if task is Task.MULTILABEL:
        return lambda z, y, rows: mean(
            nn.functional.binary_cross_entropy_with_logits(z, y, reduction="none").sum(1), rows
        )
    return lambda z, y, rows: mean((z - y).square().sum(1), rows)
