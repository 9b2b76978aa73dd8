"""A finished climb becomes a run folder: bundle, evidence, audit, predictions, report, card, manifest last."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rung.bundle.blend import Blended
from rung.bundle.io import write
from rung.bundle.manifest import BackboneReference, Manifest, seal_of
from rung.bundle.model import FittedModel
from rung.bundle.temperature import apply_temperature
from rung.bundle.write import write_bundle
from rung.core.contracts import Embedder, Embedders, Job, Trial
from rung.core.types import Finding, Floats, Ints, Role, Task
from rung.recipes.climb import Climbed
from rung.recipes.finish import Finished, Opened
from rung.recipes.machine import machine, versions
from rung.recipes.options import FitOptions
from rung.recipes.predictions import DELIVERED, KNOWN, parquet, side
from rung.recipes.prepare import Prepared
from rung.recipes.report import write_card, write_report
from rung.recipes.reread import reread
from rung.recipes.worst import worst_errors

NAMELESS = "table"  # what read() calls a table that came without a file
REREAD = 32  # rows
SEVERITY = {"block": 0, "warn": 1, "note": 2}


@dataclass(frozen=True)
class Delivery:
    """Everything that a run folder is made of."""

    prepared: Prepared
    options: FitOptions
    job: Job
    climbed: Climbed
    opened: Opened
    finished: Finished
    embedders: Embedders
    findings: tuple[Finding, ...]
    key: str
    seconds: float


def with_evidence(delivery: Delivery, **more: Any) -> Delivery:
    """The same, its evidence telling more: how the backbone was chosen, what each part of a row is worth."""
    finished = delivery.finished
    return replace(delivery, finished=replace(finished, evidence=replace(finished.evidence, **more)))


def write_run(folder: Path, delivery: Delivery) -> None:
    """Write all files of RUN; run.json is the last, so that a folder with it is whole.

    Raises BundleError where the bundle, read back, predicts something else, DiskFull, FolderInUse.
    """
    sealed = _write_model(folder / "model", delivery)
    labels, device = delivery.job.target.labels, delivery.options.device
    again = reread(folder / "model", *_some_rows(delivery), labels, device=device)
    evidence = delivery.finished.evidence
    files = {"evidence.json": _json(evidence.to_json())}
    found = sorted(delivery.findings, key=lambda finding: SEVERITY[finding.severity])
    counts = Counter(finding.severity for finding in found)
    opened = delivery.opened
    worst = worst_errors(delivery.prepared, opened, delivery.finished.final)
    audit = {"counts": counts, "findings": [asdict(finding) for finding in found], "worst_errors": worst}
    files |= {"audit.json": _json(audit), "predictions.parquet": parquet(_predictions(delivery))}
    files[KNOWN] = parquet(pl.DataFrame({"content": np.unique(delivery.prepared.contents)}))
    for name, content in files.items():
        write(folder / name, content)
    hashes = {name: sha256(content).hexdigest() for name, content in files.items()}
    manifest = _manifest(delivery, sealed, folder.name) | {"reread": asdict(again), "files": hashes}
    manifest |= {"seal": seal_of(json.loads(_json(manifest)))}
    write_report(folder, manifest)
    write_card(folder, manifest)
    write(folder / "run.json", _json(manifest))


def _some_rows(delivery: Delivery) -> tuple[pl.DataFrame, Floats]:
    """Test rows with what was scored of them, evenly spaced; pool rows with what the model says where none were."""
    prepared, opened, finished = delivery.prepared, delivery.opened, delivery.finished
    if rows := len(opened.row):
        some = _spread(rows)
        usable = np.flatnonzero(np.isin(prepared.test.row, opened.row))
        return prepared.test.frame[usable[some]], finished.final[some]
    some, job = _spread(len(prepared.pool.row)), delivery.job
    model = delivery.climbed.step(delivery.climbed.winner).model
    assert model is not None
    raw = model.predict(job.inputs.take(some))
    return prepared.pool.frame[some], apply_temperature(raw, finished.temperature, job.target.task)


def _spread(rows: int) -> Ints:
    return np.unique(np.linspace(0, rows - 1, min(rows, REREAD)).astype(np.int64))


def _write_model(folder: Path, delivery: Delivery) -> Manifest:
    winner = delivery.climbed.step(delivery.climbed.winner)
    assert isinstance(winner.model, FittedModel | Blended)
    used = _used(winner.model, delivery)
    references = tuple(reference_of(embedder, role) for role, embedder in used.items())
    prepared = delivery.prepared
    manifest = Manifest(
        rung_version=versions()["rung"],
        task=prepared.target.task,
        target=prepared.target_name,
        labels=prepared.target.labels,
        label_kind=prepared.target.kind,
        columns=prepared.columns,
        strategy=delivery.climbed.winner,
        choice=winner.evidence.choice or {},
        model={},
        backbone=references[0] if references else None,
        beside=references[1:],
        temperature=delivery.finished.temperature,
        half_width=delivery.finished.half_width,
        thresholds=(0.5,) * len(prepared.target.labels) if prepared.target.task is Task.MULTILABEL else (),
        trained_on=delivery.finished.evidence.trained_on,
    )
    return write_bundle(
        folder,
        manifest,
        winner.model.parts(),
        preprocessing=_preprocessing(list(used.values())) if used else None,
        reference=_reference(delivery),
    )


def _used(model: FittedModel | Blended, delivery: Delivery) -> Embedders:
    """The backbones whose embeddings the model takes, the one that training may have changed first."""
    roles = {column.name: column.role for column in delivery.prepared.columns}
    read = {roles[name] for name in model.reads}
    return {role: embedder for role, embedder in delivery.embedders.items() if role in read}


def _preprocessing(used: Sequence[Embedder]) -> Callable[[str], None]:
    """Writes the first backbone's files, and those of others in folders named by what they read."""

    def save(folder: str) -> None:
        used[0].save_preprocessing(folder)
        for embedder in used[1:]:
            own = Path(folder) / embedder.card.modality
            own.mkdir()
            embedder.save_preprocessing(str(own))

    return save


def reference_of(embedder: Embedder, role: Role) -> BackboneReference:
    """What a bundle remembers of its backbone, and of the columns that it reads."""
    card = embedder.card
    return BackboneReference(
        id=card.id,
        revision=card.revision,
        sha256=card.sha256,
        fingerprint=embedder.fingerprint,
        precision=embedder.precision,
        licence=card.licence,
        reads="" if role == card.modality else role.value,
    )


def _reference(delivery: Delivery) -> dict[str, Any]:
    """Sketches of the training rows for drift: moments of embeddings, text lengths, table quantiles, label shares."""
    inputs, target = delivery.job.inputs, delivery.job.target
    shares = np.linspace(0, 1, 21)
    sketch: dict[str, Any] = {}
    for name, texts in inputs.texts.items():
        lengths = np.array([len(text) for text in texts], np.float32)
        sketch[f"text_length.{name}"] = np.quantile(lengths, shares).astype(np.float32)
    for name in inputs.embedded:
        embedding = inputs.embed(name)
        sketch[f"embedding_mean.{name}"] = embedding.mean(0)
        sketch[f"embedding_std.{name}"] = embedding.std(0)
    for column in delivery.prepared.columns:
        if column.role is Role.NUMBER:
            values = inputs.table[column.name].drop_nulls().drop_nans().to_numpy()
            if len(values):
                sketch[f"number.{column.name}"] = np.quantile(values, shares).astype(np.float32)
    if target.task.one_label:
        counts = np.bincount(target.value[target.value >= 0], minlength=len(target.labels))
        sketch["label_share"] = (counts / counts.sum()).astype(np.float32)
    return sketch


def _predictions(delivery: Delivery) -> pl.DataFrame:
    job, opened = delivery.job, delivery.opened
    judged = job.plan.judged
    row, unit, truth = delivery.prepared.pool.row[judged], job.plan.cluster[judged], job.target.take(judged)
    trials = {s.evidence.name: s.trial for s in delivery.climbed.steps if s.trial is not None}
    frames = [
        side("validation", row, unit, truth, _of_repeat(trials, repeat), repeat=repeat)
        for repeat in range(job.plan.repeats)
    ]
    final = {**opened.prediction, DELIVERED: delivery.finished.final}
    frames.append(side("test", opened.row, opened.cluster, opened.target, final, said=opened.said))
    return pl.concat(frames, how="diagonal")


def _of_repeat(trials: Mapping[str, Trial], repeat: int) -> dict[str, Floats]:
    """Predictions of the rungs that were judged in this repeat: those that train are judged in the first alone."""
    return {name: trial.prediction[repeat] for name, trial in trials.items() if repeat < len(trial.prediction)}


def _manifest(delivery: Delivery, sealed: Manifest, folder: str) -> dict[str, Any]:
    prepared = delivery.prepared
    cards = [asdict(each.card) | {"precision": each.precision} for each in delivery.embedders.values()]
    return {
        "format": 1,
        "name": folder if prepared.name == NAMELESS else prepared.name,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": machine(),
        "options": delivery.options.model_dump(mode="json"),
        "seed": delivery.options.seed,
        "data": {
            "source": prepared.source,
            "fingerprint": prepared.fingerprint,
            "split": prepared.split_hash,
            "target": prepared.target_name,
        },
        "columns": [asdict(column) for column in prepared.columns],
        "backbone": cards[0] if cards else None,
        "beside": cards[1:],
        "winner": delivery.climbed.winner,
        "bundle": sealed.seal,
        "key": delivery.key,
        "timings": {
            "seconds": delivery.seconds,
            "rungs": {step.evidence.name: step.evidence.seconds for step in delivery.climbed.steps},
        },
    }


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False, default=str).encode()
