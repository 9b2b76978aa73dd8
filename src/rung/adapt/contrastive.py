"""contrastive: for few rows. Texts of one class are drawn together first, then head and body learn as in full.

Of up to 400 rows the head alone learns after the pairs.

All pairs of a batch are compared at once, so the number of pairs is bounded by steps and batch: it grows with the rows
up to a cap, never with their square.
Source: Reimers and Gurevych 2019, Sentence-BERT, section 3 (squared error of the cosine); Tunstall et al. 2022 (SetFit)
for the order: first pairs, then a head.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rung.adapt.base import register
from rung.adapt.bodies import Body, top, whole
from rung.adapt.ground import Ground
from rung.adapt.hearing import heard
from rung.adapt.training.learner import Learner, Net
from rung.adapt.training.loop import EARLY, SEEN, Around, train
from rung.adapt.training.recipe import LEAST_FOR_SMALL, Recipe
from rung.adapt.tuned import Tuned
from rung.adapt.warm import Warm
from rung.core.contracts import Job, Prepared
from rung.core.rng import generator
from rung.core.stops import Collapse
from rung.core.types import Floats, Ints

FEWEST, MOST = 8, 1000  # rows that it is made for
# Rows up to which all blocks move. Accuracy of a probe after the pairs (the upper half alone), two draws: MPQA, 128
# rows, 0.814 and 0.813 (0.763, 0.769); TREC-6, 48 rows, 0.756 and 0.802 (0.734, 0.702); sms_spam, 16 rows, 0.957 and
# 0.980 (0.922, 0.955); TweetEval, 32 rows, 0.624 and 0.503 (0.624, 0.488). A step takes two to three times as long.
FEW = 400
PASSES = 6  # of each row over the warm-up, as far as the limits allow
# At 48 rows 30 gained 7 points over 15, at 384 (TREC-6, three draws) 70 one over 40, at 1,000 100 at most one over 60;
# at 128 rows 120 lost one or two against 40.
LEAST_STEPS, MOST_STEPS = 40, 70
A_CLASS = 4  # rows of each class in a batch
ALIKE = 1e-2  # spread of unit vectors: healthy ones of all classes have five times that and more


class Pairs:
    """Of few rows all blocks move, of more the upper half, on kept activations; classes alone have pairs."""

    options: Mapping[str, Any] = {"k": 0}  # read only; 0: all blocks of few rows, half of them of more

    def applies(self, job: Job) -> str:
        """Ask for classes and few rows."""
        if not job.target.task.one_label:
            return "pairs of one class need a target of classes"
        n = len(job.target)
        return "" if FEWEST <= n <= MOST else f"it is made for {FEWEST} to {MOST:,} rows, not {n:,}"

    def settings(self, job: Job) -> list[dict[str, Any]]:
        """All blocks or half of them, or as many as the user set; of few rows the pairs alone move the body.

        Where an epoch is two or three steps, each changes every weight by about the rate, whatever the gradient: of
        48 rows of TREC-6 such an epoch took the head from 0.856 to 0.720 on test rows.
        """
        assert job.tunable is not None
        count, few = job.tunable.count, len(job.target) <= FEW
        found = {"k": min(int(job.settings.get("contrastive.k", 0)) or (count if few else ceil(count / 2)), count)}
        return [found | {"stop_after": 0} if few and "contrastive.epochs" not in job.settings else found]

    def space(self, job: Job) -> dict[str, tuple[Any, ...]]:  # noqa: ARG002  # the contract's signature
        """Nothing beside rates, decay and epochs."""
        return {}

    def body(self, job: Job, setting: Mapping[str, Any], probe: Prepared) -> Body:
        """The upper half, on what is kept below it; the whole of a model that can't run from its middle."""
        assert job.tunable is not None
        k = int(setting["k"])
        if k >= job.tunable.count:
            return whole(job.tunable)
        try:
            return top(job.tunable, k, probe)
        except ValueError:
            return whole(job.tunable)


def steps(rows: int, batch: int) -> int:
    """How many batches of pairs: enough for 6 passes of each row, between 40 and 70.

    >>> steps(100, 32), steps(1000, 32)
    (40, 70)
    """
    return min(MOST_STEPS, max(LEAST_STEPS, PASSES * rows // batch))


def drawn(label_N: Ints, rows: Ints, batch: int, many: int, seed: int) -> list[Ints]:
    """`many` batches in which each drawn class has up to four rows, so that every row has its pair."""
    draw = generator(seed, "pairs")
    of = {label: rows[label_N[rows] == label] for label in np.unique(label_N[rows])}
    labels = np.array(sorted(of))
    found = []
    for _ in range(many):
        some = draw.permutation(labels)[: max(2, batch // A_CLASS)]
        each = max(A_CLASS, batch // len(some))
        taken = [draw.permutation(of[label])[:each] for label in some]
        found.append(np.concatenate(taken)[:batch])
    return found


def contrast(z_ND: Tensor, label_N: Tensor) -> Tensor:
    """(N,) loss of each row: how far its cosine to rows of its class is from 1, and to all others from 0.

    The mean square of each kind, added; 0 for a kind that is not there. Accuracy on test rows of 64 a class, head alone
    after 40 steps, against the contrast of Khosla et al. 2020, eq. 2, at a temperature of 0.1: TweetEval 0.742 and
    0.747 (0.728, 0.737), TREC-6 0.912 and 0.916 (0.922, 0.876), MPQA 0.823, 0.810 (0.787, 0.780), sms_spam 0.946
    (0.939); of 8 a class TREC-6 0.712, 0.836, 0.780 (0.704, 0.858, 0.704). It stops pulling where rows are apart, so
    that few rows are not learnt by heart; three times the steps cost one to two points.
    """
    unit_ND = nn.functional.normalize(z_ND, dim=1)
    like_NN = unit_ND @ unit_ND.T
    same_NN = label_N[:, None] == label_N[None]
    kinds = (same_NN & ~torch.eye(len(z_ND), dtype=torch.bool, device=z_ND.device), ~same_NN)
    off_NN = (like_NN - same_NN.to(like_NN.dtype)).square()
    return torch.stack([(off_NN * kind).sum(1) / kind.sum(1).clamp_min(1) for kind in kinds]).sum(0)


def paired(job: Job, rows: Ints) -> Ints:
    """The rows that pairs are drawn of: these, and the names of the classes behind all rows, where they tell them."""
    named = heard(job, rows).named
    return rows if named is None else np.concatenate([rows, len(job.target) + np.arange(len(named.label))])


def warm(ground: Ground, rows: Ints, body: Body, recipe: Recipe, name: str) -> tuple[str, ...]:
    """Draw rows of one class together, in the body alone; what the loop noted.

    Raises Collapse where after a tenth of the steps, or in the end, all rows have one embedding: no loss tells that.
    """
    job = ground.job
    net = Net(body.module, body.vectors, nn.Identity())
    net.short = ground.tunable.precision == "bfloat16"
    rows, label_N = paired(job, rows), job.target.value
    if job.named is not None:
        label_N = np.concatenate([label_N, job.named.label])
    learner = Learner(net, ground.rows(body.k, None), torch.from_numpy(label_N), "softmax")
    planned = drawn(label_N, rows, recipe.batch, steps(len(rows), recipe.batch), job.seed)
    heard, looks = count(1), (ceil(EARLY * len(planned)), len(planned))

    def look(_: float) -> None:
        if (step := next(heard)) in looks and one_point(learner.outputs(rows[:SEEN])):
            raise Collapse(f"every row had the same embedding after {step} of {len(planned)} steps of pairs")

    around = Around(job.seed, f"{name}: pairs", None, job.tell, loss=contrast, order=lambda _: planned, hear=look)
    return train(learner, replace(recipe, epochs=1, wise=False), rows, None, around).notes


def one_point(z_ND: Floats) -> bool:
    """Whether all directions are one, to a hundredth.

    >>> one_point(np.array([[1.0, 0.0], [2.0, 0.0]], np.float32)), one_point(np.eye(2, dtype=np.float32))
    (True, False)
    """
    unit_ND = z_ND / np.maximum(np.linalg.norm(z_ND, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return len(z_ND) > 1 and float(unit_ND.std(axis=0).max()) < ALIKE


register(
    Tuned(
        "contrastive",
        35,
        "classes drawn together, then head and body",
        Pairs(),
        Recipe(epochs=1, rate=1.5e-4, head_rate=1e-3, layer_decay=1.0, wise=False, augment="none"),
        warm=Warm(warm, paired, steps),
        # Of few rows it gains more than partial, and two failures end a climb.
        turn=lambda rows: 25 if rows < LEAST_FOR_SMALL else 35,
    )
)
