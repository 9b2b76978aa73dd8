"""The three losses of linear heads, for many models at once: value, residual and curvature of one block of rows."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

LossName = Literal["softmax", "sigmoid", "squared"]


@dataclass(frozen=True)
class Bent:
    """What one block of rows adds: loss_F (float64) and residual_nFC (d loss / d logit)."""

    loss_F: Tensor
    residual_nFC: Tensor


def bend(name: LossName, logit_nFC: Tensor, target: Tensor, weight_nF: Tensor) -> Bent:
    """Weighted loss of F models on n rows, with its derivative.

    softmax: -log softmax(z)_y; sigmoid: sum over outputs of log(1 + e^z) - y z; squared: (z - y)^2 / 2.
    logit_nFC: overwritten. target: (n,) long for softmax, (n, C) float else. weight_nF: weight of row n in model f.
    The residual already carries the weights.

    >>> z = torch.zeros(1, 1, 2)
    >>> bend("softmax", z, torch.tensor([1]), torch.ones(1, 1)).residual_nFC.tolist()
    [[[0.5, -0.5]]]
    """
    if name == "softmax":
        loss_nF = _softmax(logit_nFC, target)
        logit_nFC[torch.arange(len(target)), :, target] -= 1
    elif name == "sigmoid":
        truth_n1C = target[:, None]
        loss_nF = (torch.nn.functional.softplus(logit_nFC) - truth_n1C * logit_nFC).sum(-1)
        logit_nFC.sigmoid_().sub_(truth_n1C)
    else:
        logit_nFC -= target[:, None]
        loss_nF = 0.5 * logit_nFC.square().sum(-1)
    logit_nFC *= weight_nF[..., None]
    return Bent((loss_nF * weight_nF).sum(0, dtype=torch.float64), logit_nFC)


def curvature(name: LossName, logit_nFC: Tensor, weight_nF: Tensor) -> Tensor:
    """Weighted sum over rows of the loss's second derivative by each logit: p (1 - p), or 1 for squared loss; (F, C).

    >>> curvature("softmax", torch.zeros(1, 1, 2), torch.ones(1, 1)).tolist()
    [[0.25, 0.25]]
    """
    if name == "squared":
        return weight_nF.sum(0)[:, None].expand(-1, logit_nFC.shape[-1])
    probability_nFC = logit_nFC.softmax(-1) if name == "softmax" else logit_nFC.sigmoid()
    return torch.einsum("nfc,nf->fc", probability_nFC * (1 - probability_nFC), weight_nF)


def _softmax(logit_nFC: Tensor, target: Tensor) -> Tensor:
    """Loss a row and model; the logits become probabilities in place."""
    logit_nFC -= logit_nFC.amax(-1, keepdim=True)
    own_nF = logit_nFC[torch.arange(len(target)), :, target]
    logit_nFC.exp_()
    total_nF1 = logit_nFC.sum(-1, keepdim=True)
    logit_nFC /= total_nF1
    return total_nF1.squeeze(-1).log() - own_nF
