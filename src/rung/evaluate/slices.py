"""Scores by the values of a column: where the model is weaker than its average says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.errors import BadShape
from rung.core.types import Floats, Ints, Task
from rung.evaluate.protocol import as_json, scores

SMALL = 20  # fewer rows are shown, but flagged: their interval says little
FEW_VALUES = 8  # a number with at most so many values is a category
MOST = 50  # of a column with more values the commonest are shown, the others together
TIMES = 1000
MAIN = {
    Task.BINARY: ("accuracy", "balanced_accuracy", "macro_f1"),
    Task.MULTICLASS: ("accuracy", "balanced_accuracy", "macro_f1"),
    Task.MULTILABEL: ("micro_f1", "macro_f1"),
    Task.REGRESSION: ("r2", "rmse", "mae", "coverage_90"),
}


@dataclass(frozen=True)
class Slice:
    """Rows that share a value, or a range of values, of one column."""

    column: str
    value: str
    rows: Ints


def by_slice(
    task: Task,
    target: NDArray[Any],
    prediction_NC: Floats,
    values: Mapping[str, Sequence[Any]],
    *,
    cluster: Ints | None = None,
    seed: int = 0,
    half_width: float | None = None,
) -> list[dict[str, Any]]:
    """One entry a slice: column, value, n, small (fewer than 20 rows), scores with 95 % intervals.

    values: one value a row, by column. Numbers and dates with more than 8 distinct values are cut at their quartiles;
    missing values are a slice of their own; beyond the 50 commonest values the rest is one slice.
    Raises BadShape when a column has another number of rows.

    >>> p = np.array([[0.9, 0.1]] * 4, np.float32)
    >>> found = by_slice(Task.BINARY, np.array([0, 0, 1, 1]), p, {"country": ["at", "at", "de", "de"]})
    >>> [(part["value"], part["n"], part["small"], part["scores"]["accuracy"]["value"]) for part in found]
    [('at', 2, True, 1.0), ('de', 2, True, 0.0)]
    """
    found = []
    for column, cells in values.items():
        if len(cells) != len(target):
            raise BadShape(f"slice column {column!r}", wanted=f"{len(target)} rows", got=len(cells))
        for part in cut(column, cells):
            scored = scores(
                task,
                target[part.rows],
                prediction_NC[part.rows],
                cluster=None if cluster is None else cluster[part.rows],
                seed=seed,
                half_width=half_width,
                only=MAIN[task],
                times=TIMES,
            )
            small = len(part.rows) < SMALL
            found.append(
                {
                    "column": column,
                    "value": part.value,
                    "n": len(part.rows),
                    "small": small,
                    "scores": as_json(scored),
                }
            )
    return found


def cut(column: str, cells: Sequence[Any]) -> list[Slice]:
    """The slices of one column: quartiles in order, or values from the commonest on; missing cells last.

    >>> [(part.value, len(part.rows)) for part in cut("age", [*range(12), None])]
    [('0 to 2', 3), ('3 to 5', 3), ('6 to 8', 3), ('9 to 11', 3), ('(missing)', 1)]
    """
    missing = np.array([cell is None or cell != cell for cell in cells], dtype=bool)  # noqa: PLR0124  # NaN is not itself
    present = np.flatnonzero(~missing)
    known = [cells[row] for row in present.tolist()]
    slices = _quartiles(column, known, present) if _is_continuous(known) else _values(column, known, present)
    if missing.any():
        slices.append(Slice(column, "(missing)", np.flatnonzero(missing)))
    return slices


def _is_continuous(known: list[Any]) -> bool:
    kinds = (int, float, date, datetime)
    return all(isinstance(cell, kinds) for cell in known) and len(set(known)) > FEW_VALUES


def _quartiles(column: str, known: list[Any], rows: Ints) -> list[Slice]:
    ordered = sorted(known)
    edges = sorted({ordered[max(0, -(-len(ordered) * k // 4) - 1)] for k in (1, 2, 3)})
    place = np.array([sum(cell > edge for edge in edges) for cell in known])
    slices = []
    for k in range(len(edges) + 1):
        members = [cell for cell, at in zip(known, place, strict=True) if at == k]
        if members:
            slices.append(Slice(column, f"{_say(min(members))} to {_say(max(members))}", rows[place == k]))
    return slices


def _values(column: str, known: list[Any], rows: Ints) -> list[Slice]:
    members: dict[str, list[int]] = {}
    for cell, row in zip(known, rows.tolist(), strict=True):
        members.setdefault(_say(cell), []).append(row)
    ordered = sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))
    slices = [Slice(column, value, np.array(found, dtype=np.int64)) for value, found in ordered[:MOST]]
    if rest := ordered[MOST:]:
        every = np.sort(np.concatenate([np.array(found, dtype=np.int64) for _, found in rest]))
        slices.append(Slice(column, f"({len(rest)} rarer values)", every))
    return slices


def _say(cell: Any) -> str:
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)
