"""Which weights to keep in the end: the best epoch's, the mean of all epochs, or a way back towards the start."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rung.adapt.training.learner import Learner
from rung.adapt.training.loop import Judge, Trained

WAYS = (1.0, 0.75, 0.5, 0.25)  # share of the end; the start itself is epoch 0


@dataclass(frozen=True)
class Blend:
    """wise: share of the trained weights against those of the start. soup: the mean of all epochs is the end."""

    wise: float = 1.0
    soup: bool = False


def blend(learner: Learner, start: Mapping[str, Tensor], soup: Mapping[str, Tensor], kept: Blend) -> None:
    """Put (1 - wise) * start + wise * end into the learner; end: its present weights, or the soup.

    Source: Wortsman et al. 2022, Robust fine-tuning (WiSE-FT), eq. 2; Model soups, section 2 (uniform).
    """
    if start:
        _between(learner, start, soup if kept.soup and soup else copied(learner), kept.wise)


def blends(learner: Learner, start: Mapping[str, Tensor], trained: Trained, judge: Judge) -> tuple[Blend, float]:
    """Try every blend on the rows set aside, keep the best in the learner; the plain best epoch wins ties."""
    if trained.epochs == 0 and not trained.soup:
        return Blend(), trained.score
    end = copied(learner)
    best, found = Blend(), trained.score
    for soup in (False, True) if trained.soup else (False,):
        for wise in WAYS:
            if (soup, wise) == (False, 1.0) or (not soup and trained.epochs == 0):
                continue
            _between(learner, start, trained.soup if soup else end, wise)
            said = learner.predict(judge.aside)
            now = judge.score(judge.aside, said) if np.isfinite(said).all() else -np.inf
            if now > found:
                best, found = Blend(wise, soup), now
    _between(learner, start, trained.soup if best.soup else end, best.wise)
    return best, found


def copied(learner: Learner) -> dict[str, Tensor]:
    """The weights that learn as they are now."""
    return {name: parameter.detach().clone() for name, parameter in learner.trained().items()}


def _between(learner: Learner, start: Mapping[str, Tensor], end: Mapping[str, Tensor], wise: float) -> None:
    """In place: a blend of few rows costs what its passes over the weights cost."""
    for name, parameter in learner.trained().items():
        torch.lerp(start[name], end[name], wise, out=parameter.detach())
