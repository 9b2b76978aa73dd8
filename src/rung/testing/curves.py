"""Tiny random models of real architectures that read series, and series to try them with."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.extras import need
from rung.core.rng import digest, generator
from rung.core.types import Clip, Floats

WIDTH, CONTEXT = 32, 32
_PATCHES = {"context_length": CONTEXT, "patch_length": 8}
_DECODER: dict[str, Any] = {
    **_PATCHES,
    "hidden_size": WIDTH,
    "intermediate_size": 2 * WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "head_dim": 8,
}
# Each family's configuration; those for several channels read two at once, and one pretrains with hidden patches.
MAKES: dict[str, dict[str, Any]] = {
    "patchtst": {
        **_PATCHES,
        "patch_stride": 8,
        "d_model": WIDTH,
        "ffn_dim": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_input_channels": 2,
        "do_mask_input": True,
    },
    "patchtsmixer": {**_PATCHES, "patch_stride": 8, "d_model": WIDTH, "num_layers": 2, "num_input_channels": 2},
    "timesfm": _DECODER,
    "timesfm2_5": {**_DECODER, "num_key_value_heads": 4},
}


def tiny_series(family: str, folder: str | Path, *, seed: int = 0) -> Path:
    """Write a random model of a real architecture into `folder`; return the folder.

    Windows of 32 steps, two blocks, weights in safetensors. The same seed writes the same weights. Raises KeyError for
    a family without a toy.
    """
    torch, transformers = need("torch"), need("transformers")
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    config = transformers.AutoConfig.for_model(family, **MAKES[family])
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.AutoModel.from_config(config)
        for parameter in model.parameters():  # at the usual 0.02 the states of so narrow a model drown in rounding
            if parameter.ndim == 2:
                torch.nn.init.normal_(parameter, std=0.2)
    model.eval().save_pretrained(path)
    return path


class Curve:
    """A series that Python holds, behind the seam of Media. raw: (C, T)."""

    def __init__(self, raw: Floats) -> None:
        self.raw = raw
        self.key = digest(np.ascontiguousarray(raw).tobytes(), str(raw.shape))
        self.name = "curve"

    def image(self) -> Any:
        """Raise TypeError: this series can't be seen."""
        raise TypeError("this series can't be seen")

    def clip(self) -> Clip:
        """Raise TypeError: this series makes no sound."""
        raise TypeError("this series makes no sound")

    def values(self) -> Floats:
        """The channels."""
        return self.raw


def curves(kind_N: NDArray[np.int64], *, seed: int = 0, steps: int = 48, channels: int = 1) -> list[Curve]:
    """One series a row: a wave whose frequency tells the kind, in a phase, a height and a noise of its own."""
    draw = generator(seed, "toy series")
    at_T = np.arange(steps) / steps
    found = []
    for kind in kind_N.tolist():
        raw_CT = np.stack(
            [
                draw.uniform(0.5, 2) * np.sin(2 * np.pi * (2 + 2 * kind) * at_T + draw.uniform(0, 6))
                + draw.normal(0, 0.1, steps)
                for _ in range(channels)
            ]
        )
        found.append(Curve(raw_CT.astype(np.float32)))
    return found
