"""A fit decides from training rows alone, writes a whole run, and every option changes what it says it does."""

import json

import numpy as np
import polars as pl
import pytest

import rung
from rung.core.errors import (
    FolderInUse,
    NoBackbone,
    NoSuchColumn,
    NoSuchName,
    RungError,
    TooFewRows,
    UsageError,
)
from rung.core.evidence import Evidence
from rung.metrics.table import named
from rung.recipes.fit import fit

pytestmark = pytest.mark.journey

TIMES = ("seconds", "measured", "latency_ms", "predicted")


def decisions(evidence):
    """Everything that was decided, without the clock."""
    whole = evidence.to_json()
    return whole["winner"], [{k: v for k, v in step.items() if k not in TIMES} for step in whole["rungs"]]


@pytest.fixture
def steady(monkeypatch):
    """Every row takes a millisecond: what is decided by a clock is the same in two runs."""
    monkeypatch.setattr("rung.recipes.fit.milliseconds", lambda *_: 1.0)


@pytest.fixture(scope="module")
def fitted(stand_in, paragraphs, tmp_path_factory):
    """One run that these tests read and none changes."""
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch)
        yield fit(paragraphs, target="label", out=tmp_path_factory.mktemp("fitted") / "run")


def test_the_run_folder_holds_the_contract(fitted):
    names = {path.relative_to(fitted.path).as_posix() for path in fitted.path.rglob("*") if path.is_file()}
    for name in ("run.json", "evidence.json", "audit.json", "predictions.parquet", "report.html", "README.md"):
        assert name in names
    assert {"log.jsonl", "model/bundle.json", "model/head.safetensors", "model/reference.safetensors"} <= names
    assert not (fitted.path / "state").exists()


def test_evidence_survives_the_file(fitted):
    assert Evidence.from_json((fitted.path / "evidence.json").read_bytes()) == fitted.evidence


def test_every_test_score_can_be_made_again_from_predictions(fitted):
    kept = pl.read_parquet(fitted.path / "predictions.parquet").filter(pl.col("split") == "test")
    place = {label: i for i, label in enumerate(fitted.labels)}
    truth = np.array([place[label] for label in kept["target"]])
    probability = np.array(kept["delivered:p"].to_list(), np.float32)
    for name in ("accuracy", "log_loss", "macro_f1"):
        assert fitted.evidence.test[name].value == pytest.approx(named(name, fitted.task)(truth, probability), abs=1e-6)


def test_every_validation_score_can_be_made_again_from_predictions(fitted):
    kept = pl.read_parquet(fitted.path / "predictions.parquet").filter(pl.col("split") == "validation")
    for step in fitted.evidence.rungs:
        if step.status == "tried":
            right = (kept[step.name] == kept["target"]).mean()
            assert step.score.value == pytest.approx(right, abs=1e-6)


def test_poisoned_test_labels_change_no_decision(fake, steady, paragraphs, tmp_path):
    train, test = paragraphs[::2], paragraphs[1::2]
    poisoned = test.with_columns(pl.col("label").shuffle(seed=1))
    runs = []
    for name, part in (("clean", test), ("poisoned", poisoned)):
        part.write_csv(tmp_path / f"{name}.csv")
        runs.append(fit(train, target="label", test=tmp_path / f"{name}.csv", out=tmp_path / name))
    assert decisions(runs[0].evidence) == decisions(runs[1].evidence)
    assert runs[0].evidence.test["accuracy"].value > runs[1].evidence.test["accuracy"].value
    bundles = [(run.path / "model" / "head.safetensors").read_bytes() for run in runs]
    assert bundles[0] == bundles[1]


def test_rows_in_another_order_end_in_the_same_decisions(fake, paragraphs, tmp_path):
    one = fit(paragraphs, target="label", out=tmp_path / "one", max_rung="classic")
    two = fit(
        paragraphs.sample(fraction=1, shuffle=True, seed=3), target="label", out=tmp_path / "two", max_rung="classic"
    )
    assert one.manifest["data"]["fingerprint"] == two.manifest["data"]["fingerprint"]
    assert one.evidence.winner == two.evidence.winner
    assert one.evidence.test["accuracy"].value == pytest.approx(two.evidence.test["accuracy"].value, abs=0.02)


def test_no_row_is_embedded_twice(fake, paragraphs, tmp_path):
    fit(paragraphs, target="label", out=tmp_path / "run")
    names = 2 * paragraphs["label"].n_unique()  # of each class, in two templates
    assert fake.rows == paragraphs["text"].n_unique() + names


def test_the_metric_decides(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", metric="macro_f1", out=tmp_path / "run", max_rung="classic")
    assert run.evidence.metric == "macro_f1"
    assert run.evidence.rungs[0].score.name == "macro_f1"


def test_the_seed_changes_the_split(fake, paragraphs, tmp_path):
    splits = [
        fit(paragraphs, target="label", seed=seed, out=tmp_path / str(seed), max_rung="prior").manifest["data"]["split"]
        for seed in (0, 1)
    ]
    assert splits[0] != splits[1]


def test_max_rung_ends_the_ladder(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", max_rung="classic", out=tmp_path / "run")
    assert [step.name for step in run.evidence.rungs] == ["prior", "classic"]
    assert fake.rows == 0


def test_rungs_chooses_and_prior_always_stays(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", rungs="frozen", out=tmp_path / "run")
    assert [step.name for step in run.evidence.rungs] == ["prior", "frozen"]
    assert run.evidence.verdict("transfer") is None


def test_a_spent_budget_skips_rungs_by_name(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", budget="0.01s", out=tmp_path / "run")
    skipped = [(step.name, step.status) for step in run.evidence.rungs if step.name != "prior"]
    order = ("classic", "frozen", "contrastive", "partial", "lora", "full")  # contrastive has few rows' best chance
    assert skipped == [(name, "skipped") for name in order]
    assert run.evidence.stopped == "the budget"


def test_a_wrong_name_leaves_no_folder_behind(fake, paragraphs, tmp_path, monkeypatch):
    def missing(*_, **__):
        raise NoBackbone("backbone 'nope'", wanted="a folder", got="nothing")

    with pytest.raises(RungError):
        fit(paragraphs, target="label", out=tmp_path / "run", metric="acc")
    assert not (tmp_path / "run").exists()
    monkeypatch.setattr("rung.recipes.choice.load_backbone", missing)
    with pytest.raises(NoBackbone):
        fit(paragraphs, target="label", out=tmp_path / "run", backbone="nope")
    assert not (tmp_path / "run").exists()


def test_a_share_that_leaves_nothing_to_learn_from_is_refused(fake, paragraphs, tmp_path):
    with pytest.raises(TooFewRows, match="at least 10 rows to learn from"):
        fit(paragraphs, target="label", test=0.99, out=tmp_path / "run")


def test_the_test_share_is_a_share_of_rows(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", test=0.5, max_rung="prior", out=tmp_path / "run")
    assert run.evidence.rows["test"] == pytest.approx(len(paragraphs) / 2, abs=4)


def test_without_test_rows_nothing_is_claimed_of_unseen_ones(fake, paragraphs, tmp_path):
    run = fit(paragraphs, target="label", test=0, max_rung="classic", out=tmp_path / "run")
    assert run.evidence.test == {}
    assert run.evidence.verdict("transfer") is None


def test_a_group_never_straddles_train_and_test(fake, paragraphs, tmp_path):
    grouped = paragraphs.with_columns(pl.Series("author", [f"author {i % 40}" for i in range(len(paragraphs))]))
    run = fit(grouped, target="label", group="author", max_rung="prior", out=tmp_path / "run")
    rows = pl.read_parquet(run.path / "predictions.parquet")
    authors = {
        split: set(grouped["author"][rows.filter(pl.col("split") == split)["row"].to_list()].to_list())
        for split in ("validation", "test")
    }
    assert authors["test"]
    assert not authors["test"] & authors["validation"]


def test_with_time_the_newest_rows_are_the_test(fake, paragraphs, tmp_path):
    dated = paragraphs.sample(fraction=1, shuffle=True, seed=0).with_columns(
        pl.Series("day", [f"2024-{1 + i // 28 % 12:02d}-{1 + i % 28:02d}" for i in range(len(paragraphs))])
    )
    run = fit(dated, target="label", time="day", max_rung="prior", out=tmp_path / "run")
    rows = pl.read_parquet(run.path / "predictions.parquet")
    days = {
        split: dated["day"][rows.filter(pl.col("split") == split)["row"].to_list()] for split in ("validation", "test")
    }
    assert days["test"].min() > days["validation"].max()


def test_a_column_can_be_left_out(fake, paragraphs, tmp_path):
    often = pl.int_range(pl.len()) % 5 > 0  # trees would polish a perfect copy for a thousand rounds
    leaky = paragraphs.with_columns(pl.when(often).then(pl.col("label").str.to_uppercase()).alias("copy"))
    with_it = fit(leaky, target="label", out=tmp_path / "with", max_rung="classic")
    without = fit(leaky, target="label", column={"copy": "ignore"}, out=tmp_path / "without", max_rung="classic")
    assert with_it.evidence.test["accuracy"].value > without.evidence.test["accuracy"].value


def test_the_task_can_be_said(fake, paragraphs, tmp_path):
    counted = paragraphs.with_columns(pl.col("text").str.len_chars().mod(7).alias("n")).drop("label")
    assert fit(counted, target="n", max_rung="prior", out=tmp_path / "a").evidence.task == "multiclass"
    run = fit(counted, target="n", task="regression", max_rung="classic", out=tmp_path / "b")
    assert run.evidence.task == "regression"
    assert run.evidence.half_width > 0


def test_label_sets_walk_the_whole_ladder(fake, paragraphs, tmp_path):
    several = paragraphs.with_columns(
        pl.struct("label", "text")
        .map_elements(
            lambda row: f"{row['label']};{'long' if len(row['text']) > 200 else 'short'}", return_dtype=pl.String
        )
        .alias("label")
    )
    run = fit(several, target="label", task="multilabel", out=tmp_path / "run")
    assert {"micro_f1", "macro_f1", "lrap"} <= set(run.evidence.test)
    assert ";" in run.predict(paragraphs["text"][:1].to_list())[0]


def test_workers_are_the_threads_that_torch_uses(fake, paragraphs, tmp_path):
    import torch

    before = torch.get_num_threads()
    try:
        fit(paragraphs, target="label", workers=1, max_rung="prior", out=tmp_path / "run")
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_an_unknown_rung_is_answered_with_the_nearest(fake, paragraphs, tmp_path):
    with pytest.raises(NoSuchName, match="frozen"):
        fit(paragraphs, target="label", rungs="frozn", out=tmp_path / "run")


def test_a_missing_target_lists_the_columns(fake, paragraphs, tmp_path):
    with pytest.raises(UsageError, match="label"):
        fit(paragraphs, out=tmp_path / "run")
    with pytest.raises(NoSuchColumn, match="Did you mean 'label'"):
        fit(paragraphs, target="lable", out=tmp_path / "run")


def test_a_folder_in_use_is_not_overwritten(fitted, paragraphs):
    with pytest.raises(FolderInUse, match="Choose another"):
        fit(paragraphs, target="label", out=fitted.path)


def test_resuming_a_finished_run_returns_it(fitted, paragraphs):
    again = fit(paragraphs, target="label", out=fitted.path, resume=True)
    assert again.manifest == fitted.manifest


def test_an_interrupted_climb_goes_on_and_ends_in_the_same_evidence(fake, steady, paragraphs, tmp_path, monkeypatch):
    whole = fit(paragraphs, target="label", out=tmp_path / "whole")

    class Stop(BaseException):
        pass

    from rung.adapt.ladder import rungs

    frozen = next(rung for rung in rungs() if rung.name == "frozen")

    def stop(job):
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(type(frozen), "climb", lambda self, job: stop(job), raising=False)
        with pytest.raises(Stop):
            fit(paragraphs, target="label", out=tmp_path / "cut")
    assert not (tmp_path / "cut" / "run.json").exists()
    with pytest.raises(FolderInUse, match="--resume"):
        fit(paragraphs, target="label", out=tmp_path / "cut")
    with pytest.raises(FolderInUse, match="options and data"):
        fit(paragraphs, target="label", out=tmp_path / "cut", seed=5, resume=True)
    resumed = fit(paragraphs, target="label", out=tmp_path / "cut", resume=True)
    assert decisions(resumed.evidence) == decisions(whole.evidence)
    assert resumed.evidence.test == whole.evidence.test
    log = [json.loads(line) for line in (resumed.path / "log.jsonl").read_text().splitlines()]
    assert sum(line["event"] == "start" for line in log) == 2


def test_the_lobby_names_every_public_function():
    for name in rung.__all__:
        assert callable(getattr(rung, name))


def test_a_verb_is_called_by_its_name_though_a_room_has_it_too(fitted, paragraphs):
    import rung.evaluate.compare

    assert rung.evaluate(fitted, paragraphs).n == len(paragraphs)
    assert callable(rung.evaluate.compare.compare)
