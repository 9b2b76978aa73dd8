"""The battery that every rung passes: give it a rung, a task and a metric, it raises AssertionError with the reason."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.contracts import Embedder, Job, Rung
from rung.core.rng import generator
from rung.core.types import Column, Delta, Floats, Fold, Inputs, Ints, Item, Plan, Role, Target, Task
from rung.testing.fakes import FakeEmbedder

Check = Callable[[Rung, Task, Any], None]
Kind = Literal["folds", "holdout"]
SHARES = (0.5, 0.3, 0.2)  # of the classes: unequal, so that a swapped column shows
WORDS = ("anchor", "basil", "comet")
COLUMNS = (
    Column("text", Role.TEXT),
    Column("number", Role.NUMBER),
    Column("category", Role.CATEGORY),
    Column("when", Role.DATETIME),
)
RUNGS_ASKED = ("ia3", "prefix", "prompt", "adapter", "scratch")  # rungs that run only when they are named
_CHECKS: list[Check] = []
_GIVEN: list[Embedder] = []


def check(function: Check) -> Check:
    """Put a claim into the battery."""
    _CHECKS.append(function)
    return function


def battery() -> tuple[Check, ...]:
    """Every claim, in the order of this file."""
    return tuple(_CHECKS)


def make_job(task: Task, metric: Any, *, kind: Kind = "holdout", rows: int = 160, table: bool = True) -> Job:
    """Made-up rows whose words, numbers and categories tell the class, most of the time; some cells are empty.

    The metric is the caller's, for this room does not know the metrics. Deterministic.
    """
    draw = generator(0, "rung battery", task)
    classes = 2 if task is Task.BINARY else 3
    share_C = np.array(SHARES[:classes]) / sum(SHARES[:classes])
    class_N = np.repeat(np.arange(classes), np.maximum(1, np.round(share_C * rows).astype(int)))[:rows]
    class_N = draw.permutation(np.pad(class_N, (0, rows - len(class_N)))).astype(np.int64)
    inputs = _inputs(class_N, draw, table=table)
    columns = COLUMNS if table else COLUMNS[:1]
    target = _target(task, class_N, draw)
    embedder = _embedder()
    plan = _plan(kind, class_N)
    every = frozenset(RUNGS_ASKED)
    return Job(
        inputs, columns, target, plan, metric, seed=3, backbone=embedder.card, tunable=embedder.tunable, asked=every
    )


def use_embedder(embedder: Embedder | None) -> None:
    """Let the battery's jobs embed with this one, for rungs that train a backbone; None brings the fake back."""
    _GIVEN[:] = [] if embedder is None else [embedder]


class _Climbed:
    """One climb of the usual job, and what it ends in, for all checks that ask no more."""

    def __init__(self, rung: Rung, task: Task, metric: Any) -> None:
        self.rung, self.job = rung, make_job(task, metric)
        self.trial = rung.climb(self.job)

    @cached_property
    def model(self) -> Any:
        """The chosen variant on all rows."""
        return self.rung.refit(self.job, self.trial.choice)


_LAST: list[tuple[tuple[Any, ...], _Climbed]] = []  # the checks of one rung and task come one after another


def _climbed(rung: Rung, task: Task, metric: Any) -> _Climbed:
    asked = (rung, task, metric, _GIVEN[0] if _GIVEN else None)
    if not (_LAST and all(mine is theirs for mine, theirs in zip(asked, _LAST[0][0], strict=True))):
        _LAST[:] = [(asked, _Climbed(rung, task, metric))]
    return _LAST[0][1]


def _embedder() -> Embedder:
    return _GIVEN[0] if _GIVEN else FakeEmbedder(width=16)


def _inputs(class_N: Ints, draw: np.random.Generator, *, table: bool) -> Inputs:
    said_N = np.where(draw.random(len(class_N)) < 0.8, class_N, draw.integers(len(WORDS), size=len(class_N)))
    texts = [f"{WORDS[said]} note {draw.integers(50)} of {draw.integers(50)}" for said in said_N]
    texts[0], texts[-1] = "", "!?"
    number = [float(each) for each in class_N + draw.normal(size=len(class_N))]
    category = [("red", "green", "blue")[each] for each in draw.integers(3, size=len(class_N))]
    start = datetime(2024, 1, 1)  # noqa: DTZ001  # a table's dates carry no zone
    when = [start + timedelta(days=int(each)) for each in draw.integers(700, size=len(class_N))]
    frame = pl.DataFrame(
        {
            "number": pl.Series([None, *number[1:]], dtype=pl.Float64),
            "category": pl.Series([None, *category[1:]], dtype=pl.String),
            "when": pl.Series([None, *when[1:]], dtype=pl.Datetime("us")),
        }
    )
    return _seen(texts, frame if table else frame.drop(frame.columns))


def _seen(texts: list[str], table: pl.DataFrame) -> Inputs:
    embedder = _embedder()

    def tune(delta: Delta, said: Sequence[Item], kept: int = 1) -> Floats:
        return embedder.tuned(delta, kept=kept)(said)

    return Inputs({"text": texts}, table, lambda _: embedder(texts), len(texts), tune=tune)


def _target(task: Task, class_N: Ints, draw: np.random.Generator) -> Target:
    if task is Task.REGRESSION:
        return Target(task, 40.0 + 10.0 * class_N + draw.normal(size=len(class_N)))
    if task is Task.MULTILABEL:
        sets_NL = np.stack([class_N == 0, class_N != 1, draw.random(len(class_N)) < 0.15], axis=1).astype(np.uint8)
        return Target(task, sets_NL, ("a", "b", "c"))
    return Target(task, class_N, tuple("abc"[: class_N.max() + 1]))


def _plan(kind: Kind, class_N: Ints) -> Plan:
    rows = np.arange(len(class_N))
    fold_N = np.empty(len(rows), np.int64)
    fold_N[np.argsort(class_N, kind="stable")] = rows % 4  # each class in each fold
    if kind == "holdout":
        folds: tuple[Fold, ...] = (Fold(rows[fold_N != 0], rows[fold_N == 0]),)
    else:
        turned = (fold_N + rows // 4) % 4
        folds = tuple(Fold(rows[of != f], rows[of == f], r) for r, of in enumerate((fold_N, turned)) for f in range(4))
    return Plan(kind, folds, rows)


def _poisoned(target: Target, rows: Ints) -> Target:
    """Wrong labels on these rows, right ones elsewhere."""
    value: NDArray[Any] = target.value.copy()
    if target.task is Task.REGRESSION:
        value[rows] = 1e3 - value[rows]
    elif target.task is Task.MULTILABEL:
        value[rows] = 1 - value[rows]
    else:
        value[rows] = (value[rows] + 1) % len(target.labels)
    return replace(target, value=value)


def _well_formed(task: Task, prediction: Floats) -> None:
    assert prediction.dtype == np.float32, f"predictions are {prediction.dtype}, not float32"
    assert np.isfinite(prediction).all(), "a prediction is not finite"
    if task is not Task.REGRESSION:
        assert prediction.min() >= 0, "a probability is negative"
        assert prediction.max() <= 1 + 1e-5, "a probability is above 1"
    if task.one_label:
        assert np.abs(prediction.sum(-1) - 1).max() < 1e-4, "probabilities of a row do not sum to 1"


@check
def check_every_judged_row_is_predicted_in_every_repeat(rung: Rung, task: Task, metric: Any) -> None:
    """Climb gives (repeats, judged rows, outputs), well formed, for both kinds of plan."""
    folds, usual = make_job(task, metric, kind="folds"), _climbed(rung, task, metric)
    for kind, most, job, trial in (("folds", 2, folds, rung.climb(folds)), ("holdout", 1, usual.job, usual.trial)):
        repeats = most
        if getattr(rung, "dear", False):  # such a rung may be judged in the first repeat alone
            repeats = min(most, len(trial.prediction))
        wanted = (repeats, len(job.plan.judged), job.target.outputs)
        assert trial.prediction.shape == wanted, f"{kind}: prediction is {trial.prediction.shape}, not {wanted}"
        _well_formed(task, trial.prediction)
        assert trial.train_prediction.shape == (len(trial.train_rows), job.target.outputs)
        assert set(trial.train_rows) <= set(job.plan.folds[0].train), "train_rows holds rows that did not train"
        json.dumps(trial.choice)


@check
def check_it_works_on_text_alone(rung: Rung, task: Task, metric: Any) -> None:
    """No table column is needed."""
    job = make_job(task, metric, table=False)
    trial = rung.climb(job)
    _well_formed(task, trial.prediction)
    _well_formed(task, rung.refit(job, trial.choice).predict(job.inputs))


@check
def check_the_same_seed_gives_the_same_trial(rung: Rung, task: Task, metric: Any) -> None:
    """Two climbs of one job agree bit for bit."""
    once, again = _climbed(rung, task, metric).trial, rung.climb(make_job(task, metric))
    assert once.choice == again.choice, f"choices differ: {once.choice} and {again.choice}"
    assert np.array_equal(once.prediction, again.prediction), "predictions differ under one seed"


@check
def check_labels_of_the_judging_rows_change_nothing(rung: Rung, task: Task, metric: Any) -> None:
    """Poisoned labels on the validation rows: same choice, same predictions."""
    usual = _climbed(rung, task, metric)
    job, clean = usual.job, usual.trial
    dirty = rung.climb(replace(job, target=_poisoned(job.target, job.plan.judged)))
    assert clean.choice == dirty.choice, "validation labels moved the choice"
    assert np.array_equal(clean.prediction, dirty.prediction), "validation labels moved the predictions"


@check
def check_the_bundle_predicts_what_the_model_did(rung: Rung, task: Task, metric: Any) -> None:
    """Refit -> parts -> JSON -> from_parts: equal bits, on rows with unknown words, categories and nulls."""
    usual = _climbed(rung, task, metric)
    job, model = usual.job, usual.model
    parts = model.parts()
    again = type(model).from_parts(replace(parts, meta=json.loads(json.dumps(parts.meta))))
    strange = _seen(
        ["", "unheard of", WORDS[0]],
        pl.DataFrame(
            {
                "number": pl.Series([None, 1e9, 0.0], dtype=pl.Float64),
                "category": pl.Series([None, "ultraviolet", "red"], dtype=pl.String),
                "when": pl.Series([None, datetime(2031, 5, 5), None], dtype=pl.Datetime("us")),  # noqa: DTZ001  # as above
            }
        ),
    )
    for inputs in (job.inputs, strange):
        said = model.predict(inputs)
        _well_formed(task, said)
        assert np.array_equal(said, again.predict(inputs)), "a model read back predicts otherwise"


@check
def check_rows_are_predicted_one_by_one_alike(rung: Rung, task: Task, metric: Any) -> None:
    """A row's prediction does not depend on its neighbours; no row gives no prediction."""
    usual = _climbed(rung, task, metric)
    job, model = usual.job, usual.model
    together = model.predict(job.inputs)
    alone = np.concatenate([model.predict(job.inputs.take(np.array([row]))) for row in range(5)])
    assert np.allclose(together[:5], alone, atol=1e-4, rtol=1e-4), "a row alone is predicted otherwise"
    none = model.predict(job.inputs.take(np.zeros(0, np.int64)))
    assert none.shape == (0, job.target.outputs), f"no rows give {none.shape}"


@check
def check_columns_are_in_the_order_of_the_labels(rung: Rung, task: Task, metric: Any) -> None:
    """The mean prediction of each output is near the target's, so no column is swapped."""
    usual = _climbed(rung, task, metric)
    job, said = usual.job, usual.model.predict(usual.job.inputs).mean(axis=0)
    truth = np.eye(job.target.outputs)[job.target.value] if task.one_label else job.target.value
    wanted = np.atleast_1d(truth.mean(axis=0))
    room = 0.2 * float(np.std(job.target.value)) if task is Task.REGRESSION else 0.14
    assert np.abs(said - wanted).max() < room, f"outputs are {said} on average, the target's are {wanted}"


@check
def check_a_class_that_no_training_row_has_keeps_its_column(rung: Rung, task: Task, metric: Any) -> None:
    """Only validation rows have the middle class: its column is there and the others did not move."""
    if task is not Task.MULTICLASS:
        return
    job = make_job(task, metric)
    fold = job.plan.folds[0]
    value = job.target.value.copy()
    value[fold.train[value[fold.train] == 1]] = 2
    trial = rung.climb(replace(job, target=replace(job.target, value=value)))
    mean_C = trial.prediction[0].mean(axis=0)
    assert len(mean_C) == 3, f"{len(mean_C)} columns for three classes"
    assert mean_C[1] < min(mean_C[0], mean_C[2]), f"the class without training rows got {mean_C}"


@check
def check_the_cost_is_a_prediction(rung: Rung, task: Task, metric: Any) -> None:
    """Seconds and bytes are finite and not negative."""
    cost = rung.predict_cost(make_job(task, metric))
    assert 0 <= cost.seconds < 600, f"{cost.seconds} seconds for 160 rows"
    assert cost.memory >= 0
