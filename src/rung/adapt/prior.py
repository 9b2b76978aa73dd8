"""prior: what guessing from the target alone would score. Every rung has to beat it."""

from typing import Any

import numpy as np

from rung.adapt.base import register
from rung.bundle.heads import PriorHead
from rung.bundle.model import Encoders, FittedModel
from rung.core.contracts import Job, Trial
from rung.core.types import Cost, Ints, Target


class Prior:
    """Class shares of the training rows (label shares for label sets), or their mean.

    Nothing is trained. climb: for each fold the shares of its training rows.
    """

    name = "prior"
    order = 0
    title = "guess from the target alone"
    needs_backbone = False

    def applies(self, job: Job) -> str:  # noqa: ARG002  # the contract's signature
        """Serve every job."""
        return ""

    def predict_cost(self, job: Job) -> Cost:  # noqa: ARG002  # the contract's signature
        """Next to nothing."""
        return Cost(0.0)

    def climb(self, job: Job) -> Trial:
        """Predict each judged row from the training rows of its fold."""
        judged = job.plan.judged
        prediction = np.zeros((job.plan.repeats, len(judged), job.target.outputs), np.float32)
        for fold in job.plan.folds:
            prediction[fold.repeat, np.searchsorted(judged, fold.validation)] = shares(job.target, fold.train)
        train = job.plan.folds[0].train
        return Trial(prediction, {}, 0, train, np.repeat(shares(job.target, train)[None], len(train), axis=0))

    def refit(self, job: Job, choice: dict[str, Any]) -> FittedModel:  # noqa: ARG002  # the contract's signature
        """Shares of all pool rows."""
        return FittedModel(Encoders(), PriorHead(shares(job.target, np.arange(len(job.target)))))


def shares(target: Target, rows: Ints) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(C,) class shares, (L,) label shares, or (1,) the mean."""
    value = target.value[rows]
    if target.task.one_label:
        return (np.bincount(value, minlength=len(target.labels)) / len(value)).astype(np.float32)
    return np.atleast_1d(value.mean(axis=0)).astype(np.float32)


register(Prior())
