"""What a rung that trains will take over all its folds, from a few of its own steps on a sample of the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil, inf
from time import perf_counter
from typing import Any, Protocol, TypeVar

import numpy as np

from rung.adapt.bodies import Body
from rung.adapt.ground import VIEWS, Ground
from rung.adapt.starts import sampled, set_aside
from rung.adapt.training.cost import Rates, mixed, rates, seconds_of_run, total
from rung.adapt.training.learner import Learner
from rung.adapt.training.mix import ALPHA
from rung.adapt.training.rate_finder import STEPS as FIND_STEPS
from rung.adapt.training.recipe import BATCH, Recipe
from rung.adapt.tuned_fusion import HEAD, TREES, parts_of, seconds_of_trees
from rung.adapt.views import AUTO, FEWEST, MOST, fitting
from rung.adapt.warm import Warm
from rung.core.contracts import Job, Prepared
from rung.core.evidence import FEW
from rung.core.memory import Peak
from rung.core.stops import OutOfTime
from rung.core.types import Cost, Fold, Ints

Made = TypeVar("Made")
REFIT = 2  # trainings that a refit is worth: it takes all rows
LATE = 1.05  # times what is left: the last folds may be quicker than the first
BYTES = 4  # of a weight: all are float32 while they train
IN_PIECES, LONG = 1.12, 1000  # times what lives, for a CPU's heap in pieces, of more rows than that
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
    def name(self) -> str:
        """What its settings are called by."""

    @property
    def yardstick(self) -> bool:
        """Whether it is there to be compared with, not to win."""

    @property
    def method(self) -> Tried:
        """How it makes its bodies."""

    @property
    def warm(self) -> Warm | None:
        """What is done before the head is fitted."""

    def ready(self, ground: Ground, rows: Ints, setting: Mapping[str, Any]) -> Learner:
        """Body and head with nothing learnt."""

    def recipe_for(self, job: Job, setting: Mapping[str, Any]) -> Recipe:
        """What one run does."""

    def fusion(self, job: Job) -> str:
        """Whether trees are grown over what training made: "head" where not."""


def in_time(
    fold: Callable[[int], Made], many: int, left: Callable[[], float], least: Sequence[float] = ()
) -> list[Made]:
    """What each of so many folds gives, as long as those that ended show that the others fit what is left.

    A prediction may be wrong by half; a budget is kept. What folds found stays in the notebook, for a resume with more
    time. least: seconds, of each that ended, without what later ones may leave out (see short_list). Raises OutOfTime.

    >>> in_time(lambda f: f, 3, lambda: 60.0)
    [0, 1, 2]
    """
    found: list[Made] = []
    begun = left()  # the budget's clock, which several processes share
    for f in range(many):
        found.append(fold(f))
        rest = left()
        each = 0.0 if rest == inf else min((begun - rest) / len(found), sum(least) / len(least) if least else inf)
        needed = each * (many - len(found))
        if needed > max(rest, 0.0) * LATE:  # of the last fold nothing is needed, however late it ended
            said = f"after {len(found)} of {many} folds it needed about {needed:.0f} s more"
            raise OutOfTime(f"{said}, with {max(rest, 0):.0f} s left of the budget")
    return found


def short_list(
    train: Callable[[dict[str, Any]], Made],
    settings: Sequence[dict[str, Any]],
    folds: int,
    left: Callable[[], float],
    took: list[float] | None = None,
) -> list[Made]:
    """What training by each setting gives, in their order; the last one alone where time is short.

    folds: how many are to come, this one included. The others are tried where all that is to come, and a refit, would
    fit what is left if each training took as long as the last setting's, whose seconds are put into `took`.

    >>> short_list(str, [{"k": 1}, {"k": 2}], 5, lambda: 60.0)
    ["{'k': 1}", "{'k': 2}"]
    >>> short_list(str, [{"k": 1}, {"k": 2}], 5, lambda: 0.0)
    ["{'k': 2}"]
    """
    begun = left()
    last, rest = train(settings[-1]), left()
    if took is not None and rest < inf:
        took.append(begun - rest)
    if rest < inf and not _all_fit(begun - rest, len(settings), folds, rest):
        return [last]
    return [*(train(setting) for setting in settings[:-1]), last]


def _all_fit(one: float, settings: int, folds: int, left: float) -> bool:
    """Whether all that is to come after a training of `one` second fits what is left, each taking as long."""
    return one * (folds * settings - 1 + REFIT) < left


def short_listed(each_SF: Sequence[Sequence[float]], left: float) -> float:
    """Seconds of a fold by each setting, and what is left: the seconds of those that `short_list` will train.

    >>> short_listed([[1.0, 1.0], [2.0, 2.0]], 60.0), short_listed([[1.0, 1.0], [2.0, 2.0]], 11.0)
    (6.0, 5.0)
    """
    spent, folds = 0.0, len(each_SF[-1])
    for f, last in enumerate(each_SF[-1]):
        spent += last
        if _all_fit(last, len(each_SF), folds - f, left - spent):
            spent += sum(others[f] for others in each_SF[:-1])
    return spent


def folds_of(rung: Trains, job: Job) -> tuple[Fold, ...]:
    """The folds that a rung is judged on: of few rows both repeats', else, or on a budget, those of the first repeat.

    Of 128 rows of MPQA (four draws) the Brier score that a mean of frozen and contrastive saves was 2.4 standard errors
    from nothing in both repeats, 1.5 in one. A yardstick isn't judged, and a search has its trials in each fold.
    """
    few = len(job.target) <= FEW and job.left() == inf and not job.search and not rung.yardstick
    return tuple(fold for fold in job.plan.folds if few or fold.repeat == 0)


def predicted(rung: Trains, job: Job) -> Cost:
    """Seconds and bytes of all folds that judge; augmentation counts where the budget leaves time for it.

    Where the last of a short list takes too long in every fold and the first would not, it is that one's, by itself.
    """
    known_N = known_lengths(job)
    small, rows = sampled(job, longest(known_N, len(job.target))[:BATCH])
    begun = perf_counter()
    ground = Ground.of(small)
    prepared = (perf_counter() - begun) / len(small.target)
    each_N = ground.rows(0, None).length_N
    length_N = known_N if len(known_N) else np.resize(each_N, len(job.target))
    widest = longest(each_N, len(small.target))
    whole = folds_of(rung, job)
    folds = [set_aside(job, fold.train) for fold in whole]
    judged = [fold.validation for fold in whole]
    asked = sum(len(fold.validation) >= FEWEST for fold in folds)  # in which views can be judged
    each_SF: list[list[float]] = []
    varied, grown, files, peaks, held = 0.0, 0.0, 0.0, [], []
    fusion, settings = rung.fusion(job), rung.method.settings(job)
    for setting in settings:
        recipe = rung.recipe_for(job, setting)
        recipe = replace(recipe, epochs=setting.get("stop_after", recipe.epochs))
        found = measured(rung, ground, (rows, widest), setting, recipe)
        rate, kept = found.rate, found.kept
        files += found.a_token * max(int(length_N.sum()) - int(each_N.sum()), 0)  # the sample's are in what is measured
        views = _views(job, recipe, rate, length_N, prepared, kept, k=found.k, folds=asked)
        seconds = []
        for inner, aside in zip(folds, judged, strict=True):
            run = seconds_of_run(rate, recipe, length_N, inner.train, inner.validation, seed=job.seed)
            views += run if views else 0.0
            seconds.append(run + rate.look(int(length_N[aside].sum())))
            seconds[-1] += _warming(job, rung.warm, rate, length_N, inner.train, batch=recipe.batch)
            if job.rate == FIND:
                tokens = mixed(length_N, inner.train, recipe.batch, job.seed, ground.tunable.a_pass)
                seconds[-1] += rate.made + rate.steps(FIND_STEPS, FIND_STEPS * tokens)
        seconds[0] += kept * int(length_N.sum())
        each_SF.append(seconds)
        varied = max(varied, views)
        peaks.append(max(rate.memory, found.taken + rate.copies))
        held.append(BYTES * ground.tunable.card.parameters + rate.trained)  # its weights, and what they began with
        if fusion != HEAD:
            grown = max(grown, sum(_again(job, recipe, rate, length_N, fold.train, rung.warm) for fold in whole))
    whole_s = short_listed(each_SF, job.left())
    first = rate.trained if len(whole) > 1 else 0  # the first fold's model is kept
    late = slice(-1 if whole_s <= sum(each_SF[-1]) else 0, None)  # the last setting alone
    memory = together(peaks[late], held[late], first, ground, len(job.target))
    if job.search:  # each fold searches on its own, over one setting of the short list
        whole_s = max(2, ceil(job.search / len(folds))) * float(np.mean([sum(seconds) for seconds in each_SF]))
    plain = total([whole_s], memory)
    plain = total([plain.seconds, grown], memory) if fusion == TREES or plain.seconds + grown <= job.left() else plain
    both = total([plain.seconds, varied], memory)
    best, one = replace(both if both.seconds <= job.left() else plain, mapped=ceil(files)), sum(each_SF[0])
    if best.seconds <= job.left() or len(settings) == 1 or job.search or one > job.left():
        return best
    memory = together(peaks[:1], held[:1], first, ground, len(job.target))
    only = {f"{rung.name}.{key}": value for key, value in settings[0].items()}
    return replace(best, seconds=one, memory=memory, settings=only)


def together(peaks: Sequence[int], held: Sequence[int], first: int, ground: Ground, rows: int) -> int:
    """Bytes that a fold takes at most, where each run of the short list stays until the best is known.

    peaks: of each run alone. held: by each that ended; `short_list` trains the last one first. first: what the first
    fold left.
    """
    before = [0, *np.cumsum([held[-1], *held[:-1]])]
    most = max(peak + int(there) for peak, there in zip([peaks[-1], *peaks[:-1]], before, strict=False))
    return ceil((most + first) * (IN_PIECES if rows > LONG and _device(ground) == "cpu" else 1))


def _again(job: Job, recipe: Recipe, rate: Rates, length_N: Ints, rows: Ints, warm: Warm | None) -> float:
    """Seconds of the trainings on parts of these rows, for trees over what they make of the other rows."""
    spent, plain = 0.0, replace(recipe, wise=False)
    for part in parts_of(job, rows):
        spent += seconds_of_run(rate, plain, length_N, part.train, part.train[:0], seed=job.seed)
        spent += rate.look(int(length_N.sum()))
        spent += _warming(job, warm, rate, length_N, part.train, batch=recipe.batch)
    return spent + seconds_of_trees(job, rows)


def _warming(job: Job, warm: Warm | None, rate: Rates, length_N: Ints, rows: Ints, *, batch: int) -> float:
    """Seconds of what comes before the head is fitted, and of the pass that it is fitted on."""
    if warm is None:
        return 0.0
    assert job.tunable is not None
    told = warm.rows(job, rows)
    steps = warm.steps(len(told), batch)
    drawn = steps * mixed(length_N, told, batch, job.seed, job.tunable.a_pass) if steps else 0.0
    return rate.steps(steps, drawn) + rate.look(int(length_N.sum()))


@dataclass(frozen=True)
class Measured:
    """Of one setting: its rates, blocks that run on kept activations, seconds and bytes a token to keep them, bytes."""

    rate: Rates
    k: int
    kept: float
    a_token: float
    taken: int


def measured(
    rung: Trains, ground: Ground, rows: tuple[Ints, Ints], setting: Mapping[str, Any], recipe: Recipe
) -> Measured:
    """rows: of the sample, those drawn and the longest first."""
    drawn, widest = rows
    with Peak(_device(ground)) as took:
        k, kept, a_token = rung.method.body(ground.job, setting, ground.probe).k, 0.0, 0.0
        if k:
            begun, known = perf_counter(), max(1, int(ground.rows(0, None).length_N.sum()))
            own = ground.rows(k, None).kept or ()
            kept = (perf_counter() - begun) / known
            a_token = sum(each.bits_U.nbytes for each in own) / known
        rate = rates(partial(rung.ready, ground, drawn, setting), recipe, drawn, ground.job.seed, widest)
    return Measured(rate, k, kept, a_token, took.bytes)


def _device(ground: Ground) -> str:
    return str(ground.tunable.batch(ground.probe, np.zeros(1, np.int64)).device.type)


def known_lengths(job: Job) -> Ints:
    """What each row costs; nothing of images and sounds, which take long to open: the sample's stand for them."""
    assert job.tunable is not None
    return Ground.of(job).rows(0, None).length_N if job.tunable.padded else np.empty(0, np.int64)


def longest(length_N: Ints, rows: int) -> Ints:
    """The rows, longest first; behind them names of classes may stand."""
    return np.argsort(-length_N[:rows], kind="stable")


def _views(  # house: what one setting costs, part by part
    job: Job, recipe: Recipe, rate: Rates, length_N: Ints, prepared: float, kept: float, *, k: int, folds: int
) -> float:
    """Seconds to make the views of one climb and to ask whether they help; 0 where none are tried."""
    changes = [name for name in fitting(job) if name not in ALPHA]
    if recipe.augment != AUTO or not job.inputs.media or not folds:
        return 0.0
    n = len(length_N)
    asked = min(n, MOST) * (len(fitting(job)) * (prepared + rate.passed * float(length_N.mean())))
    many = VIEWS if k else folds * recipe.epochs
    made = many * (prepared * n + kept * int(length_N.sum())) if changes else 0.0
    return asked + made
