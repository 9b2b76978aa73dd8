"""The scores that the doors promise are there for each task, with intervals, confusion and calibration."""

import json

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, multilabel_confusion_matrix

from rung.core.types import Task
from rung.evaluate.protocol import as_json, calibration_block, confusion, scores
from rung.testing.checks_metric import case

CLASSIFICATION = {"accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece"}
PROMISED = {
    Task.BINARY: CLASSIFICATION | {"roc_auc", "average_precision", "mcc"},
    Task.MULTICLASS: CLASSIFICATION,
    Task.MULTILABEL: {"micro_f1", "macro_f1", "lrap"},
    Task.REGRESSION: {"r2", "rmse", "mae", "spearman", "coverage_90"},
}


@pytest.mark.parametrize("task", list(Task))
def test_every_promised_score_is_there_with_an_interval_around_it(task):
    target, noisy, _ = case(task, rows=150)
    found = scores(task, target, noisy, half_width=1.0 if task is Task.REGRESSION else None)
    assert PROMISED[task] <= set(found)
    for name, score in found.items():
        assert score.name == name
        assert score.low < score.high
        if name != "ece":  # biased upwards by resampling, so that its own value may lie below
            assert score.low <= score.value <= score.high


def test_only_gives_only_those():
    target, noisy, _ = case(Task.BINARY)
    every, one = scores(Task.BINARY, target, noisy), scores(Task.BINARY, target, noisy, only=("mcc",))
    assert one == {"mcc": every["mcc"]}


def test_the_seed_and_the_clusters_change_the_interval_but_not_the_value():
    target, noisy, _ = case(Task.BINARY)
    plain = scores(Task.BINARY, target, noisy, only=("macro_f1",))["macro_f1"]
    for other in (
        scores(Task.BINARY, target, noisy, only=("macro_f1",), seed=1)["macro_f1"],
        scores(Task.BINARY, target, noisy, only=("macro_f1",), cluster=np.arange(60) // 6)["macro_f1"],
    ):
        assert other.value == plain.value
        assert (other.low, other.high) != (plain.low, plain.high)


def test_coverage_counts_rows_inside_and_uses_wilson():
    said = np.zeros((40, 1), np.float32)
    found = scores(Task.REGRESSION, np.linspace(-1, 1, 40), said, half_width=5.0)["coverage_90"]
    assert found.value == found.high == 1.0
    assert found.low == pytest.approx(0.912, abs=1e-3)


def test_confusion_is_scikit_learns():
    target, noisy, _ = case(Task.MULTICLASS)
    assert confusion(target, noisy) == confusion_matrix(target, noisy.argmax(axis=1)).tolist()


def test_multilabel_confusion_is_scikit_learns_by_label():
    target, noisy, _ = case(Task.MULTILABEL)
    expected = multilabel_confusion_matrix(target, noisy >= 0.5).reshape(-1, 4)
    assert confusion(target, noisy) == expected.tolist()


def test_unknown_labels_have_a_last_row_of_their_own():
    target, noisy, _ = case(Task.MULTICLASS)
    target[:5] = -1
    table = confusion(target, noisy)
    assert len(table) == noisy.shape[1] + 1
    assert sum(table[-1]) == 5


def test_a_score_that_is_not_defined_is_null_in_json():
    target, noisy, _ = case(Task.BINARY)
    found = as_json(scores(Task.BINARY, target * 0, noisy))
    assert found["roc_auc"] == {"value": None, "low": None, "high": None}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_calibration_block_is_plain_data():
    target, noisy, _ = case(Task.BINARY)
    ece = scores(Task.BINARY, target, noisy)["ece"]
    block = calibration_block(target, noisy, ece, temperature=1.5)
    assert json.loads(json.dumps(block)) == block
    assert block["temperature"] == 1.5
    assert sum(part["count"] for part in block["reliability"]) == len(target)
