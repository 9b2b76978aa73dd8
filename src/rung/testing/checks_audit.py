"""The battery that every check of an audit passes: give it a check, it raises AssertionError with the reason."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.audited import Audited, Check, Judged, Near, Part, Vectors
from rung.core.rng import generator
from rung.core.types import FEATURES, Column, Finding, Floats, Ints, Role, Target, Task

Claim = Callable[[Check], None]
ROWS = 120
LONGEST = 500  # characters of a finding's sentence
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ROLES = {"text": Role.TEXT, "number": Role.NUMBER, "kind": Role.CATEGORY, "label": Role.TARGET}
_CLAIMS: list[Claim] = []


def claim(function: Claim) -> Claim:
    """Put a claim into the battery."""
    _CLAIMS.append(function)
    return function


def battery() -> tuple[Claim, ...]:
    """Every claim, in the order of this file."""
    return tuple(_CLAIMS)


def clean_table(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    """Rows with nothing wrong: distinct texts of made-up words; number and category tell a little of the label.

    seed: other rows of the same kind, of the same words.
    """
    draw = generator(0, "audit battery")
    words = ["".join(draw.choice(list(LETTERS), size=draw.integers(4, 9))) for _ in range(400)]
    draw = generator(seed, "audit battery rows") if seed else draw
    label = np.arange(rows) % 2
    return pl.DataFrame(
        {
            "text": [" ".join(draw.choice(words, size=draw.integers(9, 13), replace=False)) for _ in range(rows)],
            "number": (draw.normal(size=rows) + 0.5 * label).round(3),
            "kind": [
                str(draw.choice(["low", "mid", "high"], p=p)) for p in np.array([[5, 3, 2], [2, 3, 5]])[label] / 10
            ],
            "label": ["no" if each == 0 else "yes" for each in label],
        }
    )


def audited(
    frame: pl.DataFrame,
    test: pl.DataFrame | None = None,
    *,
    roles: Mapping[str, Role] = ROLES,
    near: Callable[[pl.DataFrame, Sequence[Column]], Near] | None = None,
    **more: Any,
) -> Audited:
    """A table as an audit sees it; its rows have their places as numbers.

    roles: by column, the target's among them; near: how near copies are sought, None for rows of the same words; more:
    other fields of Audited. Embeddings tell the label weakly, as do
    the judgements: out-of-fold, they are right nine times of ten.
    """
    columns = tuple(Column(name, role) for name, role in roles.items() if name in frame.columns)
    name = next(column.name for column in columns if column.role is Role.TARGET)
    target = _target(frame[name])
    tests = frame[[]] if test is None else test
    seen = [column for column in columns if column.role in FEATURES and column.name in tests.columns]
    names = [column.name for column in seen]
    both = pl.concat([frame.select(names), tests.select(names)], how="vertical_relaxed")
    found, every = (near or _same_words)(both, seen), np.arange(len(both))
    pool = _part(frame, columns, found.take(every[: len(frame)]))
    own = _part(tests, columns, found.take(every[len(frame) :]))
    given: dict[str, Any] = {"test_given": test is not None and test.height > 0}
    if test is not None and name in test.columns and target.labels:
        known = {label: place for place, label in enumerate(target.labels)}
        value = np.array([known.get(str(cell), -1) for cell in test[name]], np.int64)
        given["test_target"] = replace(target, value=value)
    given["vectors"] = _vectors({"data": frame, "test": test}, roles)
    if len(set(frame[name].to_list())) > 1:
        judged = _judged(target)
        given["judged"] = lambda: judged
    return Audited(columns, pool, target, own, **(given | more))


def _target(values: pl.Series) -> Target:
    if values.dtype.is_float():
        return Target(Task.REGRESSION, values.to_numpy().astype(np.float64))
    labels = sorted({str(value) for value in values})
    value = np.array([labels.index(str(each)) for each in values], np.int64)
    return Target(Task.BINARY if len(labels) == 2 else Task.MULTICLASS, value, tuple(labels))


def _part(frame: pl.DataFrame, columns: Sequence[Column], near: Near) -> Part:
    hashed, cluster = _hashed(frame, [column.name for column in columns if column.role in FEATURES])
    return Part(np.arange(frame.height), frame, tuple(hashed), cluster, near)


def _hashed(frame: pl.DataFrame, names: Sequence[str]) -> tuple[list[bytes], Ints]:
    hashed = [
        blake2b(repr([" ".join(str(cell).casefold().split()) for cell in row]).encode(), digest_size=16).digest()
        for row in frame.select(names).iter_rows()
    ]
    unit = {key: place for place, key in enumerate(dict.fromkeys(hashed))}
    return hashed, np.array([unit[key] for key in hashed], np.int64)


def _same_words(frame: pl.DataFrame, columns: Sequence[Column]) -> Near:
    label = _hashed(frame, [column.name for column in columns])[1]
    return Near(label, label)


def _vectors(frames: Mapping[str, pl.DataFrame | None], roles: Mapping[str, Role]) -> Any:
    """Hashed words, one vector a text: equal texts have equal vectors, and texts with common words similar ones."""

    def vectors(part: str, name: str) -> Vectors | None:
        frame = frames[part]
        if frame is None or roles.get(name) is not Role.TEXT:
            return None
        made = [sum(map(_word, str(text or "").casefold().split()), np.zeros(32)) for text in frame[name]]
        x_ND = np.array(made, np.float32).reshape(frame.height, 32)
        return Vectors(np.arange(frame.height), x_ND / np.maximum(np.linalg.norm(x_ND, axis=1, keepdims=True), 1e-9))

    return vectors


def _word(word: str) -> NDArray[np.float64]:
    return generator(0, "a word", word).normal(size=32)


def _judged(target: Target) -> Judged:
    rows: Ints = np.arange(len(target), dtype=np.int64)
    draw = generator(0, "audit battery judged")
    if target.task is Task.REGRESSION:
        return Judged(rows, (target.value + draw.normal(size=len(target))).astype(np.float32)[:, None])
    sure_N = draw.uniform(0.6, 0.99, size=len(target))
    p_NC: Floats = np.repeat(((1 - sure_N) / (len(target.labels) - 1))[:, None], len(target.labels), 1).astype(
        np.float32
    )
    p_NC[rows, target.value] = sure_N
    return Judged(rows, p_NC)


def _found(check: Check, seen: Audited) -> list[Finding]:
    return list(check.find(seen))


def faulty_table() -> pl.DataFrame:
    """Clean rows with a little of everything wrong: copies, holes, odd letters, addresses, a copied target."""
    frame = clean_table()
    texts = frame["text"].to_list()
    texts[3], texts[7], texts[11] = "", texts[5], texts[9].replace("a", "e", 1)
    texts[13], texts[17] = "caf\u00c3\u00a9 \u00e2\u20ac\u2122", "write to ann@example.org or +44 20 7946 0958"
    numbers = [None if i % 9 == 0 else value for i, value in enumerate(frame["number"])]
    label = [{"no": "no", "yes": "Yes "}[each] if i % 4 == 1 else each for i, each in enumerate(frame["label"])]
    return frame.with_columns(
        text=pl.Series(texts), number=pl.Series(numbers), label=pl.Series(label), copied=frame["label"] + "!"
    )


FAULTY = ROLES | {"copied": Role.CATEGORY}


@claim
def check_clean_rows_raise_nothing(check: Check) -> None:
    """Nothing is said of rows with nothing wrong, nor of a test of the same kind."""
    seen = audited(clean_table(), clean_table(60, seed=1))
    said = [f"{finding.check}: {finding.what}" for finding in _found(check, seen)]
    assert not said, f"{check.name} on clean rows: {said}"


@claim
def check_findings_are_whole(check: Check) -> None:
    """Findings go by a declared name, in one sentence, with rows of the file, and can be written as JSON."""
    frame = faulty_table()
    for finding in _found(check, audited(frame, frame[20:50], roles=FAULTY)):
        assert finding.check in check.says, f"{check.name} says {finding.check}, which it did not declare"
        assert 0 < len(finding.what) <= LONGEST, f"{finding.check}: {finding.what!r}"
        assert "\n" not in finding.what, f"{finding.check}: {finding.what!r}"
        most = 30 if finding.part == "test" else frame.height
        assert all(type(row) is int and 0 <= row < most for row in finding.rows), f"{finding.check}: odd rows"
        assert len(set(finding.rows)) == len(finding.rows), f"{finding.check} names a row twice"
        assert len(finding.names) in (0, len(finding.rows)), f"{finding.check}: names without rows"
        assert finding.severity == "note" or (finding.effect and finding.fix), f"{finding.check}: no effect, or no fix"
        json.dumps(asdict(finding), allow_nan=False)


@claim
def check_the_same_is_found_twice(check: Check) -> None:
    """Asked again, a check says the same, and the table is as it was."""
    frame = faulty_table()
    before, seen = frame.clone(), audited(frame, frame[20:50], roles=FAULTY)
    assert _found(check, seen) == _found(check, seen), f"{check.name} changes its mind"
    assert frame.equals(before), f"{check.name} changes the table"


@claim
def check_row_order_does_not_matter(check: Check) -> None:
    """The same rows in another order: the same number of rows is found, under the same names."""
    frame = faulty_table()
    order = generator(1, "audit battery order").permutation(frame.height)

    def summary(table: pl.DataFrame) -> list[tuple[str, int]]:
        return sorted((finding.check, len(finding.rows)) for finding in _found(check, audited(table, roles=FAULTY)))

    assert summary(frame) == summary(frame[order]), f"{check.name} goes by the order of rows"


@claim
def check_little_is_survived(check: Check) -> None:
    """One row, two rows, no test rows, columns without a value, one class, a numeric target: no check breaks."""
    frame = clean_table(6)
    hollow = frame.with_columns(
        text=pl.lit(None, pl.String), number=pl.lit(None, pl.Float64), kind=pl.lit(None, pl.String)
    )
    real = frame.with_columns(label=pl.Series(np.arange(6.0)))
    for table in (frame[:1], frame[:2], hollow, real, frame.with_columns(label=pl.lit("no"))):
        for test in (None, table[:1], table):
            _found(check, audited(table, test))
