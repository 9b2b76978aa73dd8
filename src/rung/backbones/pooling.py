"""Token vectors become one vector a text."""

from typing import Any

import torch
from torch import Tensor


def pool(hidden_NTD: Tensor, length_N: Tensor, how: str) -> Tensor:
    """(N, D) float32: the mean, the first (cls), the greatest or the last token's values of each text.

    hidden_NTD: padded on the right. length_N: tokens that count, at least 1.
    Source: Reimers and Gurevych 2019, Sentence-BERT, section 3 (mean, cls, max).

    >>> hidden = torch.tensor([[[1.0], [3.0], [9.0]]])
    >>> [pool(hidden, torch.tensor([2]), how).item() for how in ("mean", "cls", "max", "last")]
    [2.0, 1.0, 3.0, 3.0]
    """
    if how == "cls":
        return hidden_NTD[:, 0].float()
    if how == "last":
        return hidden_NTD[torch.arange(len(length_N)), length_N - 1].float()
    tokens = hidden_NTD.shape[1]
    hidden_NTD = hidden_NTD.float()
    inside_NT1 = (torch.arange(tokens, device=length_N.device) < length_N[:, None])[..., None]
    if how == "max":
        return hidden_NTD.masked_fill(~inside_NT1, -torch.inf).amax(1)
    # where, not a product: a pad position may hold nan after a fully masked attention row, and nan * 0 is nan.
    total_ND = torch.where(inside_NT1, hidden_NTD, 0.0).sum(1)
    return total_ND / length_N[:, None]


def virtual_tokens(module: Any) -> int:
    """How many learnt tokens PEFT puts before each text; 0 for a model without."""
    config = getattr(module, "active_peft_config", None)
    return int(config.num_virtual_tokens) if config is not None and config.is_prompt_learning else 0


def room(module: Any, tokens: int, positions: int | None) -> int:
    """How many of `tokens` fit beside the virtual ones, where the architecture counts positions."""
    return tokens if positions is None else min(tokens, positions - virtual_tokens(module))
