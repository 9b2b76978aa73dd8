"""Files, folders and Python tables all become the same Sheet."""

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xlsxwriter

from rung.core.errors import BadOption, DuplicateColumns, EmptyData, NoSuchFile, UnreadableFile
from rung.data.read import read

TABLE = pl.DataFrame({"text": ["good", None, "bad"], "stars": [5, 3, None]})
ROWS = [("good", 5), (None, 3), ("bad", None)]


def on_disk(folder, ending):
    path = folder / f"reviews.{ending}"
    if ending == "csv":
        TABLE.write_csv(path)
    elif ending == "jsonl":
        TABLE.write_ndjson(path)
    elif ending == "parquet":
        TABLE.write_parquet(path)
    elif ending == "arrow":
        TABLE.write_ipc(path)
    else:
        TABLE.write_excel(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "arrow", "xlsx"])
def test_every_format_reads_alike(tmp_path, ending):
    sheet = read(on_disk(tmp_path, ending))
    assert (sheet.frame.rows(), sheet.name, sheet.folder) == (ROWS, "reviews", tmp_path)


def test_arrow_streams_read_too(tmp_path):
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink, pa.ipc.new_stream(sink, TABLE.to_arrow().schema) as out:
        out.write_table(TABLE.to_arrow())
    assert read(tmp_path / "a.arrow").frame.rows() == ROWS


@pytest.mark.parametrize(
    "source",
    [
        TABLE,
        TABLE.lazy(),
        TABLE.to_arrow(),
        TABLE.to_arrow().to_batches()[0],
        TABLE.to_pandas(),
        TABLE.to_dict(as_series=False),
        TABLE.rows(named=True),
        datasets.Dataset.from_dict(TABLE.to_dict(as_series=False)),
    ],
    ids=lambda source: f"{type(source).__module__.partition('.')[0]}-{type(source).__name__}",
)
def test_python_tables_read_alike(source):
    assert [tuple(row) for row in read(source).frame.rows()] == ROWS


@pytest.mark.parametrize(
    "source", [["a", "b"], ("a", "b"), np.array(["a", "b"]), pd.Series(["a", "b"]), pl.Series(["a", "b"])]
)
def test_lists_of_texts_take_the_name_they_are_given(source):
    assert read(source, columns_hint=["review"]).frame.to_dict(as_series=False) == {"review": ["a", "b"]}


def test_pandas_objects_of_mixed_kinds_become_words():
    frame = read(pd.DataFrame({"text": ["a", "b", None], "x": pd.Series([1, "two", None], dtype=object)})).frame
    assert frame["x"].to_list() == ["1", "two", None]


def test_not_a_number_is_null():
    assert read(pl.DataFrame({"x": [1.0, float("nan")]})).frame["x"].to_list() == [1.0, None]


def test_class_numbers_of_datasets_become_names():
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    rows = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)
    assert read(rows).frame["label"].to_list() == ["yes", "no", None]
    assert read(rows.select([1])).frame.rows() == [("b", "no")]


def test_a_saved_datasets_folder_brings_its_test_split(tmp_path):
    split = datasets.Dataset.from_dict({"text": ["a"], "label": ["x"]})
    datasets.DatasetDict({"train": split, "test": split, "validation": split}).save_to_disk(str(tmp_path / "saved"))
    sheet = read(tmp_path / "saved")
    assert (sheet.frame.rows(), sheet.test.rows()) == ([("a", "x")], [("a", "x")])
    assert "validation was left out" in sheet.findings[0].what


def test_one_saved_dataset_is_all_training_rows(tmp_path):
    datasets.Dataset.from_dict({"text": ["a"]}).save_to_disk(str(tmp_path / "saved"))
    assert read(tmp_path / "saved").test is None


def test_a_name_on_the_hub_that_cannot_be_had_is_one_clear_error(monkeypatch):
    def refuse(*_):
        raise ConnectionError("no route")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(NoSuchFile, match=r"hf:owner/name.*ConnectionError: no route"):
        read("hf:owner/name")


def test_folder_of_train_and_test_leaves_dev_out_and_says_so(tmp_path):
    for name, text in (("train", "a"), ("test", "b"), ("dev", "c")):
        (tmp_path / f"{name}.csv").write_text(f"text,label\n{text},x\n")
    sheet = read(tmp_path)
    assert (sheet.frame["text"].to_list(), sheet.test["text"].to_list()) == (["a"], ["b"])
    assert sheet.name == tmp_path.name
    assert ["dev.csv was left out" in finding.what for finding in sheet.findings] == [True]


def test_what_was_noticed_in_the_test_file_says_so(tmp_path):
    (tmp_path / "train.csv").write_text("text,label\na,x\n")
    (tmp_path / "test.csv").write_bytes("text,label\nplain words and café,x\n".encode("latin-1"))
    assert [(finding.check, finding.part) for finding in read(tmp_path).findings] == [("encoding", "test")]


def test_two_train_files_are_refused_by_name(tmp_path):
    (tmp_path / "train.csv").write_text("text\na\n")
    (tmp_path / "train.tsv").write_text("text\na\n")
    with pytest.raises(BadOption, match=r"got train\.csv, train\.tsv"):
        read(tmp_path)


def test_a_folder_without_train_says_what_is_there(tmp_path):
    (tmp_path / "notes.docx").write_text("x")
    with pytest.raises(NoSuchFile, match=r"wanted train\.\*.*got notes\.docx"):
        read(tmp_path)


def test_a_missing_file_offers_the_nearest_name(tmp_path):
    (tmp_path / "reviews.csv").write_text("text\na\n")
    with pytest.raises(NoSuchFile, match=r"Did you mean .*reviews\.csv") as caught:
        read(str(tmp_path / "revews.csv"))
    assert caught.value.exit_code == 2


def test_a_link_to_nothing_is_not_offered_again(tmp_path):
    (tmp_path / "reviews.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(NoSuchFile, match="a link to nothing") as caught:
        read(tmp_path / "reviews.csv")
    assert "Did you mean" not in str(caught.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(NoSuchFile, match="got no folder"):
        read(tmp_path / "none" / "reviews.csv")


def test_a_foreign_ending_is_refused_with_those_that_are_known(tmp_path):
    (tmp_path / "a.docx").write_text("x")
    with pytest.raises(UnreadableFile, match=r"wanted \.csv, \.tsv.*got '\.docx'"):
        read(tmp_path / "a.docx")


@pytest.mark.parametrize("ending", ["parquet", "arrow", "xlsx"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, ending):
    (tmp_path / f"a.{ending}").write_bytes(b"text,label\na,b\n")
    with pytest.raises(UnreadableFile, match=rf"a\.{ending}"):
        read(tmp_path / f"a.{ending}")


def test_a_broken_json_line_is_numbered(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n{"text": \n')
    with pytest.raises(UnreadableFile, match="got line 2, which is none"):
        read(tmp_path / "a.jsonl")


def test_json_numbers_and_strings_in_one_column_become_strings(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n{"x": "007"}\n{"y": true}\n')
    assert read(tmp_path / "a.jsonl").frame["x"].to_list() == ["1", "007", None]


def test_not_a_number_in_json_is_null(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a", "x": NaN}\n{"text": "b", "x": 1}\n')
    assert read(tmp_path / "a.jsonl").frame.rows() == [("a", None), ("b", 1.0)]


def test_json_values_of_kinds_that_do_not_mix_are_refused(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n{"x": [1]}\n{"x": {"y": 1}}\n{"x": [{"y": 2}]}\n')
    with pytest.raises(UnreadableFile, match="wanted values of one kind a key"):
        read(tmp_path / "a.jsonl")


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(BadOption, match="wanted columns of equal length"):
        read({"a": [1, 2], "b": [1]})


def test_an_empty_name_is_no_folder():
    with pytest.raises(NoSuchFile):
        read("")


def test_other_sheets_of_a_workbook_are_named(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        for name in ("first", "second"):
            book.add_worksheet(name).write_column(0, 0, ["text", name, "007"])
    sheet = read(tmp_path / "a.xlsx")
    assert sheet.frame["text"].to_list() == ["first", "007"]
    assert "only sheet 'first' was read, not second" in sheet.findings[0].what


def test_a_workbook_with_a_header_twice_is_refused(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["text", "text"])
        page.write_row(1, 0, ["a", "b"])
    with pytest.raises(DuplicateColumns, match="'text' in columns 1, 2"):
        read(tmp_path / "a.xlsx")


def test_tables_with_a_name_twice_are_refused():
    with pytest.raises(DuplicateColumns):
        read(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(DuplicateColumns):
        read(pa.table([[1], [2]], names=["a", "a"]))


@pytest.mark.parametrize("source", [TABLE.clear(), TABLE.clear().to_pandas(), TABLE.clear().to_arrow(), {}, []])
def test_tables_without_rows_are_refused(source):
    with pytest.raises(EmptyData):
        read(source)


def test_what_is_no_table_is_refused():
    with pytest.raises(BadOption, match="wanted a path, a table"):
        read(42)
