"""One data file by its ending, compressed or not."""

import gzip
import zlib
from pathlib import Path

import polars as pl
import pyarrow as pa

from rung.core.errors import NoSuchFile, UnreadableFile, near_name
from rung.data.arrays import read_npz
from rung.data.decode import to_utf8
from rung.data.delimited import read_delimited
from rung.data.jsonl import read_jsonl
from rung.data.loaded import Loaded, whole
from rung.data.sheets import read_workbook

TEXTUAL = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson")
BINARY = (".parquet", ".pq", ".arrow", ".feather", ".ipc", ".xlsx", ".npz")
PACKED = (".gz", ".zst")
WANTED = ".csv, .tsv, .jsonl, .parquet, .arrow, .xlsx or .npz (text files also with .gz or .zst)"


def kind_of(path: Path) -> str:
    """The ending that says how to read `path`, without the compression's; empty for a stranger.

    >>> kind_of(Path("a/reviews.CSV.gz")), kind_of(Path("notes.docx"))
    ('.csv', '')
    """
    endings = [ending.lower() for ending in path.suffixes]
    packed = bool(endings) and endings[-1] in PACKED
    last = endings[-2] if packed and len(endings) > 1 else endings[-1] if endings else ""
    return last if last in TEXTUAL or (last in BINARY and not packed) else ""


def stem_of(path: Path) -> str:
    """The file's name without the endings that were understood.

    >>> stem_of(Path("v1.2/reviews.2024.csv.gz"))
    'reviews.2024'
    """
    name = path.name
    for ending in (*PACKED, *TEXTUAL, *BINARY):
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    return name or path.name


def read_file(path: Path) -> Loaded:
    """Read one table.

    Raises NoSuchFile with the nearest name, UnreadableFile, EmptyData, BadEncoding, RaggedRows, DuplicateColumns,
    MissingExtra for .xlsx.
    """
    if not path.is_file():
        raise missing(path)
    kind = kind_of(path)
    if not kind:
        got = f"{path.suffix or 'no ending'!r}"
        raise UnreadableFile(f"file {path.name}", wanted=WANTED, got=got, fix="Convert it, or rename it to what it is.")
    try:
        loaded = _textual(path, kind) if kind in TEXTUAL else _binary(path, kind)
    except OSError as error:
        got = error.strerror or str(error)
        raise UnreadableFile(f"file {path.name}", wanted="a file that can be read", got=got) from error
    return Loaded(whole(loaded.frame, path.name), findings=loaded.findings, target=loaded.target)


def missing(path: Path) -> NoSuchFile:
    """The error for a path that is not there, with the nearest name in its folder."""
    folder = path.parent
    if not folder.is_dir():
        return NoSuchFile(f"data {str(path)!r}", wanted="a file or folder", got=f"no folder {str(folder)!r}")
    near = near_name(path.name, sorted(other.name for other in folder.iterdir() if other.exists()))
    fix = f"Did you mean {str(folder / near)!r}?" if near else ""
    got = "a link to nothing" if path.is_symlink() else "nothing by that name"
    return NoSuchFile(f"data {str(path)!r}", wanted="a file or folder", got=got, fix=fix)


def _textual(path: Path, kind: str) -> Loaded:
    decoded = to_utf8(_unpacked(path), path.name)
    if kind in (".jsonl", ".ndjson"):
        loaded = read_jsonl(decoded.raw, where=path.name)
    else:
        loaded = read_delimited(decoded.raw, where=path.name, separator="" if kind == ".csv" else "\t")
    return Loaded(loaded.frame, findings=decoded.findings + loaded.findings)


def _unpacked(path: Path) -> bytes:
    try:
        if path.suffix.lower() == ".gz":
            return gzip.decompress(path.read_bytes())
        if path.suffix.lower() == ".zst":
            with pa.input_stream(str(path), compression="zstd") as stream:
                raw: bytes = stream.read()
            return raw
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        got = str(error).splitlines()[0] if str(error) else "a damaged stream"
        raise UnreadableFile(
            f"file {path.name}", wanted=f"{path.suffix} data", got=got, fix="Copy it again."
        ) from error
    return path.read_bytes()


def _binary(path: Path, kind: str) -> Loaded:
    if kind == ".xlsx":
        return read_workbook(path)
    if kind == ".npz":
        return read_npz(path)
    try:
        return Loaded(pl.read_parquet(path) if kind in (".parquet", ".pq") else _arrow(path))
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        got = str(error).splitlines()[0]
        raise UnreadableFile(f"file {path.name}", wanted=f"{kind} data", got=got, fix="Write it again.") from error


def _arrow(path: Path) -> pl.DataFrame:
    with path.open("rb") as stream:
        framed = stream.read(6) == b"ARROW1"
    return pl.read_ipc(path) if framed else pl.read_ipc_stream(path)
