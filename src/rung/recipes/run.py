"""A run: a folder with a bundle and its evidence, ready to predict."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from rung.bundle.manifest import seal_of
from rung.bundle.write import sha256_of
from rung.core.errors import BundleError, NoSuchRun
from rung.core.evidence import Evidence
from rung.core.types import Floats, Task, Tell, silent
from rung.predict.torch import Predictor
from rung.predict.torch import load as load_predictor
from rung.recipes.apply import probabilities, table_of
from rung.recipes.evaluation import Evaluation, Learnt, evaluated
from rung.recipes.predictions import KNOWN, answers, known_rows


class Run:
    """A finished fit. `path` is its folder; the bundle is loaded, and checked, when first used."""

    def __init__(self, path: Path, manifest: dict[str, Any], evidence: Evidence) -> None:
        self.path, self.manifest, self.evidence = path, manifest, evidence

    def __repr__(self) -> str:
        score = self.evidence.test.get(self.evidence.metric)
        said = f", test {score.name} {score.value:.3f}" if score else ""
        return f"Run({str(self.path)!r}, winner={self.evidence.winner!r}{said})"

    @cached_property
    def predictor(self) -> Predictor:
        """The loaded bundle; raises BundleError when it was changed."""
        predictor = load_predictor(self.path / "model")
        if predictor.manifest.seal != self.manifest.get("bundle"):
            raise BundleError(
                f"file {self.path / 'model' / 'bundle.json'}",
                wanted="the bundle that run.json names",
                got="another",
                fix="Copy the run again from where it was made.",
            )
        return predictor

    def predict(self, data: Any) -> NDArray[Any]:
        """Predict labels (N,) as the training table had them, `;`-joined for multilabel, or numbers for regression.

        data: a list of texts, or anything that `rung.fit` takes.
        """
        probability = self.predict_proba(data)
        manifest = self.predictor.manifest
        return np.array(answers(manifest.task, manifest.labels, probability, manifest.classes))

    def predict_proba(self, data: Any) -> Floats:
        """Calibrated probabilities (N, C) float32 in order of `labels`; (N, 1) values for regression."""
        return probabilities(self.predictor, table_of(data, self.predictor.manifest.columns))

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of predict_proba's columns."""
        return self.evidence.labels

    @property
    def task(self) -> Task:
        """What is predicted."""
        return Task(self.evidence.task)

    @property
    def learnt(self) -> Learnt:
        """What tells the table and the rows that this run was made from; of an older run the table alone."""
        rows = known_rows(self.path) if KNOWN in self.manifest.get("files", {}) else None
        return Learnt(self.manifest.get("data", {}).get("fingerprint", ""), rows)

    def evaluate(
        self, data: Any, slices: Sequence[str] = (), sensitive: Sequence[str] = (), tell: Tell = silent
    ) -> Evaluation:
        """Score labelled rows: all scores with intervals, by slice where asked."""
        return evaluated(
            self.predictor, data, slices=slices, sensitive=sensitive, tell=tell,
            metric=self.evidence.metric, learnt=self.learnt,
        )  # fmt: skip


def load(path: str | Path) -> Run:
    """Open a run folder; raises BundleError naming the file that is missing or damaged."""
    folder = Path(path)
    if not (folder / "run.json").is_file():
        if (folder / "state").is_dir():
            raise BundleError(
                f"run {folder}",
                wanted="a finished run",
                got="an interrupted one",
                fix="Run rung fit again with --resume.",
            )
        refused, got = (BundleError, "no run.json") if folder.is_dir() else (NoSuchRun, "no such folder")
        raise refused(f"run {folder}", wanted="a folder made by rung fit", got=got, fix="Check the path.")
    try:
        manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise BundleError(f"file {folder / 'run.json'}", wanted="valid JSON", got="damage") from error
    if not isinstance(manifest, dict) or manifest.get("format") != 1:
        got = f"format {manifest.get('format')!r}" if isinstance(manifest, dict) else "something else"
        raise BundleError(f"file {folder / 'run.json'}", wanted="format 1", got=got)
    if manifest.get("seal") != seal_of(manifest):
        fix = "Copy the run again from where it was made, or fit again."
        raise BundleError(f"file {folder / 'run.json'}", wanted="its own seal", got="changed content", fix=fix)
    for name, expected in manifest.get("files", {}).items():
        _check_unchanged(folder / name, expected)
    try:
        evidence = Evidence.from_json((folder / "evidence.json").read_bytes())
    except (OSError, ValidationError) as error:
        got = "none" if isinstance(error, OSError) else "damage"
        raise BundleError(f"file {folder / 'evidence.json'}", wanted="the evidence of this run", got=got) from error
    return Run(folder, manifest, evidence)


def _check_unchanged(path: Path, expected: str) -> None:
    """Raise BundleError for a file that is not as fit wrote it; one that is missing is the business of who reads it."""
    if path.is_file() and sha256_of(path) != expected:
        fix = "Copy the run again from where it was made, or fit again."
        raise BundleError(f"file {path}", wanted="it as rung fit wrote it", got="changed content", fix=fix)
