"""Several fitted models that answer together: the weighted mean of what each says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

import numpy as np

from rung.bundle.model import FittedModel, Parts
from rung.core.types import Floats, Inputs


def mixed(said: list[Floats], weights: tuple[float, ...]) -> Floats:
    """(N, C) weighted mean of the members' predictions; the weights sum to 1.

    >>> mixed([np.float32([[1, 0]]), np.float32([[0, 1]])], (0.75, 0.25)).tolist()
    [[0.75, 0.25]]
    """
    parts = [np.float32(weight) * each for weight, each in zip(weights, said, strict=True)]
    return np.asarray(reduce(np.add, parts), dtype=np.float32)


@dataclass(frozen=True)
class Blended:
    """Members and their weights, which sum to 1."""

    members: tuple[FittedModel, ...]
    weights: tuple[float, ...]

    def predict(self, inputs: Inputs) -> Floats:
        """(N, C) mean probabilities, or (N, 1) mean values; row order kept."""
        changed = sum(member.delta is not None for member in self.members)
        if inputs.tune is not None and changed > 1:  # all stay loaded for the next rows
            inputs = replace(inputs, tune=partial(inputs.tune, kept=changed))
        return mixed([member.predict(inputs) for member in self.members], self.weights)

    @property
    def uses_embedding(self) -> bool:
        """Whether predicting needs the backbone."""
        return any(member.uses_embedding for member in self.members)

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns whose embeddings any of them takes."""
        return tuple(dict.fromkeys(name for member in self.members for name in member.reads))

    @property
    def trained(self) -> int:
        """Numbers that training found."""
        return sum(member.trained for member in self.members)

    @property
    def replaced(self) -> int:
        """Parameters of the backbone that no member takes as they are."""
        if any(member.uses_embedding and not member.replaced for member in self.members):
            return 0
        return max(member.replaced for member in self.members)

    @property
    def size_bytes(self) -> int:
        """Bytes of all members, backbone aside."""
        return sum(member.size_bytes for member in self.members)

    def parts(self) -> Parts:
        """Everything that `fitted` needs, exactly."""
        return Parts({"weights": list(self.weights)}, {}, {}, tuple(member.parts() for member in self.members))


Fitted = FittedModel | Blended


def together(models: Sequence[Fitted], weights: Sequence[float]) -> Blended:
    """The weighted mean of models, each of which may be such a mean itself; what weighs nothing is left out."""
    found = []
    for model, weight in zip(models, weights, strict=True):
        inside = zip(model.members, model.weights, strict=True) if isinstance(model, Blended) else [(model, 1.0)]
        found += [(member, weight * share) for member, share in inside if weight * share]
    return Blended(tuple(member for member, _ in found), tuple(weight for _, weight in found))


def fitted(parts: Parts) -> Fitted:
    """The model that `parts` was taken from: it predicts the same, bit for bit."""
    if not parts.members:
        return FittedModel.from_parts(parts)
    weights: Any = parts.meta["weights"]
    return Blended(tuple(map(FittedModel.from_parts, parts.members)), tuple(weights))
