"""The learning-rate range test: raise the rate step by step and look where the loss falls fastest.

Source: Smith 2017, Cyclical Learning Rates, section 3.3.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from rung.adapt.training.learner import Learner
from rung.adapt.training.loop import Around, train
from rung.adapt.training.order import batches
from rung.adapt.training.recipe import Recipe
from rung.core.stops import Collapse
from rung.core.types import Ints

LOWEST, HIGHEST, STEPS = 1e-6, 3e-2, 40  # of the body's rate; the head's keeps its distance
SMOOTH = 0.7


def found_rates(make: Callable[[], Learner], recipe: Recipe, rows: Ints, seed: int) -> dict[str, float]:
    """Rates at which the smoothed loss falls well on a fresh learner; the recipe's own where it never falls.

    It takes 40 steps with rates that rise by a constant factor from 1e-6 to 3e-2; what they learnt is thrown away.
    """
    learner = make()
    planned: list[Ints] = []
    while len(planned) < STEPS:
        planned += batches(learner.rows.length_N, rows, recipe.batch, seed=seed, epoch=len(planned))
    ladder = np.geomspace(LOWEST, HIGHEST, STEPS)
    losses: list[float] = []
    shares = ladder / recipe.rate

    def hear(loss: float) -> None:
        losses.append(loss)

    few = Recipe(**{**vars(recipe), "epochs": 1, "wise": False})
    around = Around(
        seed,
        "rate range test",
        early_look=False,
        order=lambda _: planned[:STEPS],
        share=lambda step: float(shares[step]),
        hear=hear,
    )
    with suppress(Collapse):  # the rate at which the loss breaks ends the test
        train(learner, few, rows, None, around)
    rate = steepest(ladder.tolist(), losses, recipe.rate)
    return {"rate": rate, "head_rate": recipe.head_rate * rate / recipe.rate}


def steepest(rates: Sequence[float], losses: Sequence[float], otherwise: float) -> float:
    """The rate where the smoothed loss falls fastest, at most a tenth of its lowest point's; `otherwise` where none.

    >>> steepest([1e-5, 1e-4, 1e-3, 1e-2], [2.0, 1.9, 1.0, 3.0], 5e-5)
    0.0001
    """
    smooth, now = [], losses[0] if losses else 0.0
    for loss in losses:
        now = SMOOTH * now + (1 - SMOOTH) * loss
        smooth.append(now)
    if len(smooth) < 3:
        return otherwise
    last = int(np.argmin(smooth))
    fall = np.diff(smooth[: last + 1])
    if not len(fall) or fall.min() >= 0:
        return otherwise
    return float(min(rates[int(np.argmin(fall))], rates[last] / 10))
