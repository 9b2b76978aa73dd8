"""AdamW with a rate for each depth and no decay on norms and biases; warm-up, then cosine."""

from collections.abc import Callable, Iterable
from math import cos, pi
from typing import Any

import torch
from torch import nn

from rung.adapt.training.recipe import Recipe

HEAD = "head."


def groups(named: Iterable[tuple[str, nn.Parameter]], recipe: Recipe, depth: Callable[[str], int], top: int) -> Any:
    """Groups for AdamW: rate * layer_decay^(distance from the top), the head's own rate, decay on matrices alone.

    named: parameters of head and body; depth: 0 for embeddings up to `top`. Frozen parameters are left out.
    Source: Howard and Ruder 2018, ULMFiT, section 3.2 (rates by layer); Loshchilov and Hutter 2019 (AdamW).
    """
    found: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in named:
        if not parameter.requires_grad:
            continue
        rate = recipe.head_rate if name.startswith(HEAD) else recipe.rate * recipe.layer_decay ** (top - depth(name))
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        found.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "base": rate, "weight_decay": decay}
        for (rate, decay), parameters in found.items()
    ]


def adamw(parameter_groups: Any) -> torch.optim.AdamW:
    """Make the optimiser: fused, so that one call moves all parameters."""
    return torch.optim.AdamW(parameter_groups, fused=True)


def factor(step: int, steps: int, warmup: float) -> float:
    """Share of the rate at `step` (from 0): up in a line over warmup * steps, then down a half cosine to 0.

    >>> [round(factor(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    rise = max(1, round(warmup * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + cos(pi * (step - rise) / max(1, steps - rise)))


def set_rate(optimiser: Any, share: float) -> None:
    """Set each group's rate to this share of its base rate."""
    for group in optimiser.param_groups:
        group["lr"] = group["base"] * share
