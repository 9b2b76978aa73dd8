"""Any encoder in Hugging Face format behind the one seam: prepare, embed, blocks, fingerprint."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rung.backbones import fast
from rung.backbones.catalog import family
from rung.backbones.jsonfile import read_object
from rung.backbones.reader import Reader, reader_of
from rung.backbones.reading import parameter_sizes, placed, read_config, read_model
from rung.backbones.source import Source
from rung.backbones.weights import check
from rung.core.contracts import BackboneCard, Prepared
from rung.core.errors import NoBackbone
from rung.core.rng import digest
from rung.core.types import Floats, Item

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class HuggingFace:
    """A pretrained encoder. Hashes and settings are read at once, weights at the first forward pass.

    reader: how its modality is read. precision: float32 or bfloat16, what is computed in; what embed returns is
    float32 either way.
    Raises NoBackbone for pickled, damaged or foreign weights, an unknown architecture, remote code, or no tokenizer or
    processor.
    """

    trains = True

    def __init__(self, source: Source, *, precision: str = "float32", device: str = "cpu") -> None:
        self.source = source
        self.precision = precision
        self.device = torch.device(device)
        self._models: dict[str, Any] = {}
        self._packed: set[str] = set()
        config = read_object(source.folder, "config.json")
        if "auto_map" in config:
            raise NoBackbone(
                f"backbone {source.id}",
                wanted="an architecture that transformers knows",
                got="a config.json that asks to run its own code (auto_map)",
                fix="Rung never runs code from a model folder.",
            )
        self.family = family(str(config.get("model_type", "")), of=source.id, folder=source.folder)
        self._weights = check(source)
        self.config = read_config(source, self.family)
        self.family = placed(self.family, self.config)
        self.reader: Reader = reader_of(source, self.family, self.config)

    @cached_property
    def card(self) -> BackboneCard:
        """Identity, licence, shape."""
        return BackboneCard(
            id=self.source.id,
            family=self.family.name,
            modality=self.reader.modality,
            revision=self.source.revision,
            sha256=self._weights.sha256,
            licence=self.source.licence,
            width=self.reader.width,
            limit=self.reader.limit,
            parameters=sum(self._parameters.values()),
            size_bytes=self._weights.size_bytes,
            blocks=tuple(self.blocks()),
            pooling=self.reader.pooling,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of weights, configuration and what decides the reading: equal fingerprints embed equally."""
        parts: list[str | bytes] = [repr(self._weights.files), "config.json"]
        return digest(*parts, (self.source.folder / "config.json").read_bytes(), *self.reader.identity()).hex()

    def prepare(self, items: Sequence[Item]) -> Prepared:
        """Tokenise, resize or cut into windows, as the checkpoint wants it; say which were cut."""
        return self.reader.prepare(items)

    def embed(self, prepared: Prepared) -> Floats:
        """One forward pass over one batch: (n, width) float32."""
        with torch.inference_mode():
            batch = self.reader.batch(prepared, np.arange(len(prepared.ids)), self.device)
            out_ND: Floats = self.reader.vectors(self.model, batch, pieces=True).float().cpu().numpy()
            return out_ND

    def blocks(self) -> dict[str, tuple[str, ...]]:
        """Parameter names of each freezable block, in forward order, input first; every parameter once."""
        found: dict[str, list[str]] = {"embeddings": []}
        final: list[str] = []
        path = self.family.blocks + "."
        for name in self._parameters:
            if self.family.blocks and name.startswith(path):
                found.setdefault(f"block {name[len(path) :].split('.', 1)[0]}", []).append(name)
            elif name.startswith(self.family.after):
                final.append(name)
            else:
                found["embeddings"].append(name)
        if final:
            found["final"] = final
        return {block: tuple(names) for block, names in found.items()}

    def save_preprocessing(self, folder: str) -> None:
        """Write the tokenizer's or the processor's own files, bit for bit."""
        self.reader.save(Path(folder))

    @property
    def model(self) -> Any:
        """The bare transformers model in the present precision, in evaluation mode."""
        if self.precision not in self._models:
            model = self.read(DTYPES[self.precision]).to(self.device)
            if self.precision == "bfloat16":
                fast.use_short_attention(model)
            self._models[self.precision] = model
        return self._models[self.precision]

    def read(self, dtype: torch.dtype) -> Any:
        """A new copy of the bare model, every parameter frozen, in evaluation mode."""
        return read_model(self.source, self.family, dtype)

    def pack(self) -> None:
        """Lay the weights out for long work on the CPU: it takes hundredths of a second and saves a tenth or more."""
        if self.precision not in self._packed:
            fast.pack(self.model)
            if self.device.type == "cpu":
                self.reader.pack(self.model)
            self._packed.add(self.precision)

    def settle(self, precision: str) -> None:
        """Compute in `precision` from now on, and free the memory of any other."""
        self.precision = precision
        self._models = {kept: model for kept, model in self._models.items() if kept == precision}
        self._packed &= {precision}

    @cached_property
    def _parameters(self) -> dict[str, int]:
        return parameter_sizes(self.family, self.config)
