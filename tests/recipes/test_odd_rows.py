"""Rows that do not fit the model's eyes are said, wherever they are scored."""

import polars as pl
import pytest

from rung.core.errors import BadOption, BadShape, BadTarget, LacksColumns, TooFewRows
from rung.recipes.compare import compare
from rung.recipes.fit import fit
from rung.recipes.predict import predict

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def mixed(paragraphs):
    """The paragraphs with their labels in no order."""
    return paragraphs.sample(fraction=1.0, shuffle=True, seed=0)


def checks(findings):
    return {finding.check for finding in findings}


def kept(run):
    import json

    return {finding["check"] for finding in json.loads((run.path / "audit.json").read_text())["findings"]}


def test_test_rows_come_as_a_table_too(fake, mixed, tmp_path):
    run = fit(mixed[:240], target="label", test=mixed[240:], max_rung="classic", out=tmp_path / "run")
    assert run.evidence.rows["test"] == len(mixed) - 240


def test_a_group_on_both_sides_of_a_given_test_file_is_said(fake, mixed, tmp_path):
    table = mixed.with_columns(house=pl.int_range(len(mixed)) % 40)
    run = fit(
        table[:240], target="label", test=table[240:], group="house", max_rung="prior", out=tmp_path / "run"
    )  # fmt: skip
    assert "shared_groups" in kept(run)


def test_a_cell_that_cannot_be_read_is_said_where_rows_are_scored(fake, mixed, tmp_path):
    table = mixed.with_columns(n=pl.int_range(len(mixed)) % 50)
    odd = table[240:].with_columns(n=pl.lit("many"))
    run = fit(table[:240], target="label", test=odd, max_rung="classic", out=tmp_path / "run")
    assert "unreadable_cell" in kept(run)
    assert "unreadable_cell" in checks(run.evaluate(odd).findings)
    assert "unreadable_cell" not in checks(run.evaluate(table).findings)


def test_test_labels_that_cannot_be_read_are_told_before_the_climb_with_their_file(fake, paragraphs, tmp_path):
    table = paragraphs.with_columns(label=pl.int_range(len(paragraphs)) % 97)
    odd = table[240:].with_columns(label=pl.int_range(len(table) - 240).cast(pl.String).replace("3", "many"))
    odd.write_csv(tmp_path / "odd.csv")
    with pytest.raises(BadTarget, match=r"target 'label' of .*odd.csv: .* got 'many' in row 3\.") as caught:
        fit(table[:240], target="label", test=tmp_path / "odd.csv", max_rung="classic", out=tmp_path / "run")
    assert caught.value.exit_code == 3
    assert not (tmp_path / "run").exists()


def test_test_rows_without_any_label_are_refused_before_the_climb(fake, mixed, tmp_path):
    blank = mixed[240:].with_columns(label=pl.lit(None, dtype=pl.String))
    with pytest.raises(TooFewRows, match=f"the test rows: wanted a row with a label, got none in {len(blank)} rows"):
        fit(mixed[:240], target="label", test=blank, max_rung="classic", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_test_rows_whose_labels_are_all_strange_are_refused_before_the_climb(fake, mixed, tmp_path):
    strange = mixed[240:].with_columns(label=pl.lit("odd"))
    with pytest.raises(BadTarget, match=r"the test rows: wanted labels that training has .*, got none .* but 'odd'"):
        fit(mixed[:240], target="label", test=strange, max_rung="classic", out=tmp_path / "run")
    one_known = pl.concat([mixed[239:240], strange])
    assert "unknown_label" in kept(
        fit(mixed[:239], target="label", test=one_known, max_rung="prior", out=tmp_path / "run")
    )


def test_test_rows_without_the_column_of_time_are_said_to_be_of_no_known_time(fake, mixed, tmp_path):
    table = mixed.with_columns(day=pl.int_range(len(mixed)) + 20_000)
    how = {"target": "label", "time": "day", "max_rung": "prior"}
    assert "undated" in kept(fit(table[:240], test=table[240:].drop("day"), out=tmp_path / "a", **how))
    assert "undated" not in kept(fit(table[:240], test=table[240:], out=tmp_path / "b", **how))


def test_all_columns_that_test_rows_lack_are_named_at_once(fake, paragraphs, tmp_path):
    table = paragraphs.with_columns(n=pl.int_range(len(paragraphs)) % 50)
    with pytest.raises(LacksColumns, match=r"the test rows: wanted columns 'label', 'n', got text") as caught:
        fit(table[:240], target="label", test=table[240:].select("text"), out=tmp_path / "run")
    assert caught.value.exit_code == 2


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


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64, pl.Boolean])
def test_labels_come_back_as_the_table_had_them(fake, paragraphs, tmp_path, kind):
    first = min(paragraphs["label"].unique())
    table = paragraphs.with_columns(label=(pl.col("label") == first).cast(pl.Int8).cast(kind))
    run = fit(table, target="label", max_rung="classic", out=tmp_path / "run")
    said = run.predict(table["text"].to_list()[:40])
    assert set(said.tolist()) == set(table["label"].unique().to_list())
    assert {type(label) for label in said.tolist()} == {type(table["label"][0])}
    assert predict(run, table[:40])["prediction"].dtype == kind
    assert run.evaluate(table).scores["accuracy"].value > 0.8


def test_test_rows_that_group_and_time_make_old_are_said(fake, paragraphs, tmp_path):
    n = len(paragraphs)
    table = paragraphs.with_columns(
        house=pl.int_range(n) // 20, year=2000 + pl.int_range(n) // 20 + pl.int_range(n) % 3
    )
    together = fit(table, target="label", group="house", time="year", max_rung="prior", out=tmp_path / "both")
    alone = fit(table, target="label", time="year", max_rung="prior", out=tmp_path / "time")
    assert "older_test_rows" in kept(together)
    assert "older_test_rows" not in kept(alone)


def test_cells_that_hold_several_labels_are_said_to_be_classes(fake, paragraphs, tmp_path):
    table = paragraphs.with_columns(label=pl.concat_str("label", pl.lit(";all")))
    run = fit(table, target="label", max_rung="prior", out=tmp_path / "run")
    assert "label_sets" in kept(run)
    sets = fit(table, target="label", task="multilabel", max_rung="prior", out=tmp_path / "sets")
    assert "label_sets" not in kept(sets)
    why = {column["name"]: column["why"] for column in sets.manifest["columns"]}
    assert "multilabel" in why["label"]


def test_rare_labels_of_rows_that_are_scored_are_no_finding(fake, paragraphs, tmp_path):
    table = paragraphs.with_columns(label=pl.concat_list(pl.col("label"), pl.lit("all")))
    run = fit(table, target="label", max_rung="prior", out=tmp_path / "run")
    assert "rare_class" not in checks(run.evaluate(table[:4]).findings)


def test_rows_without_text_are_said_where_they_are_scored_and_predicted(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", max_rung="classic", out=tmp_path / "run")
    odd = paragraphs[:9].with_columns(text=pl.when(pl.int_range(9) == 4).then(pl.lit(" ")).otherwise("text"))
    assert [finding.rows for finding in run.evaluate(odd).findings if finding.check == "empty_text"] == [(4,)]
    noticed = []
    assert predict(run, odd, notice=noticed.append).height == 9
    assert [finding.rows for finding in noticed] == [(4,)]


@pytest.mark.parametrize("odd", [["a", 3], [["a"], ["b"]], [{"text": "a"}, 1.5]])
def test_a_list_that_is_neither_texts_nor_rows_is_refused(fake, paragraphs, tmp_path, odd):
    run = fit(paragraphs, target="label", max_rung="prior", out=tmp_path / "run")
    with pytest.raises(BadShape, match="a list of texts, or of dicts"):
        run.predict(odd)


def test_a_backbone_that_no_rung_uses_is_refused(paragraphs, tmp_path):
    with pytest.raises(BadOption, match="a rung that uses one"):
        fit(paragraphs, target="label", max_rung="classic", backbone="nope", out=tmp_path / "run")


def test_a_test_share_far_from_what_was_asked_is_said(fake, paragraphs, tmp_path):
    row = pl.int_range(len(paragraphs))
    table = paragraphs.with_columns(year=pl.when(row < 50).then(2000).when(row < 100).then(2001).otherwise(2002))
    far = fit(table, target="label", time="year", max_rung="prior", out=tmp_path / "far")
    near = fit(paragraphs, target="label", max_rung="prior", out=tmp_path / "near")
    assert "test_share" in kept(far)
    assert "test_share" not in kept(near)


def test_rows_without_text_do_not_clash(fake, paragraphs, tmp_path):
    row, labels = pl.int_range(len(paragraphs)), paragraphs["label"].unique().sort().to_list()
    table = paragraphs.with_columns(
        text=pl.when(row < 8).then(pl.lit("")).otherwise("text"),
        label=pl.when(row < 8).then(pl.lit(labels[0])).otherwise("label"),
    ).with_columns(label=pl.when(row == 0).then(pl.lit(labels[1])).otherwise("label"))
    found = kept(fit(table, target="label", max_rung="prior", out=tmp_path / "run"))
    assert "empty_text" in found
    assert "conflicting_labels" not in found


def test_an_id_that_training_did_not_have_is_kept(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", max_rung="prior", out=tmp_path / "run")
    said = predict(run, paragraphs[:3].with_columns(id=pl.Series(["k0", "k1", "k2"])))
    assert said["id"].to_list() == ["k0", "k1", "k2"]
    assert "row" in predict(run, paragraphs[:3]).columns


def test_predictions_do_not_take_the_place_of_the_data(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", max_rung="prior", out=tmp_path / "run")
    paragraphs[:3].write_csv(tmp_path / "new.csv")
    with pytest.raises(BadOption, match="another file than the data"):
        predict(run, tmp_path / "new.csv", out=tmp_path / "new.csv")


def test_every_row_of_the_confusion_has_a_name(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", max_rung="prior", out=tmp_path / "run")
    strange = paragraphs[:9].with_columns(label=pl.lit("zebra"))
    for rows, more in ((paragraphs, []), (strange, ["(not in training)"])):
        said = run.evaluate(rows).to_json()
        assert said["confusion_rows"] == [*run.labels, *more]
        assert len(said["confusion"]) == len(said["confusion_rows"])


def test_runs_of_other_labels_are_not_compared(fake, paragraphs, tmp_path):
    one = fit(paragraphs, target="label", max_rung="prior", out=tmp_path / "one")
    first = paragraphs["label"][0]
    fewer = paragraphs.filter(pl.col("label") != first)
    two = fit(fewer, target="label", max_rung="prior", out=tmp_path / "two")
    with pytest.raises(BadOption, match=f"{first!r} in one alone"):
        compare(one, two, on=fewer)
