"""Any text encoder in Hugging Face format behind the one seam: prepare, embed, blocks, fingerprint."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rung.backbones import fast
from rung.backbones.catalog import family
from rung.backbones.jsonfile import read_object
from rung.backbones.pooling import pool, room
from rung.backbones.reading import parameter_sizes, read_config, read_model, read_tokenizer
from rung.backbones.settings import settings
from rung.backbones.source import Source
from rung.backbones.tokenise import Tokeniser, save, tokenizer_files
from rung.backbones.weights import check
from rung.core.contracts import BackboneCard, Prepared
from rung.core.errors import NoBackbone
from rung.core.rng import digest
from rung.core.types import Floats

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class HuggingFaceText:
    """A pretrained text encoder. Hashes and settings are read at once, weights at the first forward pass.

    precision: float32 or bfloat16, what is computed in; what embed returns is float32 either way.
    Raises NoBackbone for pickled, damaged or foreign weights, an unknown architecture, remote code, or no tokenizer.
    """

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
        self.family = family(str(config.get("model_type", "")), of=source.id)
        self._weights = check(source)
        self._config = read_config(source)
        tokenizer = read_tokenizer(source)
        _check_vocabulary(source, tokenizer, getattr(self._config, "vocab_size", None))
        positions = getattr(self._config, "max_position_embeddings", None)
        self.positions = positions - self.family.offset if positions else None
        self.settings = settings(source.folder, self.family, positions, tokenizer.model_max_length)
        self._tokeniser = Tokeniser(tokenizer, self.settings, getattr(self._config, "pad_token_id", None))

    @cached_property
    def card(self) -> BackboneCard:
        """Identity, licence, shape."""
        return BackboneCard(
            id=self.source.id,
            family=self.family.name,
            modality="text",
            revision=self.source.revision,
            sha256=self._weights.sha256,
            licence=self.source.licence,
            width=int(self._config.hidden_size),
            limit=self.settings.limit,
            parameters=sum(self._parameters.values()),
            size_bytes=self._weights.size_bytes,
            blocks=tuple(self.blocks()),
            pooling=self.settings.pooling,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of weights, configuration, tokenizer files and settings: equal fingerprints embed equally."""
        parts: list[str | bytes] = [repr(self._weights.files), repr(self.settings)]
        for path in (self.source.folder / "config.json", *tokenizer_files(self.source.folder)):
            parts += [path.name, path.read_bytes()]
        return digest(*parts).hex()

    def prepare(self, texts: Sequence[str]) -> Prepared:
        """Tokenise; cut at the limit and say which were cut."""
        return self._tokeniser(texts)

    def embed(self, prepared: Prepared) -> Floats:
        """One forward pass over one batch: (n, width) float32."""
        length_N = np.fromiter(map(len, prepared.ids), np.int64, len(prepared.ids))
        ids_NT = np.full((len(prepared.ids), int(length_N.max())), self._tokeniser.pad, np.int64)
        for row, ids in enumerate(prepared.ids):
            ids_NT[row, : len(ids)] = ids
        with torch.inference_mode():
            pooled_ND = self._forward(torch.from_numpy(ids_NT).to(self.device), torch.from_numpy(length_N))
            if self.settings.normalise:
                pooled_ND = torch.nn.functional.normalize(pooled_ND, dim=1)
            out_ND: Floats = pooled_ND.cpu().numpy()
            return out_ND

    def blocks(self) -> dict[str, tuple[str, ...]]:
        """Parameter names of each freezable block, in forward order, input first; every parameter once."""
        found: dict[str, list[str]] = {"embeddings": []}
        final: list[str] = []
        path = self.family.blocks + "."
        for name in self._parameters:
            if name.startswith(path):
                found.setdefault(f"block {name[len(path) :].split('.', 1)[0]}", []).append(name)
            elif name.startswith(self.family.after):
                final.append(name)
            else:
                found["embeddings"].append(name)
        if final:
            found["final"] = final
        return {block: tuple(names) for block, names in found.items()}

    @property
    def config(self) -> Any:
        """The transformers configuration."""
        return self._config

    @property
    def pad(self) -> int:
        """The token that fills short rows."""
        return self._tokeniser.pad

    def save_preprocessing(self, folder: str) -> None:
        """Write the tokenizer's own files, bit for bit."""
        save(self.source.folder, Path(folder), read_tokenizer(self.source))

    @property
    def model(self) -> Any:
        """The bare transformers model in the present precision, in evaluation mode."""
        if self.precision not in self._models:
            model = self._read(DTYPES[self.precision]).to(self.device)
            if self.precision == "bfloat16":
                fast.use_short_attention(model)
            self._models[self.precision] = model
        return self._models[self.precision]

    def _read(self, dtype: torch.dtype) -> Any:
        return read_model(self.source, self.family, dtype)

    def pack(self) -> None:
        """Lay the weights out for long work on the CPU: it takes hundredths of a second and saves a tenth."""
        if self.precision not in self._packed:
            fast.pack(self.model)
            self._packed.add(self.precision)

    def settle(self, precision: str) -> None:
        """Compute in `precision` from now on, and free the memory of any other."""
        self.precision = precision
        self._models = {kept: model for kept, model in self._models.items() if kept == precision}
        self._packed &= {precision}

    def _forward(self, ids_NT: Tensor, length_N: Tensor) -> Tensor:
        tokens = room(self.model, ids_NT.shape[1], self.positions)
        ids_NT, length_N = ids_NT[:, :tokens], length_N.clamp(max=tokens)
        padded = bool((length_N != tokens).any())
        length_N = length_N.to(self.device)
        # A mask costs the slower attention kernels, so a batch of one length goes without.
        mask_NT = (torch.arange(tokens, device=self.device) < length_N[:, None]).long() if padded else None
        hidden_NTD = self.model(input_ids=ids_NT, attention_mask=mask_NT).last_hidden_state
        hidden_NTD = hidden_NTD[
            :, hidden_NTD.shape[1] - tokens :
        ]  # virtual tokens of a tuned prompt stand before the text
        return pool(hidden_NTD, length_N, self.settings.pooling)

    @cached_property
    def _parameters(self) -> dict[str, int]:
        return parameter_sizes(self.family, self._config)


def _check_vocabulary(source: Source, tokenizer: Any, known: int | None) -> None:
    """Raise NoBackbone when the tokenizer has words for which the model has no vector."""
    words = tokenizer.backend_tokenizer.get_vocab_size(with_added_tokens=False)
    if known is not None and words > known:
        raise NoBackbone(
            f"tokenizer of {source.id}",
            wanted=f"at most the model's {known} tokens",
            got=f"{words}",
            fix="Tokenizer and weights belong to different models.",
        )
