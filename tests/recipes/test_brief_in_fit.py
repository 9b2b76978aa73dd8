"""A climb in which a budget let some of the folds judge, all the way: run folder, report, a kill and a resume."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import rung
from rung.adapt.costs import predicted
from rung.recipes.refit import NOT_REFITTED
from rung.testing.toys import tiny, toy_table

BRIEF = {"k": 1, "epochs": 2, "times": 10.0}


@pytest.fixture
def fitted(tmp_path, monkeypatch):
    """Fit classic and partial, the latter with time for two of five folds."""
    backbone = str(tiny("bert", tmp_path / "bert"))
    table = toy_table(120, seed=2).select("text", "label")

    def fit(name, folds=2, **more):
        def cost(rung, job):
            return replace(predicted(rung, job), settings={"partial.brief": BRIEF, "partial.folds": folds})

        monkeypatch.setattr("rung.adapt.tuned.in_brief", cost)
        options = {"rungs": "classic,partial", "budget": "1h", "test": 0.3, "ensemble": True, "backbone": backbone}
        return rung.fit(table, target="label", out=tmp_path / name, **(options | more))

    return fit


def test_all_rungs_are_scored_on_the_rows_of_the_folds_that_judged_all(fitted):
    run = fitted("run")
    rows = run.evidence.rows
    assert (rows["folds"], rows["repeats"]) == (2, 1)
    assert rows["validation"] < rows["train"]
    kept = pl.read_parquet(run.path / "predictions.parquet").filter(pl.col("split") == "validation")
    assert len(kept) == rows["validation"]
    steps = {step.name: step for step in run.evidence.rungs}
    for name in ("prior", "classic", "partial"):
        assert steps[name].score.value == pytest.approx((kept[name] == kept["target"]).mean())
    notes = next(step.notes for step in run.evidence.rungs if step.name == "partial")
    assert any("judged in 2 of 5 folds" in note for note in notes)
    assert f"{rows['validation']} judged the rungs once a repeat" in (run.path / "report.html").read_text()


def test_resumed_after_the_last_rung_it_ends_in_the_same_evidence(fitted, monkeypatch):
    whole = fitted("whole").evidence

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("rung.recipes.fit.with_ensemble", killed)
        with pytest.raises(KeyboardInterrupt):
            fitted("cut")
    again = fitted("cut", resume=True).evidence
    assert again.winner == whole.winner
    assert again.rows == whole.rows
    assert [(step.name, step.score, step.gain) for step in again.rungs] == [
        (step.name, step.score, step.gain) for step in whole.rungs
    ]


def test_of_one_fold_without_time_for_more_its_model_is_delivered(fitted, monkeypatch):
    monkeypatch.setattr("rung.recipes.refit.to_refit", lambda *_: float("inf"))
    monkeypatch.setitem(BRIEF, "epochs", 8)
    run = fitted("run", folds=1, rungs="partial", metric="log_loss")
    assert run.evidence.winner == "partial"
    assert (run.evidence.rows["folds"], run.evidence.rows["repeats"]) == (0, 1)  # one share of the rows
    assert run.evidence.trained_on == NOT_REFITTED
    texts = toy_table(20, seed=3)["text"].to_list()
    assert np.isfinite(rung.load(run.path).predict_proba(texts)).all()
