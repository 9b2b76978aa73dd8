"""What a rung that trains will take, from a few steps of its own on a few rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from time import perf_counter

import numpy as np

from rung.adapt.training.blends import copied
from rung.adapt.training.learner import Learner, parts
from rung.adapt.training.loop import ENOUGH, SEEN, Around, train
from rung.adapt.training.order import batches
from rung.adapt.training.recipe import Recipe
from rung.core.types import Cost, Ints

STEPS = 4  # measured ones
WARM = 2  # steps before them: the first makes what the optimiser keeps
STATES = 3  # beside each trained weight: its gradient, two moments
KEPT, BLENDED = 1, 2  # copies that a run keeps: the best so far; start and mean of all epochs, where it may blend them
BLENDS = 4
DRAWS = 16


@dataclass(frozen=True)
class Rates:
    """Seconds a token of a training step and of a pass that learns nothing; seconds to make the learner; bytes.

    memory: what stands beside a step: weights, gradients, moments, and the copies that a run keeps of what is trained.
    copies: those alone. trained: one such copy.
    at_rest: seconds of a step whatever its tokens: the update of all weights. beside: seconds of a run that are no
    step: an optimiser made, the first steps' memory taken. glance: seconds of a pass whatever its tokens. copy: seconds
    to copy all weights that learn. fresh: into memory that is new. a_pass: what one more pass of a batch costs, in
    tokens.
    """

    step: float
    passed: float
    made: float
    memory: int
    copies: int = 0
    trained: int = 0
    at_rest: float = 0.0
    beside: float = 0.0
    glance: float = 0.0
    copy: float = 0.0
    fresh: float = 0.0
    a_pass: int = 0

    def steps(self, many: float, tokens: float) -> float:
        """Seconds of so many training steps over so many tokens in all."""
        return many * self.at_rest + tokens * self.step

    def look(self, tokens: float) -> float:
        """Seconds of a pass over so many tokens, nothing learnt."""
        return self.glance + tokens * self.passed


def rates(make: Callable[[], Learner], recipe: Recipe, rows: Ints, seed: int, widest: Ints) -> Rates:
    """Measure on `rows`, which the learner of `make` must know; the memory also on the `widest`, longest first."""
    begun = perf_counter()
    learner = make()
    made = perf_counter() - begun
    length_N, a_pass = learner.rows.length_N, learner.rows.tunable.a_pass
    planned = batches(length_N, rows, recipe.batch, seed=seed, epoch=0)
    planned = (planned * (STEPS + WARM))[: STEPS + WARM]
    few = replace(recipe, epochs=1, warmup=1.0, wise=False)

    def timed(some: Sequence[Ints]) -> tuple[list[tuple[int, float]], float]:
        """Tokens and seconds of each step but the first ones, and the seconds of all that is no step."""
        beats: list[float] = []
        hear, plan = (lambda _: beats.append(perf_counter())), (lambda _: list(some))
        begun = perf_counter()
        train(learner, few, np.concatenate(some), None, Around(seed, early_look=False, order=plan, hear=hear))
        whole, each = perf_counter() - begun, np.diff(beats)[WARM - 1 :]
        tokens = [padded(length_N, [batch], a_pass) for batch in some[WARM:]]
        beside = whole - (beats[-1] - beats[WARM - 1]) - WARM * float(np.median(each))
        return list(zip(tokens, each.tolist(), strict=True)), max(beside, 0.0)

    steps, beside = timed(planned)
    quick, other = timed([batch[: max(1, len(batch) // 4)] for batch in planned])
    at_rest, a_token = line([*steps, *quick])
    timed([widest[: recipe.batch]] * (1 + WARM))  # the most that a step takes
    aside = rows[: learner.rows.tunable.at_once]
    glance, passed = line([_passed(learner, some) for some in (aside, aside[: max(1, len(aside) // 4)]) * 2])
    begun = perf_counter()
    kept = copied(learner)
    fresh = perf_counter() - begun
    begun = perf_counter()
    for name, parameter in learner.trained().items():
        kept[name].copy_(parameter.detach())
    copy = perf_counter() - begun
    trained = sum(each.nbytes for each in kept.values())
    fixed = sum(parameter.nbytes for parameter in learner.net.parameters())
    copies = (KEPT + (BLENDED if recipe.wise else 0)) * trained
    memory = fixed + STATES * trained + copies
    beside = min(beside, other)
    return Rates(a_token, passed, made, memory, copies, trained, at_rest, beside, glance, copy, fresh, a_pass)


def _passed(learner: Learner, rows: Ints) -> tuple[int, float]:
    """Tokens and seconds of a pass."""
    begun = perf_counter()
    learner.outputs(rows)
    return int(learner.rows.length_N[rows].sum()), perf_counter() - begun  # rows of like length pass together


def line(points: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Seconds at no token and a token, neither below 0: the median slope, which one slow step in five leaves.

    Source: Theil 1950; Sen 1968, Journal of the American Statistical Association 63.

    >>> line([(128, 1.5), (256, 2.5), (384, 3.5), (512, 4.5), (640, 99.0)])
    (0.5, 0.0078125)
    """
    slopes = [(s - t) / (m - n) for i, (m, s) in enumerate(points) for n, t in points[:i] if m != n]
    slope = max(float(np.median(slopes)), 0.0) if slopes else 0.0
    rest = float(np.median([seconds - slope * tokens for tokens, seconds in points]))
    if rest < 0:
        return 0.0, float(np.median([seconds / tokens for tokens, seconds in points]))
    return rest, slope


def padded(length_N: Ints, planned: Sequence[Ints], a_pass: int) -> int:
    """Tokens of these batches, padding and more than one pass included.

    >>> padded(np.array([200, 3, 200, 3]), [np.array([0, 1]), np.array([2, 3])], 48)
    502
    """
    cut = [(length_N[batch], parts(length_N[batch], a_pass)) for batch in planned if len(batch)]
    return sum(sum(len(at) * int(each[at].max()) + a_pass for at in some) - a_pass for each, some in cut)


def mixed(length_N: Ints, rows: Ints, batch: int, seed: int, a_pass: int) -> float:
    """Tokens, as `padded` counts them, of a batch of rows drawn whatever their length.

    The mean of a few draws.
    """
    draw = np.random.default_rng(seed)
    return padded(length_N, [draw.permutation(rows)[:batch] for _ in range(DRAWS)], a_pass) / DRAWS


def seconds_of_run(rate: Rates, recipe: Recipe, length_N: Ints, rows: Ints, aside: Ints, *, seed: int) -> float:
    """One training run: all epochs, the score after each, the blends."""
    planned = batches(length_N, rows, recipe.batch, seed=seed, epoch=0)
    an_epoch = rate.steps(len(planned), padded(length_N, planned, rate.a_pass))
    look = rate.look(int(length_N[aside].sum()))
    looks = recipe.epochs + 1 + (2 * BLENDS - 1 if recipe.wise else 0)
    early = 2 * rate.look(int(length_N[rows[:SEEN]].sum())) if len(aside) < ENOUGH else look
    copies = 1 + recipe.epochs / 2 + (2 * BLENDS + recipe.epochs - 1 if recipe.wise else 0)
    kept = (KEPT + (BLENDED + 1 if recipe.wise else 0)) * rate.fresh + copies * rate.copy
    return rate.made + rate.beside + kept + recipe.epochs * an_epoch + looks * look + early


def total(seconds: Sequence[float], memory: int) -> Cost:
    """One cost of several waits.

    >>> total([1.0, 2.0], 5).seconds
    3.0
    """
    return Cost(float(sum(seconds)), ceil(memory))
