"""Short runs of the one loop over a tiny whole model, for tests to look at."""

import numpy as np
import torch

from rung.adapt.training.loop import Around, Judge, train
from rung.adapt.training.recipe import Recipe
from rung.core.types import Task

QUICK = Recipe(epochs=2, rate=1e-3, head_rate=1e-2, batch=8, wise=False)


def weights(learner):
    """Copies of what learns."""
    return {name: parameter.detach().clone() for name, parameter in learner.trained().items()}


def run(learner, recipe=QUICK, judge=None, **around):
    """Train on the first half of the rows: how it went, what the weights are then."""
    rows = np.arange(len(learner.truth) // 2)
    found = train(learner, recipe, rows, judge, Around(**around))
    return found, weights(learner)


def judged(learner, score, prior=-1.0):
    """The second half, set aside."""
    half = len(learner.truth) // 2
    return Judge(np.arange(half, 2 * half), score, prior, Task.MULTICLASS)


def same(one, other, atol=0.0):
    """Whether two sets of weights are equal."""
    return all(torch.allclose(one[name], other[name], atol=atol, rtol=0) for name in one)


def accuracy(mine):
    """The share of right answers."""
    return lambda rows, said: float((said.argmax(1) == mine.truth[rows].numpy()).mean())


def still(learner):
    """The learner without dropout, so that runs of it differ by nothing but what a test changes."""
    for module in learner.net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    learner.net.body.config.attention_probs_dropout_prob = 0.0
    return learner
