"""The model card's head is YAML that the hub reads, its text keeps the data's words harmless."""

from dataclasses import replace

import pytest
import yaml
from made_up_evidence import EVERY, evidence, few_classes, many_classes, regression
from made_up_parts import BACKBONE

from rung.core.evidence import Score
from rung.core.types import Column, Role
from rung.report.card import render


def head_of(text):
    assert text.startswith("---\n")
    return yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_the_head_is_yaml_with_library_and_licence(make):
    head = head_of(render(make()))
    assert head["library_name"] == "rung"
    assert head["license"]
    assert "rung" in head["tags"]


def test_results_are_the_test_scores():
    found = head_of(render(many_classes()))["model-index"][0]["results"]
    metrics = {metric["type"]: metric["value"] for result in found for metric in result["metrics"]}
    assert metrics["accuracy"] == pytest.approx(0.929)
    assert metrics["f1"] == pytest.approx(0.928)
    assert {result["dataset"]["split"] for result in found} == {"test"}


def test_a_score_that_is_not_a_number_is_no_result():
    nothing = Score("roc_auc", float("nan"), 0.0, 1.0)
    head = head_of(render(replace(many_classes(), evidence=evidence(test={"roc_auc": nothing}))))
    assert "model-index" not in head


def test_base_model_and_licence_are_named_only_where_the_winner_has_a_backbone():
    with_backbone, without = head_of(render(many_classes())), head_of(render(few_classes()))
    assert (with_backbone["base_model"], with_backbone["license"]) == (
        "sentence-transformers/all-MiniLM-L6-v2",
        "apache-2.0",
    )
    assert "base_model" not in without
    assert without["license"] == "other"


@pytest.mark.parametrize(
    ("identity", "named"),
    [("hf:owner/name@v2", "owner/name"), ("/models/mine", None), ("./models/mine", None), ("mine", None)],
)
def test_a_local_folder_is_never_published_as_base_model(identity, named):
    report = replace(many_classes(), backbone=replace(BACKBONE, id=identity))
    assert head_of(render(report)).get("base_model") == named


def test_the_pipeline_follows_task_and_columns():
    table = tuple(column for column in many_classes().columns if column.role is not Role.TEXT)
    assert head_of(render(many_classes()))["pipeline_tag"] == "text-classification"
    assert head_of(render(replace(many_classes(), columns=table)))["pipeline_tag"] == "tabular-classification"
    assert head_of(render(regression()))["pipeline_tag"] == "tabular-regression"


def test_a_hostile_name_neither_breaks_the_head_nor_makes_markup():
    evil = 'a: [b]\n---\n# "x" <img src=x> | \u2028 ☕'
    report = replace(many_classes(), name=evil, columns=(Column(evil, Role.TARGET),))
    text = render(report)
    head = head_of(text)
    assert head["library_name"] == "rung"
    assert "☕" in head["model-index"][0]["name"]
    body = text.split("\n---\n", 1)[1]
    assert "<img" not in body
    assert "\n---\n" not in body


def test_the_card_says_how_to_load_and_where_its_limits_are():
    text = render(many_classes())
    for part in (
        "rung.load(",
        "## Intended use",
        "## Training data",
        "## Evaluation",
        "0.929 [0.920, 0.938]",
        "## Limits",
    ):
        assert part in text
