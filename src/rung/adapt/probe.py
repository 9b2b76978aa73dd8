"""A linear probe: what a linear head makes of embeddings, and nothing beside it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rung.adapt.choose import Candidate
from rung.adapt.features import EMBEDDING, TABLE, groups_of
from rung.adapt.frozen import AT_REST, STRENGTHS, Frozen, rate_of_products, work_of_path
from rung.adapt.linear import path
from rung.adapt.search import climb
from rung.bundle.blend import Fitted
from rung.core.contracts import Job, Trial
from rung.core.types import Floats, Fold, Inputs, Ints

PLAIN = {"variant": "linear", "features": EMBEDDING}


class _Linear:
    """The linear variant of frozen, alone; table: with the table's columns beside the embeddings."""

    inner = 5

    def __init__(self, *, table: bool = False) -> None:
        self._choice = PLAIN | {"features": EMBEDDING + TABLE if table else EMBEDDING}

    def candidates(self, job: Job, folds: Sequence[Fold]) -> list[Candidate]:
        """The path of strengths."""
        return path(job, folds, groups_of(job, folds, self._choice["features"]), STRENGTHS, self._choice)

    def fit(self, job: Job, rows: Ints, choice: dict[str, Any]) -> Fitted:
        """One head on these rows."""
        return Frozen().fit(job, rows, choice)

    def trained(self, model: Fitted) -> int:
        """Weights of the head."""
        return Frozen().trained(model)


def probe(job: Job, *, table: bool = False) -> Trial:
    """Predict every judged row by linear heads, and strengths, that never saw its label: see rung.adapt.search.

    table: the heads see the table's columns beside the embeddings.
    """
    return climb(job, _Linear(table=table))


def features(inputs: Inputs) -> Floats:
    """(N, D) float32, what the probe learns from: the embeddings of every column that the backbone reads."""
    return np.concatenate([inputs.embed(name) for name in inputs.parts], axis=1)


def probe_seconds(job: Job, width: int) -> float:
    """How long a probe will take on embeddings `width` wide, from one product measured now."""
    folds = len(job.plan.folds) if job.plan.kind == "folds" else _Linear.inner
    rate = rate_of_products()
    return work_of_path(job, width, folds, rate) / rate + AT_REST
