"""What a training run does, as one frozen value: everything but the rows."""

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run; the defaults are those of full fine-tuning.

    epochs: passes over the training rows at most. rate: learning rate of the topmost body parameters; head_rate: of
    the head. layer_decay: factor on the rate for each block further down. batch: rows a step; micro: rows that pass
    at once (gradients of the rest are added up), None for all of them. warmup: share of the steps. patience: epochs
    in a row that score no better than an earlier one on the rows set aside, after which training stops; the start does
    not count, for one that is hard to better is often bettered only when the rate has fallen. imbalance: "none",
    "weights" (balanced class weights) or "focal" (gamma 2). l2sp: pull back to the start of each body weight.
    mixout: share of the body's weights that stand at their start in a step. gradual: unfreeze block
    after block from the top over the first half of training. wise: try weights between start and end. augment: "auto"
    (what the rows set aside agree to), "none", or changes such as "crop+flip" of images and sounds that train.
    """

    epochs: int = 4
    rate: float = 1e-4
    head_rate: float = 1e-3
    layer_decay: float = 0.9
    weight_decay: float = 0.01
    warmup: float = 0.1
    clip: float = 1.0
    batch: int = 32
    micro: int | None = None
    patience: int = 2
    smoothing: float = 0.0
    imbalance: Literal["none", "weights", "focal"] = "none"
    l2sp: float = 0.0
    mixout: float = 0.0
    gradual: bool = False
    wise: bool = True
    augment: str = "auto"


def with_rate(recipe: Recipe, times: float) -> Recipe:
    """The same recipe, its rates multiplied.

    >>> with_rate(Recipe(rate=1e-4), 2).rate
    0.0002
    """
    return replace(recipe, rate=recipe.rate * times, head_rate=recipe.head_rate * times)
