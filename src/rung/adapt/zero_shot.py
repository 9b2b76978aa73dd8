"""zero-shot: no row teaches anything. A backbone of paired images and texts compares images with names of classes."""

from typing import Any

import numpy as np

from rung.adapt.base import NO_BACKBONE, register
from rung.bundle.heads import CosineHead
from rung.bundle.model import Encoders, FittedModel
from rung.core.contracts import Job, Trial
from rung.core.types import Cost

LOADING = 5.0  # seconds to read the text side
A_NAME = 0.1  # seconds of its prompts


class ZeroShot:
    """The softmax of cosines between an image's vector and those of prompts that name the classes.

    Source: Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision, section 3.1.
    """

    name = "zero-shot"
    order = 15
    title = "class names as prompts, nothing learnt"
    needs_backbone = True
    quiet = True  # most backbones have no text side
    free = True  # it costs next to nothing: that it fails says nothing of the rungs after it

    def applies(self, job: Job) -> str:
        """Ask for classes with names, one column of images, and a backbone with a text side."""
        if job.backbone is None:
            return NO_BACKBONE
        if job.prompted is None or len(job.inputs.media) != 1 or len(job.inputs.own) != 1:
            return "the backbone has no text side"
        if not job.target.task.one_label:
            return "it needs a target of classes"
        if all(not any(letter.isalpha() for letter in label) for label in job.target.labels):
            return "the classes have no names"
        return ""

    def predict_cost(self, job: Job) -> Cost:
        """Seconds: embedding at the measured rate, and the prompts."""
        assert job.backbone is not None
        rate = job.inputs.rate
        seconds = sum(rate(name) for name in job.inputs.own) if rate else 0.0
        return Cost(seconds + LOADING + A_NAME * job.target.outputs, 2 * job.backbone.size_bytes)

    def climb(self, job: Job) -> Trial:
        """Predict every judged row; no fold differs from another."""
        model = self.refit(job, {})
        judged = job.plan.judged
        said = model.predict(job.inputs.take(judged))
        rows = job.plan.folds[0].train
        return Trial(
            np.repeat(said[None], job.plan.repeats, axis=0),
            {},
            0,
            rows,
            model.predict(job.inputs.take(rows)),
            model=model,
        )

    def refit(self, job: Job, choice: dict[str, Any]) -> FittedModel:  # noqa: ARG002  # the contract's signature
        """The classes' names as a head."""
        assert job.prompted is not None
        known = job.prompted(job.target.labels)
        head = CosineHead(known.projection_DP, known.class_PC, known.scale)
        return FittedModel(Encoders(embedded=tuple(job.inputs.media)), head)


register(ZeroShot())
