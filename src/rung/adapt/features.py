"""Features for heads: embeddings of the columns, of some of them, shortened, and table columns beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rung.adapt.linear import Groups
from rung.bundle.codes import fit_codes
from rung.bundle.model import Encoders
from rung.bundle.parts import fit_part
from rung.bundle.table import fit_table
from rung.core.contracts import Job
from rung.core.types import Floats, Fold, Inputs, Ints

ROOTED = "root of embedding"
EMBEDDING, AXES = "embedding", "main axes"
TABLE, CODES = "+table", "+columns"  # standardised for a linear model, as they are for trees
MOST_AXES = 32  # of each column's embedding, where they are shortened


@dataclass(frozen=True)
class Features:
    """Features of every pool row for one fold: the encoders that made them, fitted on its training rows."""

    encoders: Encoders
    x: Floats


def groups_of(job: Job, folds: Sequence[Fold], which: str, parts: Sequence[str] | None = None) -> Groups:
    """Features with the folds that share them: all folds, but one fold each where one column has a table beside it.

    What is fitted of several parts without looking at a label (means, scales) is fitted on the first fold's rows.
    """

    def groups() -> Iterator[tuple[Floats, list[int]]]:
        if which in (EMBEDDING, ROOTED) or len(job.inputs.embedded) > 1:
            yield features_of(job, folds[0].train, which, parts).x, list(range(len(folds)))
            return
        for f, fold in enumerate(folds):
            yield features_of(job, fold.train, which, parts).x, [f]

    return groups


def features_of(
    job: Job, rows: Ints, which: str, parts: Sequence[str] | None = None, *, only: bool = False
) -> Features:
    """Embeddings of the columns `parts` (all that are embedded), and the table's columns beside them when asked.

    only: features of `rows` alone, else of every pool row. What is fitted of an encoder sees `rows` alone.
    """
    inputs: Inputs = job.inputs.take(rows) if only else job.inputs
    encoders = encoders_of(job, rows, which, parts)
    return Features(encoders, encoders.apply(inputs))


def encoders_of(job: Job, rows: Ints, which: str, parts: Sequence[str] | None = None) -> Encoders:
    """The encoders, fitted on these pool rows. One column that no row lacks is taken as its embedding is."""
    names = tuple(job.inputs.embedded if parts is None else parts)
    seen = job.inputs.take(rows)
    if _plain(job, parts) and not which.startswith(AXES):
        bare = Encoders(embedded=names, root=which == ROOTED)
        variance = 0.0 if which in (EMBEDDING, ROOTED) else float(bare.apply(seen).var(axis=0).sum())
    else:
        axes = MOST_AXES if which.startswith(AXES) else None
        bare = Encoders(parts=tuple(fit_part(seen, name, axes=axes) for name in names))
        variance = float(len(names))
    return _with_table(bare, seen, which, variance)


def beside(job: Job, rows: Ints, *, table: bool) -> Encoders:
    """Encoders whose first features are the embeddings, as they are, of the columns that training will change.

    After them those of the other columns and, where asked, the table.
    """
    own = tuple(job.inputs.own)
    seen = job.inputs.take(rows)
    others = tuple(fit_part(seen, name) for name in job.inputs.embedded if name not in own)
    variance = float(Encoders(embedded=own).apply(seen).var(axis=0).sum())
    others = tuple(replace(part, scale=part.scale * float(np.sqrt(variance / len(own)))) for part in others)
    bare = Encoders(embedded=own, parts=others)
    return _with_table(bare, seen, TABLE if table else EMBEDDING, variance)


def choice_of(variant: str, features: str, parts: Sequence[str] | None = None, **more: Any) -> dict[str, Any]:
    """What a candidate's choice says: its parts are named where they are not all."""
    named = {} if parts is None else {"parts": list(parts)}
    return {"variant": variant, "features": features, **named, **more}


def _with_table(bare: Encoders, seen: Inputs, which: str, variance: float) -> Encoders:
    if which.endswith(TABLE):
        table = fit_table(seen.table)
        columns = max(1, len(table.numbers) + len(table.categories) + len(table.datetimes))
        return replace(bare, table=table, scale=float(np.sqrt(variance / columns)))
    return replace(bare, codes=fit_codes(seen.table)) if which.endswith(CODES) else bare


def _plain(job: Job, parts: Sequence[str] | None) -> bool:
    names = job.inputs.embedded if parts is None else tuple(parts)
    return len(names) == 1 and (names[0] in job.inputs.texts or bool(job.inputs.there(names[0]).all()))
