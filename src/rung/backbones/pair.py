"""Two backbones that read the same rows: their embeddings side by side, as one frozen backbone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rung.core.contracts import BackboneCard, Embedder
from rung.core.errors import NoBackbone
from rung.core.pieces import Pieces
from rung.core.rng import digest
from rung.core.types import Delta, Floats, Ints, Item, Progress, Tell, silent

BETWEEN = " + "  # the ids of the two, and the words for their precision; as rung.predict.earlier reads them
ONE_KIND = "two of one kind"  # what two side by side have to be
SECOND = "second"  # the folder of the second one's files


class Pair:
    """Embeddings of two backbones of one modality, each row of each brought to length 1, one after the other.

    It embeds and can't be trained. Each of the two keeps its own cache, so that nothing passes either one twice.
    Raises NoBackbone where the two read different things.
    """

    def __init__(self, first: Embedder, second: Embedder) -> None:
        if first.card.modality != second.card.modality:
            got = f"one for {first.card.modality} and one for {second.card.modality}"
            raise NoBackbone(f"backbone {first.card.id}{BETWEEN}{second.card.id}", wanted=ONE_KIND, got=got)
        self._both = first, second
        self.card = _card(first.card, second.card)
        self.fingerprint = digest("pair", first.fingerprint, second.fingerprint).hex()
        self.precision = f"{first.precision}{BETWEEN}{second.precision}"

    @property
    def tunable(self) -> None:
        """Nothing: two together are not trained."""
        return

    @property
    def prompted(self) -> None:
        """Nothing: two together have no text side."""
        return

    def __call__(self, items: Sequence[Item], *, tell: Tell = silent) -> Floats:
        """(N, width) float32, row n for items[n]."""
        found = []
        for turn, one in enumerate(self._both):

            def told(beat: Progress, turn: int = turn) -> None:
                tell(replace(beat, done=turn * beat.total + beat.done, total=2 * beat.total))

            found.append(_unit(one(items, tell=told)))
        return np.concatenate(found, axis=1)

    def embed_to(self, path: str | Path, items: Iterable[Item], *, rows: int, tell: Tell = silent) -> None:
        """Write the vectors of `rows` items to a .npy file; raises ValueError for another number of items."""
        known = list(items)
        if len(known) != rows:
            raise ValueError(f"{rows} items were announced, {len(known)} came")
        temporary = Path(path).with_name(f".{Path(path).name}.part")
        with temporary.open("wb") as file:
            np.save(file, self(known, tell=tell))
        temporary.replace(path)

    def uncached(self, items: Sequence[Item]) -> Floats:
        """As a call, nothing looked up and nothing kept."""
        return np.concatenate([_unit(one.uncached(items)) for one in self._both], axis=1)

    def seconds_for(self, items: Sequence[Item]) -> float:
        """Seconds that a call will take."""
        return sum(one.seconds_for(items) for one in self._both)

    def truncated(self, items: Sequence[Item]) -> Ints:
        """Indices of the items that either one cuts."""
        return np.union1d(*(one.truncated(items) for one in self._both)).astype(np.int64)

    def pieces(self, texts: Sequence[str]) -> Pieces | None:
        """How well the first one's tokenizer knows the texts."""
        return self._both[0].pieces(texts)

    def tuned(self, delta: Delta, *, kept: int = 1) -> Embedder:  # noqa: ARG002  # the contract's signature
        """Raise TypeError: two backbones together are not trained."""
        raise TypeError(f"{self.card.id} can't be changed by a delta of kind {delta.kind}")

    def save_preprocessing(self, folder: str) -> None:
        """Write the first one's files, and the second one's in a folder of their own."""
        self._both[0].save_preprocessing(folder)
        own = Path(folder) / SECOND
        own.mkdir()
        self._both[1].save_preprocessing(str(own))


def _unit(x_ND: Floats) -> Floats:
    return np.asarray(x_ND / np.maximum(np.linalg.norm(x_ND, axis=1, keepdims=True), 1e-12), np.float32)


def _card(first: BackboneCard, second: BackboneCard) -> BackboneCard:
    limits = [card.limit for card in (first, second) if card.limit]
    return BackboneCard(
        id=f"{first.id}{BETWEEN}{second.id}",
        family=f"{first.family}{BETWEEN}{second.family}",
        modality=first.modality,
        revision=f"{first.revision}{BETWEEN}{second.revision}",
        sha256=digest(first.sha256, second.sha256).hex(),
        licence=first.licence if first.licence == second.licence else f"{first.licence} and {second.licence}",
        width=first.width + second.width,
        limit=min(limits, default=0),
        parameters=first.parameters + second.parameters,
        size_bytes=first.size_bytes + second.size_bytes,
        blocks=(),
        pooling="side by side",
        lineage=(*first.lineage, *second.lineage),
    )
