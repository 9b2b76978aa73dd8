"""The demo's data is real text with its warts, but without the answer in the question."""

import re
import sys

import polars as pl
import pytest

from rung.data.docstrings import LONGEST, SHORTEST, SUBPACKAGES, collect, prose


@pytest.fixture(scope="module")
def table():
    return collect()


def test_there_are_thousands_of_rows_of_more_than_a_dozen_subpackages(table):
    labels = {f"{library}.{folder}" for library, folders in SUBPACKAGES.items() for folder in folders}
    assert set(table["label"]) == labels
    assert len(labels) > 12
    assert 2_500 < len(table) < 8_000


def test_the_imbalance_of_the_libraries_is_kept(table):
    counts = table["label"].value_counts()["count"]
    assert counts.max() > 5 * counts.min()


def test_duplicates_are_kept(table):
    assert table["text"].n_unique() < len(table)
    twice = table.filter(pl.col("text").is_duplicated()).group_by("text").agg(pl.col("name").n_unique())
    assert (twice["name"] > 1).any()


def test_no_text_holds_the_name_of_a_subpackage(table):
    names = "|".join(re.escape(label) for label in set(table["label"]))
    assert not table.filter(pl.col("text").str.contains(rf"\b({names})\b"))["text"].to_list()


def test_texts_are_words_of_a_readable_length(table):
    assert table["text"].str.len_chars().is_between(SHORTEST, LONGEST).all()
    assert not table["text"].str.contains(">>>|\n|-----|:func:").any()


def test_the_same_machine_gives_the_same_rows(table):
    assert collect().equals(table)


def test_the_seed_draws_the_rows_that_the_limit_leaves(table):
    first, again, other = (collect(20, seed=seed) for seed in (0, 0, 1))
    assert first["label"].value_counts()["count"].to_list() == [20] * table["label"].n_unique()
    assert first.equals(again)
    assert not first.equals(other)


def test_reading_sources_imports_none_of_them():
    import subprocess

    code = "import sys; from rung.data.docstrings import collect; collect(1); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("docstring", "text"),
    [
        ("Mean.\n\nParameters\n----------\nx : array", "Mean."),
        ("Parameters\n----------\nx : array", ""),
        ("=====\nTitle\n=====\n\nWords of it.", "Title Words of it."),
        ("Applies a layer.\n\nArgs:\n    x: input\n\nMore.", "Applies a layer."),
        ("abs(input, *, out=None) -> Tensor\n\nSize of it.", "Size of it."),
        ("See :class:`~torch.Tensor` and :func:`scipy.stats.norm`.", "See torch.Tensor and package.norm."),
        ("One.\n\n.. versionadded:: 1.0\n\n>>> 1\n1\n\nTwo.\n\nThree.", "One. Two."),
    ],
)
def test_only_the_opening_words_are_kept(docstring, text):
    assert prose(docstring) == text
