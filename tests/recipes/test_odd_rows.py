"""Rows that do not fit the model's eyes are said, wherever they are scored."""

import polars as pl
import pytest

from rung.core.errors import BadOption, BadShape
from rung.recipes.fit import fit

pytestmark = pytest.mark.journey


def checks(findings):
    return {finding.check for finding in findings}


def kept(run):
    import json

    return {finding["check"] for finding in json.loads((run.path / "audit.json").read_text())["findings"]}


def test_test_rows_come_as_a_table_too(fake, paragraphs, tmp_path):
    run = fit(paragraphs[:240], target="label", test=paragraphs[240:], max_rung="classic", out=tmp_path / "run")
    assert run.evidence.rows["test"] == len(paragraphs) - 240


def test_a_group_on_both_sides_of_a_given_test_file_is_said(fake, paragraphs, tmp_path):
    table = paragraphs.with_columns(house=pl.int_range(len(paragraphs)) % 40)
    run = fit(
        table[:240], target="label", test=table[240:], group="house", max_rung="prior", out=tmp_path / "run"
    )  # fmt: skip
    assert "shared_groups" in kept(run)


def test_a_cell_that_cannot_be_read_is_said_where_rows_are_scored(fake, paragraphs, tmp_path):
    table = paragraphs.with_columns(n=pl.int_range(len(paragraphs)) % 50)
    odd = table[240:].with_columns(n=pl.lit("many"))
    run = fit(table[:240], target="label", test=odd, max_rung="classic", out=tmp_path / "run")
    assert "unreadable_cell" in kept(run)
    assert "unreadable_cell" in checks(run.evaluate(odd).findings)
    assert "unreadable_cell" not in checks(run.evaluate(table).findings)


def test_label_sets_with_a_label_no_model_knew_are_errors(fake, paragraphs, tmp_path):
    table = paragraphs.with_columns(label=pl.concat_list(pl.col("label"), pl.lit("all")))
    run = fit(table, target="label", max_rung="classic", out=tmp_path / "run")
    foreign = table.with_columns(label=pl.concat_list(pl.col("label"), pl.lit("zebra")))
    known, strange = run.evaluate(table), run.evaluate(foreign)
    assert strange.scores["micro_f1"].value < known.scores["micro_f1"].value - 0.1
    assert len(known.confusion) == len(run.labels)
    zebra_alone = table.with_columns(label=pl.concat_list(pl.lit("zebra")))
    assert run.evaluate(zebra_alone).scores["lrap"].value < 0.5


def test_a_metric_that_guessing_wins_is_refused(fake, paragraphs, tmp_path):
    with pytest.raises(BadOption, match="ece, where guessing wins"):
        fit(paragraphs, target="label", metric="ece", out=tmp_path / "run")


def test_a_list_of_texts_for_a_model_of_several_columns_names_them(fake, paragraphs, tmp_path):
    table = paragraphs.with_columns(n=pl.int_range(len(paragraphs)) % 50)
    run = fit(table, target="label", max_rung="classic", out=tmp_path / "run")
    with pytest.raises(BadShape, match=r"a table with the columns .*n.*, got a list of texts"):
        run.predict(["a new row"])
    assert 'model.predict("new_rows.csv")' in (run.path / "README.md").read_text()
