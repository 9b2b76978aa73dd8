"""mixup and cutmix: windows, or what was kept of them, mixed with those of another row of the batch."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rung.core.types import Ints

ALPHA = {"mixup": 0.4, "cutmix": 1.0}  # of the Beta that shares are drawn from


def mix(x_U: Tensor, count_N: Ints, kinds: Sequence[str]) -> tuple[Tensor, Ints, Tensor]:
    """Windows (U, ...) of N rows mixed by one of `kinds`; each row's partner (N,), and the share (N,) that is its own.

    Rows of equal counts are paired. What has no height and width can't be cut and is mixed up. Drawn from torch's
    generator. Source: Zhang et al. 2018, mixup, eq. 1; Yun et al. 2019, CutMix, eq. 1 and 2.

    >>> x, partner, share = mix(torch.eye(2)[:, None, None], np.array([1, 1]), ["mixup"])
    >>> bool(torch.allclose(x.sum((1, 2, 3)), torch.ones(2))), sorted(partner.tolist())
    (True, [0, 1])
    """
    kind = kinds[int(torch.randint(len(kinds), ()))]
    alpha = torch.tensor(ALPHA[kind])
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    partner_N = np.arange(len(count_N))
    for count in np.unique(count_N):
        own = np.flatnonzero(count_N == count)
        partner_N[own] = own[torch.randperm(len(own)).numpy()]
    begin_N = np.cumsum(count_N) - count_N
    other = np.concatenate([np.arange(begin_N[p], begin_N[p] + count_N[p]) for p in partner_N])
    y_U = x_U[torch.from_numpy(other).to(x_U.device)]
    if kind == "cutmix" and x_U.ndim == 4:
        high, wide = x_U.shape[-2:]
        h, w = (max(0, round(side * (1 - share) ** 0.5)) for side in (high, wide))
        top, left = int(torch.randint(high - h + 1, ())), int(torch.randint(wide - w + 1, ()))
        mixed = x_U.clone()
        mixed[..., top : top + h, left : left + w] = y_U[..., top : top + h, left : left + w]
        share = 1 - h * w / (high * wide)
    else:
        mixed = torch.lerp(y_U, x_U, share)
    return mixed, partner_N, torch.full((len(count_N),), share, device=x_U.device)


def mixed(batch: Any, kinds: Sequence[str]) -> tuple[Any, Ints, Tensor]:
    """As `mix`, of a batch of windows; without kinds the batch itself, each row its own partner."""
    n = len(batch.count_N)
    if not kinds:
        return batch, np.arange(n), torch.ones(n, device=batch.device)
    x_U, partner_N, share_N = mix(batch.x_U, batch.count_N, kinds)
    return replace(batch, x_U=x_U), partner_N, share_N
