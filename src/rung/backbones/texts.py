"""How a text encoder reads: token ids padded to the right, one pooled vector a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rung.backbones.catalog import Family
from rung.backbones.pooling import pool, room
from rung.backbones.reading import read_tokenizer
from rung.backbones.settings import settings
from rung.backbones.source import Source
from rung.backbones.tokenise import Tokeniser, save, tokenizer_files
from rung.core.contracts import Prepared
from rung.core.errors import NoBackbone
from rung.core.pieces import Pieces
from rung.core.rng import digest
from rung.core.types import Ints


@dataclass(frozen=True)
class Batch:
    """Padded token ids (N, T) on the right, and how many of each row count (N,)."""

    ids_NT: Tensor
    length_N: Tensor

    @property
    def device(self) -> torch.device:
        """Where the ids are."""
        return self.ids_NT.device

    @property
    def mask_NT(self) -> Tensor | None:  # noqa: N802  # shape letters
        """1 where a token counts; None for rows of one length, which take faster kernels without."""
        tokens = self.ids_NT.shape[1]
        if bool((self.length_N == tokens).all()):
            return None
        return (torch.arange(tokens, device=self.ids_NT.device) < self.length_N[:, None]).long()


class TextReader:
    """Tokenizer, limit and pooling of a text encoder.

    Raises NoBackbone when there is no fast tokenizer, or one that belongs to another model.
    """

    modality = "text"
    at_once = side_by_side = 128

    def __init__(self, source: Source, family: Family, config: Any) -> None:
        self._source = source
        tokenizer = read_tokenizer(source)
        _check_vocabulary(source, tokenizer, getattr(config, "vocab_size", None))
        positions = getattr(config, "max_position_embeddings", None)
        self._positions = positions - family.offset if positions else None
        self.settings = settings(source.folder, family, positions, tokenizer.model_max_length)
        self.pooling, self.limit, self.width = self.settings.pooling, self.settings.limit, int(config.hidden_size)
        self._tokeniser = Tokeniser(tokenizer, self.settings, getattr(config, "pad_token_id", None))

    def key(self, item: str) -> bytes:
        """128-bit content hash under which a text's vector is kept."""
        return digest(item)

    def prepare(self, items: Sequence[str]) -> Prepared:
        """Tokenise; cut at the limit and say which were cut."""
        return self._tokeniser(items)

    def pieces(self, texts: Sequence[str]) -> Pieces:
        """How well the tokenizer knows these texts."""
        return self._tokeniser.pieces(texts)

    def batch(self, prepared: Prepared, rows: Ints, device: torch.device, *, hollow: bool = False) -> Batch:  # noqa: ARG002  # ids are cheap, and say what is padding
        """Token ids of these rows, padded to the longest of them."""
        ids = [prepared.ids[row] for row in rows]
        length_N = np.fromiter(map(len, ids), np.int64, len(ids))
        ids_NT = np.full((len(ids), int(length_N.max())), self._tokeniser.pad, np.int64)
        for row, each in enumerate(ids):
            ids_NT[row, : len(each)] = each
        return Batch(torch.from_numpy(ids_NT).to(device), torch.from_numpy(length_N).to(device))

    def vectors(self, module: nn.Module, batch: Batch, *, pieces: bool = False) -> Tensor:  # noqa: ARG002  # see Reader
        """(N, width) float32: pooled and normalised as the backbone wants; gradients flow.

        A module that puts virtual tokens in front of a text gives more states than tokens: they are left out.
        """
        tokens = room(module, batch.ids_NT.shape[1], self._positions)
        batch = Batch(batch.ids_NT[:, :tokens], batch.length_N.clamp(max=tokens))
        # A mask costs the slower attention kernels, so a batch of one length goes without.
        hidden_NTD = module(input_ids=batch.ids_NT, attention_mask=batch.mask_NT).last_hidden_state
        hidden_NTD = hidden_NTD[:, hidden_NTD.shape[1] - batch.ids_NT.shape[1] :]
        vector_ND = pool(hidden_NTD, batch.length_N, self.pooling)
        return nn.functional.normalize(vector_ND, dim=1) if self.settings.normalise else vector_ND

    def pack(self, model: nn.Module) -> None:
        """Do nothing: linear layers are all that there is."""

    def identity(self) -> list[str | bytes]:
        """What of the reading decides a vector."""
        files = ((path.name, path.read_bytes()) for path in tokenizer_files(self._source.folder))
        return [repr(self.settings), *(part for pair in files for part in pair)]

    def save(self, folder: Path) -> None:
        """Write the tokenizer's own files, bit for bit."""
        save(self._source.folder, folder, read_tokenizer(self._source))


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
