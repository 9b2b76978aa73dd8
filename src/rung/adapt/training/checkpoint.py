"""A training run written down at a step, so that a killed one goes on as if nothing had happened."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rung.core.contracts import Note, Notebook

EVERY = 30.0  # seconds between two; a checkpoint holds four times the trained weights


class Checkpoints:
    """Where one training run is written down; nothing is where there is no notebook."""

    def __init__(self, notebook: Notebook | None, name: str) -> None:
        self._notebook, self._name = notebook, name
        self._last = monotonic()

    def due(self) -> bool:
        """Whether the last one is long enough ago."""
        return self._notebook is not None and monotonic() - self._last >= EVERY

    def write(
        self,
        state: Mapping[str, Tensor],
        optimiser: torch.optim.Optimizer,
        others: Mapping[str, Mapping[str, Tensor]],
        facts: Mapping[str, Any],
    ) -> None:
        """Keep weights, optimiser, other sets of weights, the random state and the place in the data order (facts)."""
        if self._notebook is None:
            return
        arrays = {f"now.{name}": _array(parameter) for name, parameter in state.items()}
        arrays |= {f"{kind}.{name}": _array(tensor) for kind, each in others.items() for name, tensor in each.items()}
        for name, parameter in state.items():
            for key, value in optimiser.state.get(parameter, {}).items():
                arrays[f"optimiser.{key}.{name}"] = _array(value)
        arrays["random"] = torch.get_rng_state().numpy()
        if torch.cuda.is_available():
            arrays["random.cuda"] = torch.cuda.get_rng_state().numpy()
        self._notebook.put(self._name, Note(arrays, facts))
        self._last = monotonic()

    def read(
        self,
        state: Mapping[str, Tensor],
        optimiser: torch.optim.Optimizer,
        others: Mapping[str, dict[str, Tensor]],
    ) -> Mapping[str, Any] | None:
        """Put everything back as it was at the last checkpoint and return its facts; None where there is none."""
        note = None if self._notebook is None else self._notebook.get(self._name)
        if note is None:
            return None
        with torch.no_grad():
            for name, parameter in state.items():
                parameter.copy_(torch.from_numpy(note.arrays[f"now.{name}"]))
                for kind, each in others.items():
                    if f"{kind}.{name}" in note.arrays:
                        each[name] = torch.from_numpy(note.arrays[f"{kind}.{name}"]).to(parameter.device)
        for name, parameter in state.items():
            start = "optimiser."
            own = {
                key: value for key, value in note.arrays.items() if key.startswith(start) and key.endswith(f".{name}")
            }
            for key, value in own.items():
                kind = key.removeprefix(start).removesuffix(f".{name}")
                optimiser.state[parameter][kind] = torch.from_numpy(np.array(value)).to(parameter.device)
        torch.set_rng_state(torch.from_numpy(note.arrays["random"].copy()))
        if "random.cuda" in note.arrays and torch.cuda.is_available():
            torch.cuda.set_rng_state(torch.from_numpy(note.arrays["random.cuda"].copy()))
        return note.facts

    def done(self) -> None:
        """Forget: the run has ended."""
        if self._notebook is not None:
            self._notebook.drop(self._name)


def _array(tensor: Tensor) -> Any:
    return tensor.detach().cpu().contiguous().numpy()
