"""The door of the data room: anything that holds a table becomes a Sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from rung.core.types import Finding
from rung.data.files import missing, read_file, stem_of
from rung.data.folders import read_folder
from rung.data.frames import from_object
from rung.data.hub import read_hub
from rung.data.loaded import Loaded


@dataclass(frozen=True)
class Sheet:
    """A table in memory.

    test: rows that the source itself keeps for testing. folder: where file names inside cells are looked up.
    findings: what the reading assumed (encoding, separator) or left out. target: the column that the source itself
    says is to be predicted (class folders).
    """

    frame: pl.DataFrame
    test: pl.DataFrame | None
    name: str
    folder: Path | None
    findings: tuple[Finding, ...] = ()
    target: str | None = None


def read(source: Any, *, columns_hint: Sequence[str] | None = None) -> Sheet:
    """Read a file, a folder (of tables, images or sounds), "hf:owner/name", or a table that Python holds.

    columns_hint: names for data that has none (a list of texts, an array).
    Every value survives: "007" and "NA" stay text, only columns that are numbers throughout become numbers,
    empty cells are null.
    Raises NoSuchFile, UnreadableFile, EmptyData, BadEncoding, RaggedRows, DuplicateColumns, BadOption, MissingExtra.

    >>> read(["good", "bad"], columns_hint=["review"]).frame.to_dict(as_series=False)
    {'review': ['good', 'bad']}
    """
    if isinstance(source, str) and source.startswith("hf:"):
        return _sheet(read_hub(source), source.removeprefix("hf:").replace("/", "-"), None)
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        if str(source) and path.is_dir():
            return _sheet(read_folder(path), path.resolve().name, path)
        if not str(source) or not path.exists():
            raise missing(path)
        return _sheet(read_file(path), stem_of(path), path.parent)
    return _sheet(from_object(source, columns_hint), "table", None)


def _sheet(loaded: Loaded, name: str, folder: Path | None) -> Sheet:
    return Sheet(loaded.frame, loaded.test, name, folder, loaded.findings, loaded.target)
