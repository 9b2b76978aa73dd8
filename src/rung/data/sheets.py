"""Excel workbooks: the first sheet, its first row the header."""

from pathlib import Path

import polars as pl

from rung.core.errors import EmptyData, UnreadableFile
from rung.core.extras import need
from rung.core.types import Finding
from rung.data.loaded import Loaded, unique_names


def read_workbook(path: Path) -> Loaded:
    """Read the first sheet; other sheets are named in a finding.

    Raises MissingExtra, EmptyData, DuplicateColumns, UnreadableFile.
    """
    engine = need("fastexcel", "excel")
    where = path.name
    try:
        book = engine.read_excel(path)
        header = book.load_sheet(0, header_row=None, n_rows=1, dtypes="string").to_polars()
        if not header.height:
            raise EmptyData(where, wanted="a header and rows", got="an empty first sheet")
        names = unique_names(["" if name is None else name for name in header.row(0)], where)
        body = book.load_sheet(0, header_row=None, skip_rows=1, schema_sample_rows=None).to_polars()
    except engine.FastExcelError as error:
        got = str(error).splitlines()[0]
        raise UnreadableFile(
            where, wanted="an Excel workbook", got=got, fix="Save it again as .xlsx or .csv."
        ) from error
    body = body.rename(dict(zip(body.columns, names, strict=False)))
    kept = body.filter(~pl.all_horizontal(pl.all().is_null())) if body.height else body
    others = tuple(book.sheet_names[1:])
    said = Finding(
        "left_out", f"{where}: only sheet {book.sheet_names[0]!r} was read, not {', '.join(others)}", (), "note"
    )
    return Loaded(kept, findings=(said,) if others else ())
