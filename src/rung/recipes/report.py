"""Report and card: from the files of a run alone, so that every figure can be made again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import TypeAdapter

from rung.bundle.io import write
from rung.core.contracts import BackboneCard
from rung.core.evidence import Evidence
from rung.core.types import Column, Finding, Floats, Task
from rung.evaluate.calibration import reliability
from rung.evaluate.protocol import confusion
from rung.recipes.predictions import DELIVERED, kept_test, whole
from rung.recipes.run import Run, load
from rung.report.card import render as render_card
from rung.report.html import ReportData
from rung.report.html import render as render_html

_COLUMNS = TypeAdapter(tuple[Column, ...])
_FINDINGS = TypeAdapter(tuple[Finding, ...])


def report(run: str | Path | Run) -> Path:
    """Write RUN/report.html again from evidence.json, audit.json and predictions.parquet; returns its path.

    Raises BundleError, DiskFull, FolderInUse.
    """
    opened = run if isinstance(run, Run) else load(run)
    return write_report(opened.path, opened.manifest)


def card(run: str | Path | Run) -> Path:
    """Write RUN/README.md, the model card in Hugging Face's format, again; returns its path.

    Raises BundleError, DiskFull, FolderInUse.
    """
    opened = run if isinstance(run, Run) else load(run)
    return write_card(opened.path, opened.manifest)


def write_report(folder: Path, manifest: dict[str, Any]) -> Path:
    """Render report.html into a folder that holds the other files."""
    path = folder / "report.html"
    write(path, render_html(_gather(folder, manifest)).encode())
    return path


def write_card(folder: Path, manifest: dict[str, Any]) -> Path:
    """Render the model card into a folder that holds the other files."""
    path = folder / "README.md"
    write(path, render_card(_gather(folder, manifest)).encode())
    return path


def _gather(folder: Path, manifest: dict[str, Any]) -> ReportData:
    with whole(folder / "evidence.json"):
        evidence = Evidence.from_json((folder / "evidence.json").read_bytes())
    with whole(folder / "audit.json"):
        audit = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    table = kept_test(folder)
    matrix: list[list[int]] = []
    before: tuple[Any, ...] = ()
    residuals: list[float] = []
    after: tuple[Any, ...] = ()
    if Task(evidence.task).one_label and len(table):
        place = {label: i for i, label in enumerate(evidence.labels)}
        truth = np.array([place.get(label, -1) for label in table["target"]], np.int64)
        matrix = confusion(truth, _probabilities(table, DELIVERED))
        before = tuple(reliability(_probabilities(table, evidence.winner), truth))
        after = tuple(reliability(_probabilities(table, DELIVERED), truth))
    elif evidence.task == Task.REGRESSION:
        residuals = (table[DELIVERED] - table["target"]).to_list()
    known = [card for card in (manifest.get("backbone"), *manifest.get("beside", ())) if card]
    names = BackboneCard.__dataclass_fields__
    cards = [BackboneCard(**{k: v for k, v in card.items() if k in names}) for card in known]
    return ReportData(
        evidence=evidence,
        name=manifest["name"],
        made=manifest["made"],
        columns=_COLUMNS.validate_python(manifest["columns"], strict=False),
        findings=_FINDINGS.validate_python(audit["findings"], strict=False),
        confusion=matrix,
        reliability=before,
        reliability_after=after,
        residuals=residuals,
        worst=tuple(audit["worst_errors"]),
        backbone=cards[0] if cards else None,
        beside=tuple(cards[1:]),
        manifest=manifest,
    )


def _probabilities(table: pl.DataFrame, rung: str) -> Floats:
    return np.array(table[f"{rung}:p"].to_list(), np.float32)
