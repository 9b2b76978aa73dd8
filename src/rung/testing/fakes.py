"""Honest fakes behind the backbone seam: hashed word vectors, instant, from which something can still be learnt."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from rung.core.contracts import BackboneCard, Prepared
from rung.core.rng import digest, generator
from rung.core.types import Delta, Floats, Ints, Item, Progress, Tell, silent

WORD = re.compile(r"\w+")
VOCABULARY = 1 << 20


@lru_cache(maxsize=100_000)
def _direction(number: int, width: int) -> Floats:
    """One word's own random direction, the same in every process."""
    return generator(number, "fake word").normal(size=width).astype(np.float32)


class FakeBackbone:
    """A backbone whose features are the mean of hashed word vectors: equal words give similar vectors.

    limit: words a text may have before it is cut. calls counts the forward passes, rows the texts in them.
    Case and punctuation are ignored; a text without words is a fixed vector of its own.

    >>> fake = FakeBackbone(width=8)
    >>> fake.embed(fake.prepare(["a good film", "A good film!"])).shape
    (2, 8)
    >>> fake.calls
    1
    """

    def __init__(self, *, width: int = 64, limit: int = 256, id: str = "fake") -> None:  # noqa: A002  # the card's word
        self.card = BackboneCard(
            id=id,
            family="fake",
            modality="text",
            revision="1",
            sha256="0" * 64,
            licence="Apache-2.0",
            width=width,
            limit=limit,
            parameters=0,
            size_bytes=0,
            blocks=("embeddings",),
            pooling="mean",
        )
        self.calls = 0
        self.rows = 0

    @property
    def fingerprint(self) -> str:
        """Depends on the width and the limit alone."""
        return digest("fake backbone", str(self.card.width), str(self.card.limit)).hex()

    def prepare(self, items: Sequence[Item]) -> Prepared:
        """Words become hashed numbers; texts over the limit are cut, and said so."""
        words = [WORD.findall(text.lower() if isinstance(text, str) else text.key.hex()) for text in items]
        ids = tuple([int.from_bytes(digest(word)[:4], "little") % VOCABULARY for word in row] for row in words)
        cut = np.array([len(row) > self.card.limit for row in ids], dtype=np.bool_)
        return Prepared(tuple(row[: self.card.limit] for row in ids), cut)

    def embed(self, prepared: Prepared) -> Floats:
        """(n, width) float32 of unit length."""
        self.calls += 1
        self.rows += len(prepared.ids)
        width = self.card.width
        out_ND = np.empty((len(prepared.ids), width), np.float32)
        for row, ids in enumerate(prepared.ids):
            total_D = np.sum([_direction(number, width) for number in ids or [VOCABULARY]], axis=0)
            out_ND[row] = total_D / np.linalg.norm(total_D)
        return out_ND

    def save_preprocessing(self, folder: str) -> None:
        """Write the one setting that matters."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        settings = json.dumps({"fake": True, "limit": self.card.limit})
        (Path(folder) / "tokenizer.json").write_text(settings, encoding="utf-8")


class FakeEmbedder:
    """An embedder without a model: instant, deterministic, and equal words give similar vectors.

    calls, rows: forward passes and distinct texts that passed; a text that was seen before costs nothing.

    >>> fake = FakeEmbedder()
    >>> film_D, same_D, sea_D = fake(["a good film", "a good day", "stormy sea"])
    >>> bool(film_D @ same_D > film_D @ sea_D)
    True
    """

    def __init__(self, *, width: int = 64, limit: int = 256, id: str = "fake") -> None:  # noqa: A002  # the card's word
        self.backbone = FakeBackbone(width=width, limit=limit, id=id)
        self.card = self.backbone.card
        self.fingerprint = self.backbone.fingerprint
        self.precision = "float32"
        self._seen: dict[Item, Floats] = {}

    @property
    def calls(self) -> int:
        """How many forward passes there were."""
        return self.backbone.calls

    @property
    def rows(self) -> int:
        """How many distinct texts passed."""
        return self.backbone.rows

    def __call__(self, items: Sequence[Item], *, tell: Tell = silent) -> Floats:
        """(N, width) float32, row n for items[n]."""
        new = [item for item in dict.fromkeys(items) if item not in self._seen]
        if new:
            self._seen.update(zip(new, self.backbone.embed(self.backbone.prepare(new)), strict=True))
        tell(Progress("embed", len(items), len(items)))
        if not items:
            return np.empty((0, self.card.width), np.float32)
        return np.stack([self._seen[item] for item in items])

    def uncached(self, items: Sequence[Item]) -> Floats:
        """As a call, but nothing is remembered and nothing counted."""
        other = FakeBackbone(width=self.card.width, limit=self.card.limit)
        return other.embed(other.prepare(items))

    def seconds_for(self, items: Sequence[Item]) -> float:  # noqa: ARG002  # the contract's signature
        """Nothing: the fake is instant."""
        return 0.0

    def truncated(self, items: Sequence[Item]) -> Ints:
        """Indices of the texts with more words than the limit."""
        return np.flatnonzero(self.backbone.prepare(items).truncated).astype(np.int64)

    def pieces(self, texts: Sequence[str]) -> None:
        """Nothing: every word is known to a fake."""

    @property
    def prompted(self) -> None:
        """Nothing: a fake reads no names."""
        return

    @property
    def tunable(self) -> None:
        """Nothing: a fake has no weights."""
        return

    def tuned(self, delta: Delta, *, kept: int = 1) -> "FakeEmbedder":  # noqa: ARG002  # the contract's signature
        """Raise TypeError: a fake has no weights that could change."""
        raise TypeError(f"a fake can't be changed by a delta of kind {delta.kind}")

    def save_preprocessing(self, folder: str) -> None:
        """As the backbone's."""
        self.backbone.save_preprocessing(folder)
