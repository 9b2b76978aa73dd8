"""Embed: features for your own model, from the same cache as every fit."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rung.backbones.load import load as load_backbone
from rung.bundle.io import honest_disk, write
from rung.core.errors import BadOption, NoSuchColumn, NothingToLearnFrom
from rung.core.types import Floats, Role, Tell, silent
from rung.data.read import read
from rung.data.roles import infer


def embed(
    data: Any,
    *,
    backbone: str | None = None,
    column: str | None = None,
    out: str | Path | None = None,
    tell: Tell = silent,
) -> Floats:
    """Embed one text column: (N, width) float32, row n for row n; written to `out` (.npy, .parquet) where given.

    data: anything that read() takes, or a list of texts. column: may be left out when only one is text.
    With .npy the vectors are streamed to the file and memory-mapped from it: memory stays bounded for any N.
    Raises BadOption for another ending, NoSuchColumn, NoBackbone, DataError.
    """
    ending = "" if out is None else Path(out).suffix.lower()
    if out is not None and ending not in (".npy", ".parquet"):
        raise BadOption("-o", wanted="a file ending in .npy or .parquet", got=str(out))
    texts = data if isinstance(data, list) else _texts(read(data).frame, column)
    embedder = load_backbone(backbone)
    if out is not None and ending == ".npy":
        with honest_disk(Path(out)):
            embedder.embed_to(out, texts, rows=len(texts), tell=tell)
        return np.asarray(np.load(out, mmap_mode="r"))
    vectors = embedder(texts, tell=tell)
    if out is not None:
        write(Path(out), _parquet(vectors))
    return vectors


def _texts(frame: pl.DataFrame, column: str | None) -> list[str]:
    if column is None:
        found = [each.name for each in infer(frame, target=None) if each.role is Role.TEXT]
        if len(found) != 1:
            raise NothingToLearnFrom(
                "text columns", wanted="one", got=", ".join(found) or "none", fix="Name it with --column."
            )
        column = found[0]
    if column not in frame.columns:
        raise NoSuchColumn(column, among=frame.columns)
    return frame[column].cast(pl.String).fill_null("").to_list()


def _parquet(vectors: Floats) -> bytes:
    buffer = BytesIO()
    width = vectors.shape[1]
    pl.DataFrame({"embedding": pl.Series(vectors, dtype=pl.Array(pl.Float32, width))}).write_parquet(buffer)
    return buffer.getvalue()
