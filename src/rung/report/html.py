"""The report: one self-contained page with no script and nothing fetched, read on a screen, a phone or paper."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rung.core.contracts import BackboneCard
from rung.core.evidence import Evidence
from rung.core.types import Column, Finding
from rung.report import confusion, figures, reproduce, sentences, units
from rung.report.figures import Bin
from rung.report.ranking import short_names

HEAT = 15  # classes that still fit a heat table; more are shown as the most confused pairs
ROWS = 20  # row numbers shown of one finding; audit.json has them all
FINDINGS = 40
LONG = 280  # characters shown of one text
MOST_SERIOUS = ("block", "warn", "note")


@dataclass(frozen=True)
class ReportData:
    """All that the page and the card show; every part but the evidence may be empty.

    made: ISO time. confusion: (C, C) counts on test rows, rows truth, columns prediction, in the order of
    evidence.labels. reliability, reliability_after: bins before and after calibration. residuals: prediction minus
    truth on test rows (regression). worst: the most confident errors on test rows, dicts with row, text, truth,
    prediction, confidence. manifest: versions, seed, options, machine, timings, data hashes, as run.json has them.
    """

    evidence: Evidence
    name: str
    made: str
    columns: tuple[Column, ...] = ()
    findings: tuple[Finding, ...] = ()
    confusion: Sequence[Sequence[int]] = ()
    reliability: Sequence[Bin] = ()
    reliability_after: Sequence[Bin] = ()
    residuals: Sequence[float] = ()
    worst: Sequence[Mapping[str, Any]] = ()
    backbone: BackboneCard | None = None
    beside: tuple[BackboneCard, ...] = ()  # backbones of other kinds of columns
    manifest: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """One part of the page: its anchor, its heading, its template."""

    anchor: str
    heading: str
    template: str


def render(report: ReportData) -> str:
    """The whole page as HTML text. Everything that came from the data is escaped.

    Raises nothing for parts that are empty: they are left out.
    """
    sections = _sections(report)
    return _environment().get_template("report.html.jinja").render(report=report, sections=sections, **_context(report))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "score": lambda score: unbroken(units.score(score)),
        "unbroken": unbroken,
        "number": units.number,
        "seconds": units.seconds,
        "latency": units.latency,
        "size": units.size,
        "short": units.short,
        "p": units.p_value,
        "metric": units.title,
        "excerpt": excerpt,
        "answer": answer,
    }
    environment.globals |= {
        "gain": units.gain,
        "change": units.change,
        "amount": units.amount,
        "share": units.share,
        "count": units.count,
        "decision": sentences.decision,
        "reason": sentences.reason,
        "measuring": sentences.measuring,
        "tone": sentences.tone,
        "figures": figures,
        "ROWS": ROWS,
    }
    return environment


def unbroken(text: str) -> str:
    r"""The same text with intervals and units that no line break tears apart.

    >>> unbroken("+1.2 [0.4, 2.1] pts").split(" ")
    ['+1.2', '[0.4,\xa02.1]\xa0pts']
    """
    return re.sub(r"(?<=,) (?=[-+\d.,e]+\])|(?<=\]) (?=pts)", "\u00a0", text)


def excerpt(text: object, most: int = LONG) -> str:
    """The start of a long text, white space made plain.

    >>> excerpt("one  two three", 8)
    'one two…'
    """
    plain = " ".join(str(text).split())
    return plain if len(plain) <= most else plain[:most].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def answer(value: object) -> Markup:
    """A truth or a prediction: a label (a line may break after an underscore), labels joined, or a number.

    >>> [str(answer(value)) for value in ("card_lost", ["joy", "love"], 3120.4999, None, "<b>")]
    ['card_<wbr>lost', 'joy; love', '3,120', '', '&lt;b&gt;']
    """
    if isinstance(value, float):
        return Markup(units.number(value))  # noqa: S704  # digits
    joined = "; ".join(str(part) for part in value) if isinstance(value, list | tuple) else value
    return escape("" if joined is None else excerpt(joined, 60)).replace("_", Markup("_<wbr>"))


def _sections(report: ReportData) -> tuple[Section, ...]:
    evidence = report.evidence
    every = {
        Section("ladder", "The ladder", "ladder"): bool(evidence.rungs),
        Section("ranking", "Which backbone", "ranking"): evidence.ranking is not None,
        Section("parts", "What each part is worth", "parts"): bool(evidence.parts),
        Section("test", "On test rows", "test"): bool(evidence.test or evidence.test_by_rung),
        Section("verdicts", "Verdicts", "verdicts"): bool(evidence.verdicts),
        Section("curve", "More labels?", "curve"): evidence.curve is not None and bool(evidence.curve.points),
        Section("confusion", "What is taken for what", "confusion"): bool(report.confusion),
        Section("confidence", "Can its confidence be believed?", "confidence"): bool(report.reliability),
        Section("residuals", "How far off", "residuals"): bool(len(report.residuals)),
        Section("errors", "Most confident errors" if evidence.labels else "Largest errors", "errors"): bool(
            report.worst
        ),
        Section("findings", "The data", "data"): bool(report.findings or report.columns),
        Section("protocol", "How it was decided", "protocol"): True,
        Section("reproduce", "Do it again", "reproduce"): bool(report.manifest or report.backbone),
    }
    return tuple(section for section, there in every.items() if there)


def _context(report: ReportData) -> dict[str, Any]:
    evidence = report.evidence
    scores = [step.score for step in evidence.rungs if step.score is not None]
    tests = [score for score in evidence.test_by_rung.values() if score is not None]
    findings = sorted(report.findings, key=lambda finding: MOST_SERIOUS.index(finding.severity))
    return {
        "evidence": evidence,
        "names": short_names(each.id for each in evidence.ranking.backbones) if evidence.ranking else {},
        "closing": sentences.closing(evidence),
        "facts": _facts(report),
        "axis": figures.forest_axis(scores, evidence.better) if scores else None,
        "test_axis": figures.forest_axis(tests, evidence.better) if tests else None,
        "steps": {step.name: step for step in evidence.rungs},
        "heat": bool(report.confusion) and len(report.confusion) <= HEAT,
        "pairs": confusion.pairs(report.confusion, evidence.labels) if report.confusion else (),
        "truths": [*evidence.labels, confusion.UNKNOWN],
        "classes": confusion.by_class(report.confusion, evidence.labels) if report.confusion else (),
        "quantiles": _quantiles(report.residuals),
        "findings": findings[:FINDINGS],
        "more_findings": len(findings[FINDINGS:]),
        "protocol": sentences.protocol(evidence, report.manifest),
        "command": reproduce.command(report.name, report.manifest),
        "particulars": reproduce.particulars(report.manifest, report.backbone, report.beside),
    }


def _facts(report: ReportData) -> tuple[tuple[str, str], ...]:
    evidence = report.evidence
    rows, timings = evidence.rows, report.manifest.get("timings")
    total = timings.get("seconds") if isinstance(timings, Mapping) else None
    classes = units.count(len(evidence.labels), "class", "classes") if evidence.labels else ""
    every = {
        "task": evidence.task + (f", {classes}" if classes else ""),
        "decided by": units.title(evidence.metric),
        "rows": f"{rows.get('train', 0):,} to climb, {rows.get('test', 0):,} test" if rows else "",
        "backbone": ", ".join(card.id for card in (report.backbone, *report.beside) if card),
        "took": units.seconds(float(total)) if isinstance(total, int | float) else "",
    }
    return tuple((name, value) for name, value in every.items() if value)


def _quantiles(residual_N: Sequence[float]) -> tuple[tuple[str, str], ...]:
    seen_N = np.asarray(residual_N, float)
    seen_N = seen_N[np.isfinite(seen_N)]
    if not len(seen_N):
        return ()
    shares = {"half of all rows": 0.5, "90 % of all rows": 0.9, "the worst row": 1.0}
    sizes = [(f"{name} within", units.number(float(np.quantile(np.abs(seen_N), q)))) for name, q in shares.items()]
    return (("mean (bias)", units.number(float(seen_N.mean()))), *sizes)
