"""Two ways to stay near the start: pull every weight back, or let a share of them stand there in each step."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def pull_back(trained: Mapping[str, nn.Parameter], start: Mapping[str, Tensor], strength: float) -> None:
    """Add the gradient of strength / 2 * |w - w_start|^2. Source: Li et al. 2018, L2-SP, eq. 2."""
    for name, first in start.items():
        gradient = trained[name].grad
        if gradient is not None:
            gradient.add_(trained[name].detach() - first, alpha=strength)


@contextmanager
def mixed_out(trained: Mapping[str, nn.Parameter], start: Mapping[str, Tensor], share: float) -> Iterator[None]:
    """Within, each weight of `start` is its start with probability `share`, and the mean is the weight itself.

    On leaving the weights are back, and only those that took part have a gradient. trained: parameters by name;
    start: copies of those to mix. Draws from torch's own chance. Source: Lee et al. 2020, Mixout, eq. 6.
    """
    kept: dict[str, tuple[Tensor, Tensor]] = {}
    with torch.no_grad():
        for name, first in start.items():
            now = trained[name].detach().clone()
            stays = torch.rand_like(first) >= share
            trained[name].copy_((torch.where(stays, now, first) - share * first) / (1 - share))
            kept[name] = now, stays
    try:
        yield
    finally:
        with torch.no_grad():
            for name, (now, stays) in kept.items():
                trained[name].copy_(now)
                gradient = trained[name].grad
                if gradient is not None:
                    gradient.mul_(stays / (1 - share))
