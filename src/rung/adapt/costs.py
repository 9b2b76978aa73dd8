"""What a rung that trains will take over all its folds, from a few of its own steps on a sample of the rows."""

from collections.abc import Callable, Mapping
from functools import partial
from math import ceil
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from rung.adapt.bodies import Body
from rung.adapt.choose import inner_folds
from rung.adapt.ground import Ground
from rung.adapt.starts import ASIDE, sampled
from rung.adapt.training.cost import mixed, rates, seconds_of_run, total
from rung.adapt.training.learner import Learner
from rung.adapt.training.rate_finder import STEPS as FIND_STEPS
from rung.adapt.training.recipe import Recipe
from rung.core.contracts import Job, Prepared
from rung.core.types import Cost, Ints

FIND = "find"  # the rate, by a range test


class Tried(Protocol):
    """How a rung of this kind tries its settings."""

    def settings(self, job: Job) -> list[dict[str, Any]]:
        """The short list."""

    def body(self, job: Job, setting: Mapping[str, Any], probe: Prepared) -> Body:
        """The backbone made ready to learn."""


class Trains(Protocol):
    """What is measured."""

    @property
    def method(self) -> Tried:
        """How it makes its bodies."""

    @property
    def warm_steps(self) -> Callable[[int, int], int] | None:
        """Steps before the head is fitted, by rows and batch."""

    def ready(self, ground: Ground, rows: Ints, setting: Mapping[str, Any]) -> Learner:
        """Body and head with nothing learnt."""

    def recipe_for(self, job: Job, setting: Mapping[str, Any]) -> Recipe:
        """What one run does."""


def predicted(rung: Trains, job: Job) -> Cost:
    """Seconds and bytes of all folds of the first repeat."""
    small = sampled(job)
    ground, rows = Ground.of(small), np.arange(len(small.target))
    whole = Ground.of(job)
    folds = [fold for fold in job.plan.folds if fold.repeat == 0]
    length_N = whole.rows(0, None).length_N
    seconds, memory = [], 0
    for setting in rung.method.settings(job):
        recipe = rung.recipe_for(job, setting)
        begun = perf_counter()
        body = rung.method.body(small, setting, ground.probe)
        kept = 0.0
        if body.k:
            begun = perf_counter()
            ground.rows(body.k, None)
            kept = (perf_counter() - begun) / max(1, int(ground.rows(0, None).length_N.sum()))
        rate = rates(partial(rung.ready, ground, rows, setting), recipe, rows, job.seed)
        seconds.append(kept * int(length_N.sum()))
        for fold in folds:
            inner = inner_folds(job, fold.train, ASIDE)[0]
            seconds.append(seconds_of_run(rate, recipe, length_N, inner.train, inner.validation, seed=job.seed))
            seconds.append(int(length_N[fold.validation].sum()) * rate.passed)
            if rung.warm_steps is not None:
                tokens = mixed(length_N, inner.train, recipe.batch, job.seed)
                steps = rung.warm_steps(len(inner.train), recipe.batch)
                seconds.append(rate.steps(steps, steps * tokens))
                seconds.append(int(length_N.sum()) * rate.passed)
            if job.rate == FIND:
                tokens = mixed(length_N, inner.train, recipe.batch, job.seed)
                seconds.append(rate.made + rate.steps(FIND_STEPS, FIND_STEPS * tokens))
        memory = max(memory, rate.memory)
    times: float = 1
    if job.search:  # each fold searches on its own, over one setting of the short list
        times = max(2, ceil(job.search / len(folds))) / len(rung.method.settings(job))
    return total([times * each for each in seconds], memory)
