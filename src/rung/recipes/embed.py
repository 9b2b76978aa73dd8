"""Embed: features for your own model, from the same cache as every fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rung.bundle.io import honest_disk, write
from rung.core.errors import BadOption, NoBackbone, NoSuchColumn, NothingToLearnFrom
from rung.core.types import EMBEDDED, MEDIA, Column, Floats, Item, Role, Tell, silent
from rung.data.album import with_places
from rung.data.gather import gathered
from rung.data.inputs import make_inputs
from rung.data.read import Sheet, read
from rung.data.roles import infer
from rung.predict.earlier import load_backbone
from rung.recipes.apply import table_of
from rung.recipes.choice import default_backbone, read_by


def embed(
    data: Any,
    *,
    backbone: str | None = None,
    column: str | None = None,
    out: str | Path | None = None,
    tell: Tell = silent,
) -> Floats:
    """Embed one column of text, images, sounds or series: (N, width) float32; written to `out` (.npy, .parquet) if so.

    data: anything that read() takes, or a list of texts. column: may be left out when there is one such.
    With .npy the vectors are streamed to the file and memory-mapped from it: memory stays bounded for any N.
    Raises BadOption for another ending, NoSuchColumn, NoBackbone, DataError.
    """
    ending = "" if out is None else Path(out).suffix.lower()
    if out is not None and ending not in (".npy", ".parquet"):
        raise BadOption("-o", wanted="a file ending in .npy or .parquet", got=str(out))
    found = None if isinstance(data, list) else _column(read(data), column)
    embedder = load_backbone(backbone or _default(found))
    modality = embedder.card.modality
    if found is not None and read_by(embedder.card, [Role(found.modality)]) is None:
        got = f"{found.modality} in column {found.column.name!r}"
        raise BadOption(f"backbone {embedder.card.id}", wanted=f"rows for {modality}", got=got, fix="Name another one.")
    items = _listed(data, modality) if found is None else found.items()
    if out is not None and ending == ".npy":
        with honest_disk(Path(out)):
            embedder.embed_to(out, items, rows=len(items), tell=tell)
        return np.asarray(np.load(out, mmap_mode="r"))
    vectors = embedder(items, tell=tell)
    if out is not None:
        write(Path(out), _parquet(vectors))
    return vectors


def _listed(data: list[Any], modality: str) -> Sequence[Item]:
    """Texts as they are; images and sounds by file names, or as Python holds them."""
    if modality == "text":
        return data
    columns = [Column("item", Role(modality))]
    return make_inputs(table_of(data, columns), columns).media["item"]


@dataclass(frozen=True)
class _Found:
    """The one column that is embedded."""

    sheet: Sheet
    column: Column

    @property
    def modality(self) -> str:
        return self.column.role.value if self.column.role in MEDIA else Role.TEXT.value

    def items(self) -> Sequence[Item]:
        name = self.column.name
        if self.column.role not in MEDIA:
            return self.sheet.frame[name].cast(pl.String).fill_null("").to_list()
        placed = with_places(gathered(self.sheet.frame, [self.column]), [self.column], self.sheet.folder)
        return make_inputs(placed, [self.column]).media[name]


def _default(found: _Found | None) -> str | None:
    """The default for what is embedded; raises NoBackbone where none is on this machine."""
    if found is None or found.modality == Role.TEXT.value:
        return None
    name = default_backbone(found.modality)
    if name is None:
        fix = "Name one with --backbone: see rung backbones."
        raise NoBackbone("backbone", wanted=f"one for {found.modality} on this machine", got="none", fix=fix)
    return name


def _column(sheet: Sheet, name: str | None) -> _Found:
    roles = {each.name: each for each in infer(sheet.frame, target=None)}
    if name is not None and name not in roles:
        raise NoSuchColumn(name, among=list(roles))
    if name is not None:
        return _Found(sheet, roles[name])
    found = [each for each in roles.values() if each.role in EMBEDDED]
    if len(found) != 1:
        got = ", ".join(each.name for each in found) or "none"
        fix = "Name it with --column."
        raise NothingToLearnFrom("columns of text, images, sounds or series", wanted="one", got=got, fix=fix)
    return _Found(sheet, found[0])


def _parquet(vectors: Floats) -> bytes:
    buffer = BytesIO()
    width = vectors.shape[1]
    pl.DataFrame({"embedding": pl.Series(vectors, dtype=pl.Array(pl.Float32, width))}).write_parquet(buffer)
    return buffer.getvalue()
