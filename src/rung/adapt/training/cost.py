"""What a rung that trains will take, from a few steps of its own on a few rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from time import perf_counter

import numpy as np

from rung.adapt.training.learner import Learner, parts
from rung.adapt.training.loop import Around, train
from rung.adapt.training.order import batches
from rung.adapt.training.recipe import Recipe
from rung.core.types import Cost, Ints

STEPS = 4  # measured ones, after one that warms up
STATES = 4  # copies of each trained weight: itself, its gradient, two moments
BLENDS = 4
DRAWS = 16


@dataclass(frozen=True)
class Rates:
    """Seconds a token: of a training step, of a pass that learns nothing; seconds to make the learner; bytes.

    at_rest: seconds of a step whatever its tokens: the update of all weights. beside: seconds of a run of one epoch
    that are no step: weights copied, an optimiser made.
    """

    step: float
    passed: float
    made: float
    memory: int
    at_rest: float = 0.0
    beside: float = 0.0

    def steps(self, many: float, tokens: float) -> float:
        """Seconds of so many training steps over so many tokens in all."""
        return many * self.at_rest + tokens * self.step


def rates(make: Callable[[], Learner], recipe: Recipe, rows: Ints, seed: int) -> Rates:
    """Measure on `rows`, which the learner of `make` must know."""
    begun = perf_counter()
    learner = make()
    made = perf_counter() - begun
    length_N = learner.rows.length_N
    planned = batches(length_N, rows, recipe.batch, seed=seed, epoch=0)
    planned = (planned * (STEPS + 1))[: STEPS + 1]
    few = replace(recipe, epochs=1, warmup=1.0, wise=False)

    def timed(some: Sequence[Ints]) -> tuple[float, int, float]:
        """Seconds and tokens of the step of middle length, the first left out, and seconds of all that is no step."""
        beats: list[float] = []
        hear, plan = (lambda _: beats.append(perf_counter())), (lambda _: list(some))
        begun = perf_counter()
        train(learner, few, np.concatenate(some), None, Around(seed, early_look=False, order=plan, hear=hear))
        whole, each = perf_counter() - begun, np.diff(beats)
        at = int(np.argsort(each)[len(each) // 2])
        return float(each[at]), padded(length_N, [some[at + 1]]), max(whole - float(each.sum() + each[at]), 0.0)

    spent, tokens, beside = timed(planned)
    quick, fewer, other = timed([batch[: max(1, len(batch) // 4)] for batch in planned])
    a_token = max(spent - quick, 0.0) / (tokens - fewer) if tokens > fewer else 0.0
    a_token = a_token or spent / tokens
    at_rest = max(spent - a_token * tokens, 0.0)
    aside = rows[: learner.rows.tunable.at_once]
    begun = perf_counter()
    learner.outputs(aside)
    passed = perf_counter() - begun
    states = STATES * sum(parameter.nbytes for parameter in learner.trained().values())
    fixed = sum(parameter.nbytes for parameter in learner.net.parameters())
    return Rates(a_token, passed / padded(length_N, [aside]), made, fixed + states, at_rest, min(beside, other))


def padded(length_N: Ints, planned: Sequence[Ints]) -> int:
    """Tokens of these batches, padding included."""
    return int(sum(len(batch) * int(length_N[batch].max()) for batch in planned if len(batch)))


def mixed(length_N: Ints, rows: Ints, batch: int, seed: int) -> float:
    """Tokens, padding included, of a batch whose rows are drawn whatever their length; the mean of a few draws."""
    draw = np.random.default_rng(seed)
    drawn = [length_N[draw.permutation(rows)[:batch]] for _ in range(DRAWS)]
    return float(np.mean([sum(len(at) * int(each[at].max()) for at in parts(each)) for each in drawn]))


def seconds_of_run(rate: Rates, recipe: Recipe, length_N: Ints, rows: Ints, aside: Ints, *, seed: int) -> float:
    """One training run: all epochs, the score after each, the blends."""
    planned = batches(length_N, rows, recipe.batch, seed=seed, epoch=0)
    an_epoch = rate.steps(len(planned), padded(length_N, planned))
    look = int(length_N[aside].sum()) * rate.passed
    looks = recipe.epochs + 1 + (2 * BLENDS - 1 if recipe.wise else 0)
    return rate.made + (1 + recipe.epochs) / 2 * rate.beside + recipe.epochs * an_epoch + looks * look


def total(seconds: Sequence[float], memory: int) -> Cost:
    """One cost of several waits.

    >>> total([1.0, 2.0], 5).seconds
    3.0
    """
    return Cost(float(sum(seconds)), ceil(memory))
