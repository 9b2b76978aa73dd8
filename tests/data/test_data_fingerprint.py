"""Fingerprints: same content, same hash; anything else, another."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.core.types import Fold, Plan
from rung.data.fingerprint import fingerprint, split_hash
from rung.data.read import read

TABLES = st.lists(st.tuples(st.none() | st.text(max_size=5), st.none() | st.integers(-9, 9)), min_size=1, max_size=8)


def table(rows):
    return pl.DataFrame(rows, schema={"a": pl.String, "b": pl.Int64}, orient="row")


@settings(max_examples=30, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_row_and_column_order_do_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert fingerprint(table(shuffled).select("b", "a")) == fingerprint(table(rows))


@settings(max_examples=30, deadline=None)
@given(TABLES, TABLES)
def test_other_rows_have_another_fingerprint(rows, others):
    same = sorted(map(repr, rows)) == sorted(map(repr, others))
    assert (fingerprint(table(rows)) == fingerprint(table(others))) == same


def test_the_file_format_does_not_matter(tmp_path):
    frame = pl.DataFrame({"text": ["a", "b"], "x": [0.5, 2.0], "n": [1, None]})
    frame.write_csv(tmp_path / "a.csv")
    frame.write_parquet(tmp_path / "a.parquet")
    assert fingerprint(read(tmp_path / "a.csv").frame) == fingerprint(read(tmp_path / "a.parquet").frame)


def test_names_and_nested_values_count():
    assert fingerprint(pl.DataFrame({"a": [1]})) != fingerprint(pl.DataFrame({"b": [1]}))
    assert fingerprint(pl.DataFrame({"a": [["x"]]})) != fingerprint(pl.DataFrame({"a": [["y"]]}))


def test_the_split_hash_follows_content_not_places():
    def made(order, validation):
        keys = [b"abcd"[i : i + 1] for i in order]
        rows = np.array([order.index(i) for i in validation])
        return split_hash(keys, [b"t"], Plan("holdout", (Fold(np.delete(np.arange(4), rows), rows),), np.arange(4)))

    assert made([0, 1, 2, 3], [0]) == made([3, 1, 0, 2], [0])
    assert made([0, 1, 2, 3], [0]) != made([0, 1, 2, 3], [1])
