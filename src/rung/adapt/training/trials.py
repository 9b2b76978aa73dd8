"""A search over settings of a training run: optuna's seeded TPE, bad runs pruned; rows set aside are all it sees.

Source: Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization; Akiba et al. 2019 (optuna).
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rung.adapt.training.recipe import Recipe
from rung.core.contracts import Note, Notebook
from rung.core.extras import need
from rung.core.stops import Collapse

After = Callable[[int, float], None]  # epoch, score on the rows set aside: may raise to end the run
Space = Mapping[str, tuple[Any, ...]]  # what a method adds: choices by name
STARTS = 4  # trials before the median prunes


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
    storage: str | None = None,
    notebook: Notebook | None = None,
) -> Best:
    """Try `trials` settings in all; the recipe's own is the first. Higher scores are better.

    run: trains with a setting and returns its score. storage: a URL that several machines share (sqlite:///file, or a
    database server): the study of that name is then spent together. notebook: where finished trials are written down,
    so that a search that was cut off goes on after them. Raises MissingExtra without optuna, Collapse when training
    died under every setting.
    """
    optuna = need("optuna", "search")
    study = _study(optuna, name, seed, storage)
    if not study.trials:
        study.enqueue_trial(_own(recipe, space))
    here, book = 0, _Book(notebook if storage is None else None)

    def objective(trial: Any) -> float:
        heard: list[tuple[int, float]] = []

        def after(epoch: int, score: float) -> None:
            heard.append((epoch, score))
            trial.report(score, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        setting, page = _drawn(trial, recipe, space), f"{name} trial {trial.number}"
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

    while sum(trial.state.name != "WAITING" for trial in study.trials) < trials:
        study.optimize(objective, n_trials=1)
        here += 1
    if not any(trial.state.name == "COMPLETE" for trial in study.trials):
        raise Collapse(f"training died under each of {len(study.trials)} settings")
    done = study.best_trial
    return Best(dict(done.params), float(done.value), len(study.trials), here)


def _study(optuna: Any, name: str, seed: int, storage: str | None) -> Any:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=storage,
        study_name=name,
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTS),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTS, n_warmup_steps=1),
    )


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


def _own(recipe: Recipe, space: Space) -> dict[str, Any]:
    own = {"times": 1.0, "weight_decay": recipe.weight_decay, "epochs": recipe.epochs}
    return {**own, **{name: choices[0] for name, choices in space.items()}}


def _drawn(trial: Any, recipe: Recipe, space: Space) -> dict[str, Any]:
    return {
        "times": trial.suggest_float("times", 0.2, 5.0, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-3, 0.3, log=True),
        "epochs": trial.suggest_int("epochs", max(1, recipe.epochs // 2), 2 * recipe.epochs),
        **{name: trial.suggest_categorical(name, list(choices)) for name, choices in space.items()},
    }
