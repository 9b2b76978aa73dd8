"""Whoever scores rows that trained is told, whole table or a part of it; new rows raise nothing."""

import numpy as np
import polars as pl
import pytest

from rung.core.errors import BundleError
from rung.recipes.compare import compare
from rung.recipes.fit import fit
from rung.recipes.predictions import KNOWN
from rung.recipes.run import load


@pytest.fixture(scope="module")
def known(paragraphs):
    return paragraphs.sample(fraction=1, shuffle=True, seed=1).head(200)


@pytest.fixture(scope="module")
def new(paragraphs, known):
    return paragraphs.join(known, on="text", how="anti")


@pytest.fixture(scope="module")
def run(known, new, tmp_path_factory):
    folder = tmp_path_factory.mktemp("known")
    return fit(known, target="label", test=new, max_rung="classic", out=folder / "run")


def told(found):
    return [finding for finding in found.findings if finding.check == "training_rows"]


def test_the_table_it_learnt_from_is_known_in_any_order(run, known):
    for rows in (known, known.reverse()):
        (finding,) = told(run.evaluate(rows))
        assert "this is the table" in finding.what


def test_a_part_of_the_training_rows_is_known_by_number(run, known, new):
    (finding,) = told(run.evaluate(pl.concat([new.head(30), known.head(12), new.tail(1)])))
    assert finding.rows == tuple(range(30, 42))
    assert finding.severity == "warn"
    assert finding.what.startswith("12 of 43 rows are rows that the model was made from")


def test_spacing_and_case_do_not_hide_a_row(run, known, new):
    dressed = known.head(1).with_columns(pl.col("text").str.to_uppercase() + "  ")
    (finding,) = told(run.evaluate(pl.concat([new.head(20), dressed])))
    assert finding.rows == (20,)
    assert "1 of 21 rows is one that the model was made from" in finding.what


def test_new_rows_raise_nothing(run, new):
    assert not told(run.evaluate(new))


def test_test_rows_that_were_held_out_are_new(paragraphs, tmp_path):
    run = fit(paragraphs, target="label", max_rung="classic", out=tmp_path / "run")
    kept = pl.read_parquet(run.path / "predictions.parquet").filter(pl.col("split") == "test")["row"].unique()
    assert not told(run.evaluate(paragraphs[kept.sort().to_list()]))


def test_comparing_on_training_rows_warns_too(run, known, new):
    assert len(told(compare(run, run, on=known.head(30)))) == 1
    assert not told(compare(run, run, on=new))


def test_equal_rows_of_a_coarse_table_are_no_copies(tmp_path):
    draw = np.random.default_rng(0)
    made = pl.DataFrame({"a": draw.integers(4, size=400), "b": draw.integers(3, size=400)})
    made = made.with_columns(label=pl.when(pl.col("a") + draw.integers(2, size=400) > 2).then(1).otherwise(0))
    run = fit(made.head(300), target="label", column={"a": "category", "b": "category"}, out=tmp_path / "run")
    assert not told(run.evaluate(made.tail(100)))


def test_equal_rows_of_a_fine_table_may_be_chance_too(tmp_path):
    draw = np.random.default_rng(1)
    made = pl.DataFrame({"age": draw.integers(18, 78, size=500), "score": draw.integers(1, 51, size=500)})
    made = made.with_columns(y=pl.col("age") + draw.normal(size=500))
    run = fit(made.head(300), target="y", max_rung="classic", out=tmp_path / "run")
    assert made.tail(200).join(made.head(300), on=["age", "score"], how="semi").height  # there are such rows
    assert not told(run.evaluate(made.tail(200)))


def test_rows_without_their_text_are_not_taken_for_one_another(known, new, tmp_path):
    holes = [
        rows.with_columns(
            text=pl.when(pl.int_range(pl.len()) % 4 == 0).then(pl.lit("")).otherwise("text"),
            shop=pl.int_range(pl.len()) % 3,
        )
        for rows in (known, new)
    ]
    run = fit(holes[0], target="label", column={"shop": "category"}, max_rung="classic", out=tmp_path / "run")
    assert not told(run.evaluate(holes[1]))


def test_a_run_without_its_file_of_known_rows_says_so(run, new, tmp_path):
    import shutil

    shutil.copytree(run.path, tmp_path / "run")
    (tmp_path / "run" / KNOWN).unlink()
    with pytest.raises(BundleError, match=KNOWN):
        load(tmp_path / "run").evaluate(new)


def test_the_report_names_the_file_as_it_is(run):
    assert KNOWN in (run.path / "report.html").read_text()


def test_the_bundle_carries_no_rows(run):
    assert not list((run.path / "model").glob("**/*.parquet"))
