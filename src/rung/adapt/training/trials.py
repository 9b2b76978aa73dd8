"""A search over settings of a training run: optuna's seeded TPE, bad runs pruned; rows set aside are all it sees.

Source: Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization; Akiba et al. 2019 (optuna).
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import random
from time import sleep
from typing import Any
from warnings import catch_warnings, simplefilter

from rung.adapt.training.recipe import Recipe
from rung.core.contracts import Note, Notebook
from rung.core.errors import BadOption
from rung.core.extras import need
from rung.core.stops import Collapse

After = Callable[[int, float], None]  # epoch, score on the rows set aside: may raise to end the run
Space = Mapping[str, tuple[Any, ...]]  # what a method adds: choices by name
TRIES = 4  # to open a database
STARTS = 4  # trials before the median prunes
# Seconds between signs of life of a trial in a storage, and without one until it counts as dead.
BEAT, DEAD = 10, 30


@dataclass(frozen=True)
class Best:
    """The best setting of a study, its score, and how many trials there were (`here`: in this process)."""

    setting: dict[str, Any]
    score: float
    trials: int
    here: int


def search(
    run: Callable[[dict[str, Any], After], float],
    recipe: Recipe,
    space: Space,
    *,
    trials: int,
    seed: int,
    name: str,
    kept: str | Notebook | None = None,
    fixed: Collection[str] = (),
) -> Best:
    """Try `trials` settings in all; the recipe's own is the first. Higher scores are better.

    run: trains with a setting and returns its score. fixed: names that are not searched over: the user said them.
    kept: a storage's URL that several machines share (sqlite:///file, or a database server), where the study of that
    name is spent together and a trial that died with its process is begun again; or a notebook, where finished trials
    are written down, so that a search that was cut off goes on after them. Raises MissingExtra without optuna, Collapse
    when training died under every setting.
    """
    optuna = need("optuna", "search")
    study = _study(optuna, name, seed, kept if isinstance(kept, str) else None)
    if not study.trials:
        study.enqueue_trial(_left({**_own(recipe), **{name: choices[0] for name, choices in space.items()}}, fixed))
    book = _Book(None if isinstance(kept, str) else kept)

    def objective(trial: Any) -> float:
        heard: list[tuple[int, float]] = []

        def after(epoch: int, score: float) -> None:
            heard.append((epoch, score))
            trial.report(score, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        setting, page = _drawn(trial, recipe, space, fixed), f"{name} trial {trial.number}"
        known = book.get(page)
        score: float | None = None
        if known is not None:
            for epoch, then in known["heard"]:
                after(epoch, then)
            score = known["score"]
        else:
            with suppress(Collapse, optuna.TrialPruned):  # a setting under which training dies is a bad one, no more
                score = run(setting, after)
            book.put(page, {"heard": heard, "score": score})
        if score is None:
            raise optuna.TrialPruned
        return score

    here, ended = _spend(optuna, study, objective, trials)
    if not _count(study, "COMPLETE"):
        raise Collapse(f"training died under each of {ended} settings")
    done = study.best_trial
    return Best(dict(done.params), float(done.value), ended, here)


def _spend(optuna: Any, study: Any, objective: Callable[[Any], float], trials: int) -> tuple[int, int]:
    """Run trials until so many have ended; how many ran here, how many ended in all.

    What is said to run elsewhere is waited for, but not for ever: a trial that died before its first sign of life is
    never called dead. One more is then run here.
    """
    here = waited = 0
    while (ended := _count(study, "COMPLETE", "PRUNED")) < trials:
        if ended + _count(study, "RUNNING") < trials or waited > 2 * DEAD:
            study.optimize(objective, n_trials=1)
            here, waited = here + 1, 0
        else:
            sleep(1.0)
            waited += 1
            with catch_warnings():
                simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                optuna.storages.fail_stale_trials(study)
    return here, ended


def _count(study: Any, *states: str) -> int:
    return sum(trial.state.name in states for trial in study.trials)


def _study(optuna: Any, name: str, seed: int, storage: str | None) -> Any:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=opened(storage) if storage else None,
        study_name=name,
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTS, n_warmup_steps=1),
    )
    own = seed + len(study.trials)  # whoever joins a study later draws other settings than who began it
    study.sampler = optuna.samplers.TPESampler(seed=own % 2**32, n_startup_trials=STARTS)
    return study


def opened(storage: str) -> Any:
    """The database of that URL, made where there is none; raises BadOption where it can't be opened.

    Two machines that make its tables at once meet each other's halves: whoever is second tries again.
    """
    optuna = need("optuna", "search")
    for tries in range(TRIES):
        try:
            with catch_warnings():
                simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # signs of life are one
                return optuna.storages.RDBStorage(
                    storage, heartbeat_interval=BEAT, grace_period=DEAD, heartbeat_stale_trial_callback=_again
                )
        except Exception as error:  # of whatever library speaks to that kind of database
            if tries < TRIES - 1 and not isinstance(error, ImportError):
                sleep(0.5 + random())  # so that two do not meet again
                continue
            raise BadOption(
                f"--storage {storage}",
                wanted="a database that can be opened",
                got=str(error).strip().partition("\n")[0],
                fix="Give a place that can be written, such as sqlite:///search.db; others want a driver installed.",
            ) from error
    raise AssertionError


def _again(study: Any, trial: Any) -> None:
    """Put the settings of a trial that died back into the queue."""
    study.enqueue_trial({**trial.system_attrs.get("fixed_params", {}), **trial.params})


class _Book:
    """Facts of finished trials in a notebook, where there is one: a storage remembers its own."""

    def __init__(self, notebook: Notebook | None) -> None:
        self._notebook = notebook

    def get(self, page: str) -> Mapping[str, Any] | None:
        note = self._notebook.get(page) if self._notebook else None
        return None if note is None else note.facts

    def put(self, page: str, facts: Mapping[str, Any]) -> None:
        if self._notebook:
            self._notebook.put(page, Note({}, facts))


def _own(recipe: Recipe) -> dict[str, Any]:
    return {"times": 1.0, "weight_decay": recipe.weight_decay, "epochs": recipe.epochs}


def _left(setting: dict[str, Any], fixed: Collection[str]) -> dict[str, Any]:
    said = {*fixed, *(["times"] if "rate" in fixed else [])}
    return {name: value for name, value in setting.items() if name not in said}


def _drawn(trial: Any, recipe: Recipe, space: Space, fixed: Collection[str]) -> dict[str, Any]:
    most = 2 * recipe.epochs
    ways: dict[str, Callable[[], Any]] = {
        "times": lambda: trial.suggest_float("times", 0.2, 5.0, log=True),
        "weight_decay": lambda: trial.suggest_float("weight_decay", 1e-3, 0.3, log=True),
        "epochs": lambda: trial.suggest_int("epochs", max(1, recipe.epochs // 2), most),
    }
    for name, choices in space.items():
        ways[name] = partial(trial.suggest_categorical, name, list(choices))
    return {name: draw() for name, draw in _left(ways, fixed).items()}
