"""The model card: README.md in Hugging Face's format, a YAML head for machines and text for people."""

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rung.core.evidence import Score
from rung.core.hub import hub_name
from rung.core.types import FEATURES, Role
from rung.report import sentences, units
from rung.report.html import ReportData

TAGS = {
    "binary": "binary-classification",
    "multiclass": "multiclass-classification",
    "multilabel": "multi-label-classification",
    "regression": "regression",
}
HUB_METRICS = {  # names under which the hub's evaluation library knows our scores; others keep their own
    "macro_f1": "f1",
    "micro_f1": "f1",
    "mcc": "matthews_correlation",
    "spearman": "spearmanr",
    "r2": "r_squared",
}
PIPELINES = {
    Role.TEXT: "text-classification",
    Role.IMAGE: "image-classification",
    Role.AUDIO: "audio-classification",
}
LABELS = 40  # labels listed by name


def render(report: ReportData) -> str:
    """The card as Markdown text with its YAML head.

    The licence is that of the backbones where the winner uses some of one licence, else left to the owner ("other").
    Raises nothing for parts that are empty: they are left out.
    """
    evidence = report.evidence
    template = _environment().get_template("card.md.jinja")
    return template.render(
        head=_head(report).to_yaml(),
        report=report,
        evidence=evidence,
        closing=sentences.closing(evidence),
        protocol=sentences.protocol(evidence, report.manifest),
        backbones=[card for card in (_used(report), *report.beside) if card and _used(report)],
        inputs=[column for column in report.columns if column.role in FEATURES],
        from_files=[column.role for column in report.columns if column.role in (Role.IMAGE, Role.AUDIO)] != [],
        from_texts=[column.role for column in report.columns if column.role in FEATURES] in ([], [Role.TEXT]),
        target=next((column.name for column in report.columns if column.role is Role.TARGET), ""),
        serious=[finding for finding in report.findings if finding.severity != "note"],
        labels=evidence.labels[:LABELS],
        more_labels=len(evidence.labels[LABELS:]),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,  # noqa: S701  # Markdown, not HTML: `cell` and `prose` escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": cell,
        "prose": prose,
        "metric": units.title,
        "score": units.score,
        "number": units.number,
    }
    environment.globals |= {"count": units.count}
    return environment


def cell(text: object) -> str:
    r"""Text from the data as plain words in one Markdown line: nothing in it is markup, HTML or a column's end.

    >>> print(cell("a|b <i>*c*"))
    a\|b &lt;i&gt;\*c\*
    """
    return "".join(f"\\{c}" if c in "\\|*_`[]#" else c for c in _no_html(text))


def prose(text: object) -> str:
    """A sentence of Rung's own in one line: intervals keep their brackets, but no HTML and no link gets through.

    >>> prose("+1.2 [0.4, 2.1] pts over <b>")
    '+1.2 [0.4, 2.1] pts over &lt;b&gt;'
    """
    return _no_html(text).replace("](", "] (")


def _no_html(text: object) -> str:
    return " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _used(report: ReportData) -> Any:
    return None if report.evidence.winner in sentences.WITHOUT_BACKBONE else report.backbone


def _head(report: ReportData) -> ModelCardData:
    evidence, backbone = report.evidence, _used(report)
    mixed = backbone is not None and any(card.licence != backbone.licence for card in report.beside)
    regression = evidence.task == "regression"
    roles = {column.role for column in report.columns} or {Role.TEXT}
    kind = next((word for role, word in PIPELINES.items() if role in roles), "tabular-classification")
    pipeline = "tabular-regression" if regression else kind
    scores = [score for score in evidence.test.values() if math.isfinite(score.value)]
    return ModelCardData(
        license=backbone.licence.lower() if backbone and not mixed else "other",
        license_name=None if backbone and not mixed else "several" if mixed else "chosen-by-the-owner",
        library_name="rung",
        tags=["rung", "transfer-learning", TAGS.get(evidence.task, evidence.task)],
        pipeline_tag=pipeline,
        base_model=hub_name(backbone.id) if backbone else None,
        metrics=sorted({HUB_METRICS.get(score.name, score.name) for score in scores}) or None,
        model_name=_plain(report.name) or "rung-model",
        eval_results=_results(scores, pipeline, _plain(report.name)) or None,
    )


def _plain(name: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


def _results(scores: Sequence[Score], pipeline: str, dataset: str) -> list[EvalResult]:
    return [
        EvalResult(
            task_type=pipeline,
            dataset_type="private",
            dataset_name=dataset or "the user's table",
            dataset_split="test",
            metric_type=HUB_METRICS.get(score.name, score.name),
            metric_name=f"{units.title(score.name)}, 95 % interval {score.low:.4g} to {score.high:.4g}",
            metric_value=round(score.value, 6),
        )
        for score in scores
    ]
