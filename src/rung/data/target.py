"""The target column as numbers that rungs can learn and metrics can score."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.errors import BadTarget, TooFewRows
from rung.core.types import Finding, Target, Task
from rung.data.labels import infer_task, known, label_kind, sort_labels
from rung.data.spellings import respelt, said_for_none
from rung.data.units import spelling
from rung.data.words import as_words, reads_as_none

LEAST = 10  # five of each of two classes
MEASURABLE = 3
TWINS = 4  # pairs of spellings that a finding names


@dataclass(frozen=True)
class Encoded:
    """The target of all N rows.

    target.value has N entries; where `usable` (N,) is False there was no label, and the entry (-1, not-a-number or
    zeros) means nothing: take the usable rows.
    """

    target: Target
    usable: NDArray[np.bool_]
    findings: tuple[Finding, ...]


def encode(series: pl.Series, *, task: Task | None = None, labels: tuple[str, ...] | None = None) -> Encoded:
    """Encode a target column.

    task: None infers it (rung.data.labels.infer_task). Multilabel reads lists, or strings joined by ";" when asked.
    labels: None while training. Otherwise the labels of training (empty for regression): one that is not among them
    becomes -1 and is named in a finding, and the number of rows is not judged.
    Raises BadTarget (all null, one class, not numbers, too many classes for the task), TooFewRows below 10 rows.

    >>> encode(pl.Series("y", ["no", "yes"] * 10)).target.value[:3].tolist()
    [0, 1, 0]
    >>> encode(pl.Series("y", ["yes", "maybe", None]), task=Task.BINARY, labels=("no", "yes")).target.value.tolist()
    [1, -1, -1]
    """
    what = f"target {series.name!r}"
    values = known(series, task, labels)
    usable = values.is_not_null().to_numpy()
    if not usable.any():
        if labels is not None:
            return Encoded(_nothing(len(series), task or Task.REGRESSION, labels), usable, _unlabelled(series, usable))
        raise BadTarget(what, wanted="labels", got=f"no value in {len(series)} rows", fix="Name another column?")
    if labels is None and usable.sum() < LEAST:
        got = f"{usable.sum()} of {len(series)} rows with a label"
        raise TooFewRows(what, wanted=f"at least {LEAST} labelled rows", got=got, fix="Label more rows.")
    findings = () if task else _sets_in_cells(values)
    task = task or infer_task(values)
    if task is Task.REGRESSION:
        target = _regression(values, what, judge=labels is None)
    elif task is Task.MULTILABEL:
        target, more = _multilabel(values, what, labels)
        findings += more
    else:
        target, more = _classes(values, what, task, labels)
        findings += more
    return Encoded(target, usable, _unlabelled(series, usable) + findings)


def _sets_in_cells(values: pl.Series) -> tuple[Finding, ...]:
    """Say where cells look like several labels joined by ";": they are read as one class each."""
    if values.dtype != pl.String:
        return ()
    joined = [row for row, cell in enumerate(values.to_list()) if cell is not None and len(_split(cell)) > 1]
    cells = {values[row] for row in joined}
    if len({name for cell in cells for name in _split(cell)}) >= 2 * len(cells):
        return ()  # their parts do not come again: a sign of its own, no sets
    what = f'{len(joined)} rows hold labels joined by ";", such as {values[joined[0]]!r}, each read as one class'
    fix = "Say --task multilabel to read them as sets of labels."
    return (Finding("label_sets", what, tuple(joined), "warn", fix),)


def _unlabelled(series: pl.Series, usable: NDArray[np.bool_]) -> tuple[Finding, ...]:
    rows = tuple(np.flatnonzero(~usable).tolist())
    return (unlabelled(rows, len(series), series.name),) if rows else ()


def unlabelled(rows: tuple[int, ...], of: int, target: str) -> Finding:
    """Say which rows have no label."""
    what = f"{len(rows)} of {of} rows have no value in target {target!r}; they were set aside"
    return Finding("null_target", what, rows, "warn", "Label them, or delete them.")


def _nothing(n: int, task: Task, labels: tuple[str, ...]) -> Target:
    if task is Task.MULTILABEL:
        return Target(task, np.zeros((n, len(labels)), np.uint8), labels)
    empty = np.full(n, np.nan) if task is Task.REGRESSION else np.full(n, -1, np.int64)
    return Target(task, empty, labels)


def _regression(values: pl.Series, what: str, *, judge: bool) -> Target:
    if values.dtype.is_nested():
        raise BadTarget(what, wanted="a number in each row", got="lists", fix="Say --task multilabel.")
    raw = values.str.strip_chars() if values.dtype == pl.String else values
    numbers = raw.cast(pl.Float64, strict=False)
    bad = np.flatnonzero((values.is_not_null() & ~numbers.is_finite().fill_null(value=False)).to_numpy())
    if len(bad):
        shown = ", ".join(f"{values[int(row)]!r} in row {row}" for row in bad[:3])
        got = f"{shown}" + (f" and {len(bad) - 3} more" if len(bad) > 3 else "")
        fix = "Rows count from 0. Empty or mend these cells, or say --task multiclass."
        raise BadTarget(what, wanted="a finite number in each row", got=got, fix=fix)
    if judge and numbers.drop_nulls().n_unique() == 1:
        raise BadTarget(what, wanted="at least two different values", got=f"only {numbers.drop_nulls()[0]}")
    return Target(Task.REGRESSION, np.asarray(numbers.fill_null(np.nan).to_numpy(), dtype=np.float64).copy())


def _classes(
    values: pl.Series, what: str, task: Task, given: tuple[str, ...] | None
) -> tuple[Target, tuple[Finding, ...]]:
    if values.dtype.is_nested():
        raise BadTarget(what, wanted=f"one label a row for task {task}", got="lists", fix="Say --task multilabel.")
    words = as_words(values)
    labels = sort_labels(words.drop_nulls().to_list()) if given is None else given
    if given is None:
        _refuse_classes(words, labels, what, task)
    place = {name: index for index, name in enumerate(labels)}
    value = np.array([place.get(word, -1) for word in words.to_list()], dtype=np.int64)
    if given is None:
        findings = (*_rare(words, labels), *_twins(words, labels), *said_for_none(labels, value))
    else:
        findings = _strangers(words, set(labels))
    return Target(task, value, labels, label_kind(values)), findings


def _refuse_classes(words: pl.Series, labels: tuple[str, ...], what: str, task: Task) -> None:
    if len(labels) == 1:
        raise BadTarget(what, wanted="at least two classes", got=f"only {labels[0]!r}", fix="Name another column?")
    if task is Task.BINARY and len(labels) != 2:
        shown = ", ".join(labels[:6])
        raise BadTarget(what, wanted="two classes for task binary", got=f"{len(labels)}: {shown}", fix="Drop --task.")
    most = int(words.drop_nulls().value_counts()["count"].max())  # type: ignore[arg-type]  # polars types max() for every dtype
    if most < MEASURABLE:
        got = f"{len(labels)} classes in {len(words)} rows, none with more than {most}"
        fix = "Is it an id or free text? Name another column, or --task regression for numbers."
        raise BadTarget(what, wanted="labels that repeat", got=got, fix=fix)


def _rare(words: pl.Series, labels: tuple[str, ...]) -> tuple[Finding, ...]:
    counts = dict(words.drop_nulls().value_counts().iter_rows())
    told = respelt(labels, np.array([counts[name] for name in labels]))  # as spellings; or as words for none
    few = [
        name
        for name, other in zip(labels, told, strict=True)
        if counts[name] < MEASURABLE and not other and not reads_as_none(name)
    ]
    if not few:
        return ()
    rows = tuple(np.flatnonzero(words.is_in(few).fill_null(False).to_numpy()).tolist())
    verb = "1 class has" if len(few) == 1 else f"{len(few)} classes have"
    what = f"{verb} one or two rows: {_shown(few)}; kept for training, too few to measure"
    return (Finding("rare_class", what, rows, "note", "Label more rows of them, or merge them."),)


def _twins(words: pl.Series, labels: tuple[str, ...]) -> tuple[Finding, ...]:
    """Say which labels read alike but for case, spacing, accents or a full stop: two classes are rarely meant."""
    alike: dict[str, list[str]] = {}
    counts = dict(words.drop_nulls().value_counts().iter_rows())
    for name in labels:
        alike.setdefault(spelling(name), []).append(name)
    twins = [sorted(names, key=lambda name: (-counts[name], name)) for names in alike.values() if len(names) > 1]
    if not twins:
        return ()
    rarer = [name for _, *others in twins for name in others]
    rows = tuple(np.flatnonzero(words.is_in(rarer).fill_null(False).to_numpy()).tolist())
    pairs = [f"{other!r} beside {first!r}" for first, *others in twins for other in others]
    many = f" and {len(pairs) - TWINS} more" if len(pairs) > TWINS else ""
    said = f"{', '.join(pairs[:TWINS])}{many}"
    what = f"labels differ only in case, spacing or a sign: {said}; they are different classes"
    effect = "A model is scored on telling apart what means the same."
    return (Finding("label_twins", what, rows, "warn", "Write them alike if they mean the same.", effect=effect),)


def _strangers(words: pl.Series, labels: set[str]) -> tuple[Finding, ...]:
    rows = [row for row, word in enumerate(words.to_list()) if word is not None and word not in labels]
    if not rows:
        return ()
    names = sort_labels(words[rows].to_list())
    what = f"{_hold(len(rows))} that training never had: {_shown(names)}; scored as errors"
    return (Finding("unknown_label", what, tuple(rows), "warn", "Add rows of them to training.", "test"),)


def _hold(rows: int) -> str:
    return "1 row holds a label" if rows == 1 else f"{rows} rows hold labels"


def _multilabel(values: pl.Series, what: str, labels: tuple[str, ...] | None) -> tuple[Target, tuple[Finding, ...]]:
    sets = _label_sets(values, what)
    seen = labels is not None
    if labels is None:
        labels = sort_labels(name for names in sets for name in names)
        if len(labels) < 2:
            raise BadTarget(what, wanted="at least two labels", got=", ".join(labels) or "empty lists only")
    place = {name: index for index, name in enumerate(labels)}
    value = np.zeros((len(sets), len(labels)), np.uint8)
    foreign = [row for row, names in enumerate(sets) if any(name not in place for name in names)]
    for row, names in enumerate(sets):
        value[row, [place[name] for name in names if name in place]] = 1
    target = Target(Task.MULTILABEL, value, labels)
    if foreign:
        strangers = sort_labels({name for row in foreign for name in sets[row]} - set(labels))
        said = f"{_hold(len(foreign))} that training never had: {_shown(strangers)}; scored as errors"
        missed = np.zeros((len(sets), len(strangers)), np.uint8)
        for row in foreign:
            missed[row, [strangers.index(name) for name in sets[row] if name not in place]] = 1
        target = Target(Task.MULTILABEL, np.concatenate([value, missed], axis=1), labels)
        return target, (Finding("unknown_label", said, tuple(foreign), "warn", "", "test"),)
    few = [name for name, count in zip(labels, value.sum(axis=0), strict=True) if count < MEASURABLE]
    if seen or not few:
        return target, ()
    rows = tuple(np.flatnonzero(value[:, [place[name] for name in few]].any(axis=1)).tolist())
    verb = "1 label has" if len(few) == 1 else f"{len(few)} labels have"
    said = f"{verb} one or two rows: {_shown(few)}; too few to measure"
    return target, (Finding("rare_class", said, rows, "note", "Label more rows of them, or merge them."),)


def _label_sets(values: pl.Series, what: str) -> list[list[str]]:
    if values.dtype == pl.String:
        return [[] if joined is None else _split(joined) for joined in values.to_list()]
    if not isinstance(values.dtype, pl.List | pl.Array):
        raise BadTarget(what, wanted='lists of labels, or strings joined by ";"', got=f"{values.dtype}")
    lists = values.to_list()
    words = iter(as_words(pl.Series([name for names in lists for name in names or ()])).to_list())
    return [[word for _ in names or () if (word := next(words)) is not None] for names in lists]


def _split(joined: str) -> list[str]:
    return [name.strip() for name in joined.split(";") if name.strip()]


def _shown(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(repr(name) for name in names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
