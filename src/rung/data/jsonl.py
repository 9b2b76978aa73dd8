"""JSON lines: one object a row."""

import json

import polars as pl

from rung.core.errors import EmptyData, UnreadableFile
from rung.data.loaded import Loaded


def read_jsonl(raw: bytes, *, where: str) -> Loaded:
    r"""Parse UTF-8 bytes, one JSON object a line; a key that a line lacks is null there.

    A column that holds numbers here and strings there becomes strings.
    Raises EmptyData, UnreadableFile with the line that is no object.

    >>> read_jsonl(b'{"text": "a", "y": 1}\n{"text": "b"}\n', where="a.jsonl").frame.rows()
    [('a', 1), ('b', None)]
    """
    if not raw.strip():
        raise EmptyData(where, wanted="one JSON object a line", got="an empty file")
    try:
        return Loaded(pl.read_ndjson(raw, infer_schema_length=None))
    except (pl.exceptions.PolarsError, ValueError) as error:
        return Loaded(_by_line(raw, where, error))


def _by_line(raw: bytes, where: str, first: Exception) -> pl.DataFrame:
    """What Python's json takes and polars does not (NaN, as json.dump writes it), or the line that is broken."""
    rows = []
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _not_an_object(where, number) from error
        if not isinstance(row, dict):
            raise _not_an_object(where, number)
        rows.append(row)
    try:
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        got = (str(first).splitlines() or ["mixed values"])[0]
        fix = "Give each key the same kind of value in all lines."
        raise UnreadableFile(where, wanted="values of one kind a key", got=got, fix=fix) from error


def _not_an_object(where: str, number: int) -> UnreadableFile:
    got = f"line {number}, which is none"
    return UnreadableFile(where, wanted="one JSON object a line", got=got, fix="Mend or delete that line.")
