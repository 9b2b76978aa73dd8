"""Labelled rows through a loaded bundle: scores with intervals, slices, calibration, confusion."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.errors import LacksColumns, NoSuchColumn, TooFewRows
from rung.core.evidence import Score
from rung.core.types import Finding, Floats, Ints, Target, Task, Tell, silent
from rung.data.album import by_content
from rung.data.damage import damage
from rung.data.fingerprint import fingerprint
from rung.data.splits import unit_keys
from rung.data.target import encode
from rung.data.units import content_codes
from rung.evaluate.calibration import reliability
from rung.evaluate.protocol import confusion, scores
from rung.evaluate.slices import by_slice
from rung.metrics.table import default
from rung.predict.torch import Predictor
from rung.recipes.apply import empty, probabilities, table_of, unreadable_cells

LEARNT_FROM = Finding(
    "training_rows",
    "this is the table that the model was made from: it knows these rows, and new ones will score lower",
    (),
    "warn",
    "Score rows that it has never seen.",
    "test",
)


@dataclass(frozen=True)
class Learnt:
    """What tells again the table, and its rows, that a model was made from; rows is None where nothing was kept."""

    table: str = ""
    rows: NDArray[np.uint64] | None = None

    def among(self, codes_N: NDArray[np.uint64], number_N: Ints) -> tuple[Finding, ...]:
        """A finding that names the rows, by number, that the model knows."""
        seen = tuple(number_N[np.isin(codes_N, self.rows)].tolist()) if self.rows is not None else ()
        if not seen:
            return ()
        one = len(seen) == 1
        what = (
            f"{len(seen):,} of {len(codes_N):,} rows {'is one' if one else 'are rows'} that the model was made from: "
            f"it knows {'it' if one else 'them'}, and new ones will score lower"
        )
        return (replace(LEARNT_FROM, what=what, rows=seen, sure="likely"),)


@dataclass(frozen=True)
class Evaluation:
    """Scores of one bundle on one labelled table."""

    task: str
    metric: str
    n: int
    scores: dict[str, Score]
    slices: tuple[dict[str, Any], ...]
    calibration: dict[str, Any]
    confusion: list[list[int]]
    labels: tuple[str, ...]
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document of `rung evaluate --json`."""
        whole = asdict(self)
        if self.calibration.get("ece") is not None:  # one class a row: a last row of labels that training never had
            strangers = ["(not in training)"] * (len(self.confusion) - len(self.labels))
            whole["confusion_rows"] = [*self.labels, *strangers]
        whole["scores"] = {name: {k: v for k, v in s.items() if k != "name"} for name, s in whole["scores"].items()}
        return whole


NEW = Learnt()  # every row is new, as far as is known


@dataclass(frozen=True)
class Labelled:
    """Rows with a known target and their predictions: what a score is made of."""

    target: Target
    prediction: Floats
    cluster: Any
    frame: Any
    findings: tuple[Finding, ...]


def labelled(predictor: Predictor, data: Any, tell: Tell = silent, learnt: Learnt = NEW) -> Labelled:
    """Predict the rows of `data` whose target is known.

    Raises NoSuchColumn when there is no target column, TooFewRows when no row has a label.
    learnt: what the model was made from, to say so where rows are of it.
    """
    manifest = predictor.manifest
    frame = table_of(data, manifest.columns)
    same: tuple[Finding, ...] = (
        (LEARNT_FROM,) if learnt.table and fingerprint(by_content(frame, manifest.columns)) == learnt.table else ()
    )
    readable, damaged = damage(frame, manifest.columns, part="test")
    frame = frame.filter(readable) if not readable.all() else frame
    if manifest.target not in frame.columns:
        raise LacksColumns("rows to evaluate", [manifest.target], among=frame.columns)
    encoded = encode(frame[manifest.target], task=manifest.task, labels=manifest.labels)
    index = np.flatnonzero(encoded.usable)
    if not len(index):
        what, fix = f"target {manifest.target!r}", "Label some rows: nothing can be scored without."
        raise TooFewRows(what, wanted="a row with a label", got=f"none in {len(frame)} rows", fix=fix)
    frame = frame[index]
    keys, cluster = unit_keys(frame, manifest.columns, None)
    number = np.flatnonzero(readable)[index]
    same = same or learnt.among(content_codes(frame, keys, manifest.columns), number)
    found = (
        *same,
        *damaged,
        *encoded.findings,
        *unreadable_cells(frame, manifest.columns, "test"),
        *empty(frame, manifest.columns),
    )
    return Labelled(encoded.target.take(index), probabilities(predictor, frame, tell), cluster, frame, found)


def evaluated(
    predictor: Predictor,
    data: Any,
    *,
    slices: Sequence[str] = (),
    sensitive: Sequence[str] = (),
    tell: Tell = silent,
    metric: str | None = None,
    learnt: Learnt = NEW,
) -> Evaluation:
    """Score `data`: every score of the task with its 95 % interval, by slice where asked.

    slices, sensitive: columns of `data`; a sensitive one is reported like a slice, with its largest difference.
    learnt: as in `labelled`.
    Raises NoSuchColumn.
    """
    rows = labelled(predictor, data, tell, learnt)
    for name in (*slices, *sensitive):
        if name not in rows.frame.columns:
            raise NoSuchColumn(name, among=rows.frame.columns)
    manifest, target = predictor.manifest, rows.target
    width = manifest.reach
    found = scores(target.task, target.value, rows.prediction, cluster=rows.cluster, seed=0, half_width=width)
    values = {name: rows.frame[name].to_list() for name in (*slices, *sensitive)}
    by = by_slice(target.task, target.value, rows.prediction, values, cluster=rows.cluster, half_width=width)
    for part in by:
        part["sensitive"] = part["column"] in sensitive
    calibration: dict[str, Any] = {"temperature": manifest.temperature}
    table: list[list[int]] = []
    if target.task.one_label:
        calibration["ece"] = found["ece"].value
        calibration["reliability"] = [asdict(row) for row in reliability(rows.prediction, target.value)]
        table = confusion(target.value, rows.prediction)
    elif target.task is Task.MULTILABEL:
        table = confusion(target.value, rows.prediction)
    elif target.task is Task.REGRESSION:
        calibration = {"half_width_90": manifest.half_width, "coverage_90": found["coverage_90"].value}
    name = metric or default(target.task).name
    return Evaluation(
        target.task.value, name, len(target), found, tuple(by), calibration, table, manifest.labels, rows.findings
    )
