"""Embed: features for your own model, from the same cache as every fit."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rung.bundle.io import honest_disk, write
from rung.core.errors import BadOption, NoSuchColumn, NothingToLearnFrom
from rung.core.types import EMBEDDED, MEDIA, Column, Floats, Item, Role, Tell, silent
from rung.data.album import with_places
from rung.data.inputs import make_inputs
from rung.data.read import Sheet, read
from rung.data.roles import infer
from rung.predict.earlier import load_backbone
from rung.recipes.apply import table_of


def embed(
    data: Any,
    *,
    backbone: str | None = None,
    column: str | None = None,
    out: str | Path | None = None,
    tell: Tell = silent,
) -> Floats:
    """Embed one column of text, images or sounds: (N, width) float32; written to `out` (.npy, .parquet) where given.

    data: anything that read() takes, or a list of texts. column: may be left out when there is one such.
    With .npy the vectors are streamed to the file and memory-mapped from it: memory stays bounded for any N.
    Raises BadOption for another ending, NoSuchColumn, NoBackbone, DataError.
    """
    ending = "" if out is None else Path(out).suffix.lower()
    if out is not None and ending not in (".npy", ".parquet"):
        raise BadOption("-o", wanted="a file ending in .npy or .parquet", got=str(out))
    embedder = load_backbone(backbone)
    items = _listed(data, embedder.card.modality) if isinstance(data, list) else _items(read(data), column)
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
    return make_inputs(table_of(data, columns), columns, None).media["item"]


def _items(sheet: Sheet, column: str | None) -> Sequence[Item]:
    frame = sheet.frame
    roles = {each.name: each for each in infer(frame, target=None)} if column is None or column in frame.columns else {}
    if column is None:
        found = [name for name, each in roles.items() if each.role in EMBEDDED]
        if len(found) != 1:
            got = ", ".join(found) or "none"
            fix = "Name it with --column."
            raise NothingToLearnFrom("columns of text, images or sounds", wanted="one", got=got, fix=fix)
        column = found[0]
    if column not in frame.columns:
        raise NoSuchColumn(column, among=frame.columns)
    if roles[column].role not in MEDIA:
        return frame[column].cast(pl.String).fill_null("").to_list()
    placed = with_places(frame, [roles[column]], sheet.folder)
    return make_inputs(placed, [roles[column]], None).media[column]


def _parquet(vectors: Floats) -> bytes:
    buffer = BytesIO()
    width = vectors.shape[1]
    pl.DataFrame({"embedding": pl.Series(vectors, dtype=pl.Array(pl.Float32, width))}).write_parquet(buffer)
    return buffer.getvalue()
