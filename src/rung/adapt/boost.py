"""Gradient-boosted trees over embeddings and table columns: one way to fuse them."""

from typing import Any

import numpy as np

from rung.bundle.trees import TreesHead
from rung.core.extras import need
from rung.core.rng import generator
from rung.core.types import Floats, Target, Task

MOST_OUTPUTS = 20  # one tree a class and round: beyond that boosting costs more than it has shown to bring
ROUNDS = 400


def fit_trees(target: Target, x: Floats, seed: int) -> TreesHead:
    """Boost on x (N, D); a tenth of the rows says when to stop. Label sets get one booster a label.

    Source: Ke et al. 2017 (LightGBM). Deterministic for a seed.
    """
    lightgbm = need("lightgbm")
    rows = generator(seed, "boost rows").permutation(len(x))
    cut = max(1, len(x) // 10)
    aside, train = np.sort(rows[:cut]), np.sort(rows[cut:])
    if target.task is Task.MULTILABEL:
        truths = [target.value[:, label].astype(np.float64) for label in range(target.outputs)]
        texts = tuple(_boost(lightgbm, x, truth, (train, aside), _settings(Task.BINARY, 2, seed)) for truth in truths)
    else:
        settings = _settings(target.task, target.outputs, seed)
        texts = (_boost(lightgbm, x, target.value.astype(np.float64), (train, aside), settings),)
    return TreesHead(texts, target.outputs)


def _settings(task: Task, outputs: int, seed: int) -> dict[str, Any]:
    objective: dict[str, Any] = {"objective": "binary"}
    if task is Task.MULTICLASS:
        objective = {"objective": "multiclass", "num_class": outputs}
    elif task is Task.REGRESSION:
        objective = {"objective": "regression"}
    return objective | {
        "learning_rate": 0.05,
        "num_leaves": 15,
        "min_data_in_leaf": 10,
        "feature_fraction": 0.3,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "max_bin": 63,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _boost(lightgbm: Any, x: Floats, truth: Any, parts: tuple[Any, Any], settings: dict[str, Any]) -> str:
    train, aside = parts
    data = lightgbm.Dataset(x[train], truth[train], free_raw_data=True)
    judge = data.create_valid(x[aside], truth[aside])
    stop = lightgbm.early_stopping(30, verbose=False)
    booster = lightgbm.train(settings, data, ROUNDS, valid_sets=[judge], callbacks=[stop])
    return str(booster.model_to_string(num_iteration=booster.best_iteration))
