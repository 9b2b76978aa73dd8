"""AdamW with a rate for each depth and no decay on norms and biases; warm-up, then cosine.

Of a table of words a batch touches a few hundred rows. Its gradient, norm and update are those of rows alone that have
been in a batch: dense ones took a seventh of a step of MiniLM, whose words are half of its weights.
"""

from collections.abc import Callable, Iterable
from math import cos, pi
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw as update

from rung.adapt.training.recipe import Recipe

HEAD = "head."
LARGE = 4096  # rows from which a table of words has its gradients by rows


def groups(named: Iterable[tuple[str, nn.Parameter]], recipe: Recipe, depth: Callable[[str], int], top: int) -> Any:
    """Groups for AdamW: rate * layer_decay^(distance from the top), the head's own rate, decay on matrices alone.

    IA3's factors, which would be drawn to none, are no matrices though they have two dimensions.

    named: parameters of head and body; depth: 0 for embeddings up to `top`. Frozen parameters are left out.
    Source: Howard and Ruder 2018, ULMFiT, section 3.2 (rates by layer); Loshchilov and Hutter 2019 (AdamW).
    """
    found: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in named:
        if not parameter.requires_grad:
            continue
        rate = recipe.head_rate if name.startswith(HEAD) else recipe.rate * recipe.layer_decay ** (top - depth(name))
        decay = recipe.weight_decay if parameter.ndim > 1 and ".ia3_" not in name else 0.0
        found.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "base": rate, "weight_decay": decay}
        for (rate, decay), parameters in found.items()
    ]


class AdamW(torch.optim.AdamW):
    """torch's; a parameter with a sparse gradient moves in the rows alone that have had one.

    From its first gradient on such a row moves as torch moves it, also in steps that don't touch it; before that it
    stays as it is, where torch would let it decay. Source: Loshchilov and Hutter 2019, algorithm 2.
    """

    grad_scale: Tensor | None = None  # what gradients are divided by, under torch's own name for it

    def step(self, closure: Any = None) -> Any:
        """Move every parameter that has a gradient; what `closure` gives, as torch does."""
        tables = []
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.grad.is_sparse:
                    tables.append((group, parameter, parameter.grad))
                    parameter.grad = None
        found = super().step(closure)
        with torch.no_grad():
            for group, parameter, gradient in tables:
                self._rows(group, parameter, gradient.coalesce())
        return found

    def _rows(self, group: Any, parameter: Tensor, gradient: Tensor) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
            state["seen"] = torch.zeros(len(parameter), dtype=torch.bool)
        here = gradient.indices()[0]
        state["seen"][here] = True
        rows = state["seen"].nonzero().squeeze(1)
        now, mean, square = (each[rows] for each in (parameter, state["exp_avg"], state["exp_avg_sq"]))
        dense = torch.zeros_like(now).index_copy_(0, torch.searchsorted(rows, here), gradient.values())
        first, second = group["betas"]
        update(
            [now], [dense], [mean], [square], [], [state["step"]], fused=True, amsgrad=False, beta1=first,
            beta2=second, lr=group["lr"], weight_decay=group["weight_decay"], eps=group["eps"], maximize=False,
            grad_scale=self.grad_scale,
        )  # fmt: skip
        for whole, part in ((parameter, now), (state["exp_avg"], mean), (state["exp_avg_sq"], square)):
            whole[rows] = part


def adamw(parameter_groups: Any, **settings: Any) -> AdamW:
    """Make the optimiser: fused, so that one call moves all parameters."""
    return AdamW(parameter_groups, fused=True, **settings)


def by_rows(net: nn.Module) -> None:
    """Let the gradients of large tables that are looked up on a CPU be those of the rows that were."""
    for module in net.modules():
        if isinstance(module, nn.Embedding) and len(module.weight) >= LARGE and module.weight.device.type == "cpu":
            module.sparse = not module.scale_grad_by_freq


def excess(parameters: Iterable[nn.Parameter], most: float) -> Tensor:
    """(): what to divide all gradients by so that their common norm is at most `most`; 1 where it is.

    The optimiser divides while it reads them: scaling them first is one more pass over all. Source: Pascanu et al.
    2013, algorithm 1.
    """
    parts = []
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.coalesce()
        if parameter.grad is not None:
            parts.append(parameter.grad.values() if parameter.grad.is_sparse else parameter.grad)
    return (torch.nn.utils.get_total_norm(parts) / most).clamp_min(1.0)


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
