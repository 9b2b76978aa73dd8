"""What training lowers: one loss a row for each task, with label smoothing, focal factor and class weights."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from rung.core.types import Floats, Ints, Task
from rung.metrics.log_loss import log_loss

GAMMA = 2.0  # of the focal loss, as its authors recommend
ROUNDING = 1e-5  # of float32 probabilities
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


def tells_apart(said_NC: Floats, truth_N: Ints) -> bool:
    """Whether probabilities tell rows of several classes apart; so they do where all rows are of one.

    No answer that is the same for every row has a log-loss below the entropy of the labels. Where five of six rows are
    of one class, a sound model may name it for all of them and still be sure where it is right.
    Source: Cover and Thomas 2006, Elements of Information Theory, theorem 2.6.3.

    >>> truth = np.array([0, 0, 0, 1])
    >>> tells_apart(np.array([[0.9, 0.1]] * 3 + [[0.6, 0.4]], np.float32), truth)
    True
    >>> tells_apart(np.array([[0.8, 0.2]] * 4, np.float32), truth)
    False
    """
    share_C = np.unique(truth_N, return_counts=True)[1] / len(truth_N)
    entropy = -float((share_C * np.log(share_C)).sum())
    return len(share_C) == 1 or float(log_loss(truth_N, said_NC)) < entropy * (1 - ROUNDING)
