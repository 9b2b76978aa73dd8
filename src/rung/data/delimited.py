"""Comma- and tab-separated files: every cell as it was written, then numbers where nothing is lost by it."""

import csv
import io
from dataclasses import dataclass
from functools import partial

import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv

from rung.core.errors import EmptyData, RaggedRows, UnreadableFile
from rung.core.types import Finding
from rung.data.loaded import Loaded, unique_names
from rung.data.numbers import without_loss

SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class _Ragged:
    row: int
    cells: int
    text: str


def read_delimited(raw: bytes, *, where: str, separator: str = "") -> Loaded:
    r"""Parse UTF-8 bytes with a header row. Quotes, newlines in cells and any line end survive; empty cells are null.

    separator: empty finds it in the header (comma, else semicolon, tab or bar).
    Raises EmptyData, DuplicateColumns, RaggedRows with row numbers.

    >>> read_delimited(b"id,text\n007,hello\n", where="a.csv").frame.rows()
    [('007', 'hello')]
    """
    if not raw.strip():
        raise EmptyData(
            where, wanted="a header and rows", got="an empty file", fix="Check that this is the right file."
        )
    findings: list[Finding] = []
    sign = separator or _separator(raw)
    if not separator and sign != ",":
        findings.append(Finding("separator", f"{where} is separated by {sign!r}, not by commas", (), "note"))
    names = unique_names(_header(raw, sign), where)
    table, ragged = _parse(raw, len(names), sign)
    if ragged and sign == "\t":
        # Many .tsv files know no quoting: a cell may then begin with a quote that nothing closes.
        names = raw.partition(b"\n")[0].decode().rstrip("\r").split(sign)
        table, still = _parse(raw, len(names), sign, quote=False)
        if not still:
            ragged = []
            findings.append(Finding("quotes", f"quotes in {where} are read as text: they don't pair up", (), "note"))
    if ragged:
        raise _error(ragged, len(names), where)
    frame = pl.DataFrame(table.slice(1).rename_columns(unique_names(names, where)))
    return Loaded(pl.DataFrame([without_loss(column) for column in frame]), findings=tuple(findings))


def _separator(raw: bytes) -> str:
    first = raw.lstrip().partition(b"\n")[0].decode()
    return next((sign for sign in SEPARATORS if sign in first), ",")


def _header(raw: bytes, separator: str) -> list[str]:
    # One row only: Arrow wants the names before it can be told to infer nothing.
    head = io.StringIO(raw[: 1 << 20].decode("utf-8", "ignore").lstrip("\r\n"), newline=None)
    return next(csv.reader(head, delimiter=separator))


def _parse(raw: bytes, width: int, separator: str, *, quote: bool = True) -> tuple[pa.Table, list[_Ragged]]:
    ragged: list[_Ragged] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        ragged.append(_Ragged(row.number or 0, row.actual_columns, row.text))
        return "skip"

    names = [f"c{i}" for i in range(width)]
    parse = partial(
        arrow_csv.read_csv,
        # One thread counts rows for the message; one block lets a cell be as long as the file.
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=len(raw) + 1, column_names=names),
        parse_options=arrow_csv.ParseOptions(
            delimiter=separator,
            quote_char='"' if quote else False,
            newlines_in_values=quote,
            # In a file of one column an empty line is a row without a value, and row counts must hold.
            ignore_empty_lines=width > 1,
            invalid_row_handler=keep,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    try:
        return parse(pa.BufferReader(raw.lstrip(b"\r\n"))), ragged
    except pa.ArrowInvalid as error:
        raise UnreadableFile("delimited text", wanted="rows of cells", got=str(error).splitlines()[0]) from error


def _error(ragged: list[_Ragged], width: int, where: str) -> RaggedRows:
    shown = "; ".join(f"{row.cells} in row {row.row}" for row in ragged[:5])
    more = f" and {len(ragged) - 5} more rows" if len(ragged) > 5 else ""
    first = ragged[0].text
    begins = first[:50].replace("\n", " ")
    fix = f"The header is row 1. Row {ragged[0].row} begins {begins!r}."
    if first.count('"') % 2:
        fix += " A quote in it never closes."
    return RaggedRows(where, wanted=f"{width} cells in every row", got=shown + more, fix=fix)
