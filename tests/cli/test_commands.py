"""The command line: right exit codes, one message, one JSON document, the rows of the input."""

import json
from contextlib import suppress

import polars as pl
import pytest

from rung.cli.main import VERBS
from rung.cli.watch import watched
from rung.core.evidence import RungEvidence

pytestmark = pytest.mark.journey


def test_help_lists_every_verb(rung):
    code, out, _ = rung("--help")
    assert code == 0
    for verb in VERBS:
        assert verb in out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_that_starts_with_its_line(rung, verb):
    code, out, _ = rung(verb, "--help")
    assert code == 0
    assert VERBS[verb].split(".")[0].split(":")[0][:40] in " ".join(out.split())


def test_fit_ends_in_three_sentences_and_the_report(rung, table, fake, tmp_path):
    code, out, _ = rung("fit", table, "--target", "label", "-o", tmp_path / "run")
    assert code == 0
    assert "classic" in out
    assert str(tmp_path / "run" / "report.html") in out
    assert max(len(line) for line in out.splitlines() if "report.html" not in line) <= 80


def test_fit_json_is_one_document_and_nothing_else(rung, table, fake, tmp_path):
    code, out, _ = rung("fit", table, "--target", "label", "-o", tmp_path / "run", "--max-rung", "classic", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["winner"] in {"prior", "classic"}


def test_predict_keeps_rows_and_order(rung, run_folder, table, tmp_path):
    code, _, err = rung("predict", run_folder, table, "-o", tmp_path / "p.csv")
    assert code == 0, err
    predicted, given = pl.read_csv(tmp_path / "p.csv"), pl.read_csv(table)
    assert predicted["row"].to_list() == list(range(len(given)))
    assert predicted.columns[1] == "prediction"
    assert {name for name in predicted.columns if name.startswith("p_")} == {f"p_{x}" for x in given["label"].unique()}
    assert (predicted["prediction"] == given["label"]).mean() > 0.8


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_the_ending_chooses_the_format(rung, run_folder, table, tmp_path, ending):
    assert rung("predict", run_folder, table, "-o", tmp_path / f"p.{ending}")[0] == 0
    reader = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}.get(ending)
    read = reader(tmp_path / f"p.{ending}") if reader else pl.read_csv(tmp_path / "p.tsv", separator="\t")
    assert len(read) == len(pl.read_csv(table))


def test_another_ending_is_refused_before_any_work(rung, run_folder, table, tmp_path):
    code, _, err = rung("predict", run_folder, table, "-o", tmp_path / "p.doc")
    assert code == 2
    assert ".parquet" in err


def test_evaluate_json_has_the_contract(rung, run_folder, table):
    code, out, _ = rung("evaluate", run_folder, table, "--slice", "label", "--json")
    assert code == 0
    found = json.loads(out)
    assert {"task", "metric", "n", "scores", "slices", "calibration", "confusion"} <= set(found)
    assert {"accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece"} <= set(found["scores"])
    assert set(found["scores"]["accuracy"]) == {"value", "low", "high"}
    assert found["n"] == len(pl.read_csv(table))
    assert sum(map(sum, found["confusion"])) == found["n"]


def test_labels_that_training_never_had_are_named_and_scored_as_errors(rung, run_folder, table, tmp_path):
    strange = pl.read_csv(table)[:40].with_columns(pl.lit("martian").alias("label"))
    strange.write_csv(tmp_path / "strange.csv")
    code, out, _ = rung("evaluate", run_folder, tmp_path / "strange.csv", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["scores"]["accuracy"]["value"] == 0
    assert any("martian" in finding["what"] for finding in found["findings"])


def test_compare_judges_two_runs_on_the_rows_they_kept_closed(rung, run_folder, table, tmp_path, fake):
    rung("fit", table, "--target", "label", "-o", tmp_path / "prior", "--max-rung", "prior")
    code, out, _ = rung("compare", run_folder, tmp_path / "prior", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["verdict"] == "first"
    assert found["difference"]["low"] > 0
    code, out, _ = rung("compare", tmp_path / "prior", run_folder)
    assert code == 0
    assert "better" in out


def test_two_runs_on_different_splits_need_rows_to_compare_on(rung, run_folder, table, tmp_path, fake):
    rung("fit", table, "--target", "label", "-o", tmp_path / "other", "--max-rung", "prior", "--seed", "1")
    assert rung("compare", run_folder, tmp_path / "other")[0] == 2
    code, out, _ = rung("compare", run_folder, tmp_path / "other", "--on", table)
    assert code == 0
    assert "is better than" in " ".join(out.split())


def test_report_and_card_are_made_again(rung, run_folder):
    (run_folder / "report.html").unlink()
    (run_folder / "README.md").unlink()
    assert rung("report", run_folder)[0] == 0
    assert rung("card", run_folder)[0] == 0
    assert (run_folder / "report.html").stat().st_size > 10_000
    assert (run_folder / "README.md").read_text().startswith("---\n")


def test_a_bundle_that_was_changed_is_refused_by_file(rung, run_folder, table, tmp_path):
    for name in ("bundle.json", "head.safetensors", "reference.safetensors"):
        path = run_folder / "model" / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-20])
        code, _, err = rung("predict", run_folder, table, "-o", tmp_path / "p.csv")
        assert (code, name in err) == (5, True)
        path.write_bytes(whole.replace(b"classic", b"classik") if name == "bundle.json" else whole[:-1] + b"\x00\x01")
        code, _, err = rung("predict", run_folder, table, "-o", tmp_path / "p.csv")
        assert (code, name in err) == (5, True)
        path.unlink()
        code, _, err = rung("predict", run_folder, table, "-o", tmp_path / "p.csv")
        assert (code, name in err) == (5, True)
        path.write_bytes(whole)
    assert rung("predict", run_folder, table, "-o", tmp_path / "p.csv")[0] == 0


def test_a_bundle_of_another_format_is_refused_by_name(rung, run_folder, table, tmp_path):
    path = run_folder / "model" / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 7}))
    code, _, err = rung("predict", run_folder, table, "-o", tmp_path / "p.csv")
    assert code == 5
    assert "format 7" in " ".join(err.split())


BAD = {
    "missing file": ("nowhere.csv", None, 2),
    "empty file": ("empty.csv", b"", 3),
    "header alone": ("header.csv", b"text,label\n", 3),
    "wrong column": ("wrong.csv", b"text,lable\n" + b"a word,x\n" * 30, 2),
    "all null": ("null.csv", b"text,label\n" + b"some words here,\n" * 30, 3),
    "one class": ("one.csv", b"text,label\n" + b"some words here,x\n" * 30, 3),
    "too few": ("few.csv", b"text,label\n" + b"some words here,x\nmore words there,y\n" * 4, 3),
    "ragged": ("ragged.csv", b"text,label\na b,x\na,b,c,d\n" + b"e f,y\n" * 30, 3),
    "undecodable": ("bytes.csv", bytes(range(256)) * 40, 3),
    "twice the same name": ("twice.csv", b"text,text,label\n" + b"a b,c d,x\n" * 30, 3),
    "nothing but ids": (
        "ids.csv",
        b"a,same,label\n" + b"".join(b"%d,x,%d\n" % (i, i % 2) for i in range(60)),
        3,
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_message_and_its_exit_code(rung, tmp_path, case, fake):
    name, content, expected = BAD[case]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, out, err = rung("fit", tmp_path / name, "--target", "label", "-o", tmp_path / "run")
    assert code == expected, err
    assert out == ""
    assert "Traceback" not in err
    assert ": wanted " in " ".join(err.split())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--backbone", "nope"), "backbone 'nope'"),
        (("--metric", "acc"), "Did you mean 'accuracy'?"),
        (("--max-rung", "frozn"), "Did you mean 'frozen'?"),
    ],
)
def test_a_wrong_word_is_wrong_use(rung, table, tmp_path, arguments, said):
    code, _, err = rung("fit", table, "--target", "label", "-o", tmp_path / "run", *arguments)
    assert (code, said in err) == (2, True), err


def test_a_run_that_is_not_there_is_wrong_use(rung, table):
    assert rung("predict", "nosuchrun", table, "-o", "said.csv")[0] == 2


def test_a_disk_that_can_not_be_written_is_one_message(rung, table, tmp_path, fake):
    (tmp_path / "file").write_text("in the way")
    code, _, err = rung("fit", table, "--target", "label", "-o", tmp_path / "file" / "run", "--max-rung", "prior")
    assert code == 2
    assert "-o" in err


def test_resuming_with_other_options_is_refused_though_the_run_is_finished(rung, run_folder, table, fake):
    code, _, err = rung("fit", table, "--target", "label", "-o", run_folder, "--max-rung", "prior", "--resume")
    assert code == 2
    assert "options and data" in " ".join(err.split())


def test_labels_that_training_never_had_are_said_while_fitting(rung, table, tmp_path, fake):
    known = pl.read_csv(table)[:40]
    strange = known.with_columns(
        pl.when(pl.int_range(len(known)) > 0).then(pl.lit("martian")).otherwise("label").alias("label")
    )
    strange.write_csv(tmp_path / "strange.csv")
    code, _, err = rung(
        "fit",
        table,
        "--target",
        "label",
        "--test",
        tmp_path / "strange.csv",
        "-o",
        tmp_path / "r",
        "--max-rung",
        "prior",
    )
    assert code == 0
    assert "martian" in err
    kept = pl.read_parquet(tmp_path / "r" / "predictions.parquet").filter(pl.col("split") == "test")
    assert kept["target"].to_list() == [known["label"][0], *["martian"] * (len(known) - 1)]


def test_an_id_column_that_is_named_like_an_answer_is_kept(rung, table, tmp_path, fake):
    named = pl.read_csv(table).with_row_index("prediction", 1000)
    named.write_csv(tmp_path / "named.csv")
    given = ["--target", "label", "--column", "prediction=id", "--max-rung", "prior"]
    assert rung("fit", tmp_path / "named.csv", *given, "-o", tmp_path / "r")[0] == 0
    assert rung("predict", tmp_path / "r", tmp_path / "named.csv", "-o", tmp_path / "p.csv")[0] == 0
    predicted = pl.read_csv(tmp_path / "p.csv")
    assert predicted["id"].to_list() == named["prediction"].to_list()
    assert set(predicted["prediction"]) <= set(named["label"])


def test_evaluate_names_the_metric_that_decided(rung, table, tmp_path, fake):
    rung("fit", table, "--target", "label", "-o", tmp_path / "r", "--max-rung", "prior", "--metric", "macro_f1")
    assert json.loads(rung("evaluate", tmp_path / "r", table, "--json")[1])["metric"] == "macro_f1"


def test_a_cell_of_ten_megabytes_is_said_and_survived(rung, table, tmp_path, fake):
    rows = pl.read_csv(table)
    rows = rows.with_columns(
        pl.when(pl.int_range(pl.len()) == 5).then(pl.lit("word " * 2_000_000)).otherwise(pl.col("text")).alias("text")
    )
    rows.write_csv(tmp_path / "big.csv")
    code, _, err = rung("fit", tmp_path / "big.csv", "--target", "label", "-o", tmp_path / "r", "--max-rung", "classic")
    assert code == 0, err
    assert "100,000 bytes" in " ".join(err.split())


def test_an_interruption_that_an_import_swallows_stops_the_next_beat():
    def swallowed_then_a_beat():
        with watched("Reading") as view:
            with suppress(KeyboardInterrupt):
                view.heard()
            view.finished(RungEvidence("prior", "tried"))

    with pytest.raises(SystemExit) as stop:
        swallowed_then_a_beat()
    assert stop.value.code == 130
