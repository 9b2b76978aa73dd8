"""What training lowers: one loss a row for each task, with label smoothing, focal factor and class weights."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from rung.core.types import Task

GAMMA = 2.0  # of the focal loss, as its authors recommend
Loss = Callable[[Tensor, Tensor], Tensor]  # (n, C) outputs, (n, ...) truth -> (n,)


def loss_of(task: Task, *, smoothing: float = 0.0, focal: bool = False) -> Loss:
    """Loss of each row: cross-entropy for classes, binary cross-entropy summed over labels, squared error for numbers.

    focal: classes alone; (1 - p)^2 times the cross-entropy. Source: Lin et al. 2017, Focal loss, eq. 5.
    smoothing: classes alone; the truth's share is 1 - smoothing + smoothing / C. Source: Szegedy et al. 2016, eq. 3.

    >>> z, y = torch.tensor([[2.0, 0.0]]), torch.tensor([0])
    >>> bool(loss_of(Task.BINARY, focal=True)(z, y) < loss_of(Task.BINARY)(z, y))
    True
    """
    if task is Task.MULTILABEL:
        return lambda z, y: nn.functional.binary_cross_entropy_with_logits(z, y.float(), reduction="none").sum(1)
    if task is Task.REGRESSION:
        return lambda z, y: (z - y).square().sum(1)

    def classes(z: Tensor, y: Tensor) -> Tensor:
        each = nn.functional.cross_entropy(z, y, reduction="none", label_smoothing=smoothing)
        if not focal:
            return each
        right = torch.softmax(z, dim=1).gather(1, y[:, None])[:, 0]
        return (1 - right) ** GAMMA * each

    return classes
