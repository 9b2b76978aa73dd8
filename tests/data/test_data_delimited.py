"""Delimited files: every value survives, and what can't be read is refused by name."""

import csv
import gzip
import io

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.core.errors import BadEncoding, DuplicateColumns, EmptyData, RaggedRows, UnreadableFile
from rung.data.delimited import read_delimited
from rung.data.read import read

CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters='"\n,;\t'), max_size=12)


def written(folder, content, name="reviews.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def frame_of(folder, content, name="reviews.csv"):
    return read(written(folder, content, name)).frame


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_any_cells_survive_quoting_separators_and_newlines(rows, ends):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=ends, quoting=csv.QUOTE_ALL).writerows(
        [("left", "right"), *((f"x{a}", f"y{b}") for a, b in rows)]
    )
    assert read_delimited(out.getvalue().encode(), where="a.csv").frame.rows() == [(f"x{a}", f"y{b}") for a, b in rows]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False)),
        min_size=1,
        max_size=8,
    )
)
def test_numbers_come_back_as_they_were_written(values):
    raw = "text,n\n" + "".join(f"a,{'' if value is None else repr(value)}\n" for value in values)
    back = read_delimited(raw.encode(), where="a.csv").frame["n"].to_list()
    assert [None if value is None else float(value) for value in back] == [
        None if value is None else float(value) for value in values
    ]


@pytest.mark.parametrize("cell", ["007", "NA", "None", "1.10", "12345678901234567890", "1e5", "+5"])
def test_what_would_change_as_a_number_stays_text(tmp_path, cell):
    assert frame_of(tmp_path, f"text,code\na,{cell}\nb,5\n")["code"].to_list() == [cell, "5"]


def test_whole_columns_become_numbers(tmp_path):
    frame = frame_of(tmp_path, "text,n,x,none\na,1,0.5,\nb,,-2,\n")
    assert frame.dtypes == [pl.String, pl.Int64, pl.Float64, pl.String]
    assert frame["n"].to_list() == [1, None]


def test_empty_cells_are_null_quoted_or_not(tmp_path):
    assert frame_of(tmp_path, 'text,label\n"",a\n,b\nx,c\n')["text"].to_list() == [None, None, "x"]


def test_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    assert frame_of(tmp_path, b"\xef\xbb\xbftext,label\r\nhi,a\r\n").rows(named=True) == [{"text": "hi", "label": "a"}]


def test_ten_megabyte_cells_survive(tmp_path):
    big = "word " * 2_000_000
    assert frame_of(tmp_path, f'text,label\n"{big}",a\nshort,b\n')["text"].str.len_chars().to_list() == [10_000_000, 5]


def test_one_column_keeps_its_empty_rows(tmp_path):
    assert frame_of(tmp_path, "text\na\n\nb\n")["text"].to_list() == ["a", None, "b"]


def test_tabs_and_semicolons_are_found(tmp_path):
    assert frame_of(tmp_path, "text\tlabel\na, b\tx\n", "a.tsv").rows() == [("a, b", "x")]
    sheet = read(written(tmp_path, "text;label\na, b;x\n"))
    assert sheet.frame.rows() == [("a, b", "x")]
    assert [finding.check for finding in sheet.findings] == ["separator"]


def test_a_tsv_that_knows_no_quotes_is_read_and_said(tmp_path):
    sheet = read(written(tmp_path, 'text\tlabel\n"never closed\ta\nplain\tb\n', "a.tsv"))
    assert sheet.frame["text"].to_list() == ['"never closed', "plain"]
    assert [finding.check for finding in sheet.findings] == ["quotes"]


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_compressed_files_read_alike(tmp_path, ending):
    raw = b"text,label\nhi,a\n"
    path = tmp_path / f"reviews.csv.{ending}"
    if ending == "gz":
        path.write_bytes(gzip.compress(raw))
    else:
        with pa.output_stream(str(path), compression="zstd") as out:
            out.write(raw)
    sheet = read(path)
    assert (sheet.frame.rows(), sheet.name) == ([("hi", "a")], "reviews")


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_a_damaged_archive_is_refused(tmp_path, ending):
    with pytest.raises(UnreadableFile, match=f"wanted .{ending} data"):
        frame_of(tmp_path, b"text,label\nhi,a\n", f"reviews.csv.{ending}")


@pytest.mark.parametrize(
    ("encoding", "said"), [("latin-1", "Latin-1"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16")]
)
def test_other_encodings_are_read_and_said(tmp_path, encoding, said):
    word = "“café crème”" if encoding == "cp1252" else "café crème"
    sheet = read(written(tmp_path, f"text,label\nplain words and {word},a\n".encode(encoding)))
    assert sheet.frame["text"].to_list() == [f"plain words and {word}"]
    assert said in sheet.findings[0].what


@pytest.mark.parametrize(
    ("raw", "got"),
    [
        (bytes(range(256)) * 20, "binary data"),
        (b"text,label\nhi \x81\x8d there,a\n", "bytes that are neither"),
        (b"text,label\nhi \xff\xfe there,a\n", "bytes that are neither"),
        ("text,label\nпривет мир,a\n".encode("cp1251"), "bytes that are neither"),  # noqa: RUF001  # Cyrillic is the point
        (b"text,label\n" + "café,a\n".encode() * 9 + b"caf\xc3,a\n", "damaged at line 11"),
    ],
)
def test_undecodable_bytes_are_refused_with_their_place(tmp_path, raw, got):
    with pytest.raises(BadEncoding, match=got) as caught:
        frame_of(tmp_path, raw)
    assert caught.value.exit_code == 3


def test_ragged_rows_are_numbered_past_newlines_in_cells(tmp_path):
    raw = 'text,label\n"two\nlines",a\nonly one\nok,b\nx,y,z\n'
    with pytest.raises(RaggedRows, match="wanted 2 cells in every row, got 1 in row 3; 3 in row 5") as caught:
        frame_of(tmp_path, raw)
    assert caught.value.exit_code == 3


def test_a_quote_that_never_closes_is_named(tmp_path):
    with pytest.raises(RaggedRows, match="A quote in it never closes"):
        frame_of(tmp_path, 'text,label\n"open,a\nb,c\n')


def test_duplicate_header_names_are_refused_with_their_places(tmp_path):
    with pytest.raises(DuplicateColumns, match="'text' in columns 1, 3") as caught:
        frame_of(tmp_path, "text,label,text\na,b,c\n")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("raw", "got"), [("", "an empty file"), ("\n \n", "an empty file"), ("text,label\n", "a header and no rows")]
)
def test_files_without_rows_are_refused(tmp_path, raw, got):
    with pytest.raises(EmptyData, match=got) as caught:
        frame_of(tmp_path, raw)
    assert caught.value.exit_code == 3


def test_a_column_without_a_name_gets_one(tmp_path):
    assert frame_of(tmp_path, ",text\n0,a\n").columns == ["unnamed_0", "text"]
