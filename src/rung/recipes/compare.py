"""Compare: two runs on the same rows, one paired verdict."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rung.core.errors import BadOption
from rung.core.evidence import Difference, Score
from rung.core.types import Finding, Floats, Target, Task, Tell, silent
from rung.evaluate import compare as paired
from rung.metrics.interval import interval_of
from rung.metrics.table import named
from rung.recipes.evaluation import labelled
from rung.recipes.predictions import DELIVERED, kept_test
from rung.recipes.run import Run, load


@dataclass(frozen=True)
class Comparison:
    """First run minus second on the same rows; positive is better for the first."""

    first: str
    second: str
    metric: str
    n: int
    scores: dict[str, Score]
    difference: Difference
    verdict: str
    sentence: str
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document of `rung compare --json`."""
        return asdict(self)


def compare(first: str | Path | Run, second: str | Path | Run, *, on: Any = None, tell: Tell = silent) -> Comparison:
    """Judge two runs on the same rows: those of `on`, else the test rows that both runs kept.

    Without `on`, both runs must have the same split of the same data. Raises BadOption when they can't be paired.
    """
    one, two = (run if isinstance(run, Run) else load(run) for run in (first, second))
    if one.task != two.task:
        raise BadOption("two runs", wanted="one task", got=f"{one.task} and {two.task}")
    if apart := sorted(set(one.labels) ^ set(two.labels)):
        got = f"{', '.join(map(repr, apart[:5]))} in one alone"
        fix = "Fit both on rows that hold the same labels; rung evaluate scores each by itself."
        raise BadOption("two runs", wanted="one set of labels", got=got, fix=fix)
    (target, a, b, cluster), findings = _rows(one, two, on, tell)
    metric = named(one.evidence.metric, one.task)
    difference = paired.compare(metric, target.value, a[None], b[None], cluster=cluster)
    scores = {
        key: interval_of(metric, target.value, prediction, cluster=cluster)
        for key, prediction in (("first", a), ("second", b))
    }
    verdict = "first" if difference.low > 0 else "second" if difference.high < 0 else "no evidence"
    names = (str(one.path), str(two.path))
    sentence = _sentence(verdict, names, metric.name, difference, len(target))
    return Comparison(*names, metric.name, len(target), scores, difference, verdict, sentence, findings)


def _rows(one: Run, two: Run, on: Any, tell: Tell) -> tuple[tuple[Target, Floats, Floats, Any], tuple[Finding, ...]]:
    """Truth, what both say and the units of the rows; what was found in these."""
    if on is not None:
        rows, others = (labelled(run.predictor, on, tell, run.learnt) for run in (one, two))
        found = tuple(dict.fromkeys((*rows.findings, *others.findings)))
        return (rows.target, rows.prediction, _in_order(others.prediction, two, one), rows.cluster), found
    if one.manifest["data"]["split"] != two.manifest["data"]["split"]:
        raise BadOption(
            "two runs",
            wanted="the same data and split",
            got="different ones",
            fix="Give rows to compare on: --on FILE.",
        )
    tables = [_kept(run) for run in (one, two)]
    task = one.task
    values = tables[0]["target"].to_list()
    target = Target(task, _encode(values, task, one.labels), one.labels)
    a, b = (_delivered(table, task) for table in tables)
    return (target, a, _in_order(b, two, one), tables[0]["unit"].to_numpy()), ()


def _kept(run: Run) -> pl.DataFrame:
    return kept_test(run.path).sort("row")


def _delivered(table: pl.DataFrame, task: Task) -> Floats:
    if task is Task.REGRESSION:
        return table[DELIVERED].to_numpy().astype(np.float32)[:, None]
    return np.array(table[f"{DELIVERED}:p"].to_list(), np.float32)


def _encode(values: list[Any], task: Task, labels: tuple[str, ...]) -> Any:
    if task is Task.REGRESSION:
        return np.array(values, float)
    if task is Task.MULTILABEL:
        sets = [{name for name in (value or "").split(";") if name} for value in values]
        every = (*labels, *sorted(set().union(*sets) - set(labels)))  # no model knew the latter: errors of both
        return np.array([[label in names for label in every] for names in sets], np.uint8)
    place = {label: i for i, label in enumerate(labels)}
    return np.array([place.get(value, -1) for value in values], np.int64)


def _in_order(prediction: Floats, run: Run, like: Run) -> Floats:
    if run.labels == like.labels:
        return prediction
    return prediction[:, [run.labels.index(label) for label in like.labels]]


def _sentence(verdict: str, names: tuple[str, str], metric: str, difference: Difference, n: int) -> str:
    by = f"{difference.value:+.4f} {metric} [{difference.low:+.4f}, {difference.high:+.4f}] on the same {n} rows"
    if verdict == "no evidence":
        return f"No evidence that either is better: {by}."
    better, worse = names if verdict == "first" else names[::-1]
    return f"{better} is better than {worse}: {by}, first minus second."
