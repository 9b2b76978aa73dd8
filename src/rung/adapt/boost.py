"""Gradient-boosted trees over embeddings and table columns: one way to fuse them."""

from typing import Any

import numpy as np

from rung.bundle.trees import TreesHead
from rung.core.extras import need
from rung.core.rng import generator
from rung.core.types import Floats, Ints, Target, Task

MOST_OUTPUTS = 20  # one tree a class and round: beyond that boosting costs more than it has shown to bring
ROUNDS = 400
# A few columns of a table bear more of each other in one tree than hundreds of an embedding.
COLUMNS = {"feature_fraction": 0.8, "num_leaves": 31, "max_bin": 255, "cat_smooth": 5.0, "min_data_per_group": 20}
MORE_ROUNDS = 1000
TURNS, FEW = 3, 5000  # tenths that say when to stop, and rows below which there are several


def fit_trees(
    target: Target, x: Floats, seed: int, *, categorical: tuple[int, ...] = (), columns: bool = False
) -> TreesHead:
    """Boost on x (N, D); a tenth of the rows says when to stop. Label sets get one booster a label.

    categorical: which of the features are numbers of categories. columns: x is a table's columns, with at most a few
    numbers beside them; then three tenths, each in its turn, say when to stop where rows are few, and all rows are
    boosted for so many rounds.
    Source: Ke et al. 2017 (LightGBM). Deterministic for a seed.
    """
    rows = generator(seed, "boost rows").permutation(len(x))
    turns = TURNS if columns and len(x) < FEW else 1
    cut = max(1, len(x) // 10)
    parts = [
        (np.sort(np.setdiff1d(rows, aside)), np.sort(aside))
        for aside in (rows[t * cut : (t + 1) * cut] for t in range(turns))
    ]

    def boosted(truth: Any, settings: dict[str, Any]) -> str:
        own = settings | (COLUMNS if columns else {})
        own["num_iterations"] = MORE_ROUNDS if columns else ROUNDS
        found = [_boost((x, truth, categorical), part, own) for part in parts]
        if not columns:
            return str(found[0].model_to_string(num_iteration=found[0].best_iteration))
        own["num_iterations"] = max(1, round(float(np.mean([booster.best_iteration for booster in found]))))
        every = np.arange(len(x))
        return str(_boost((x, truth, categorical), (every, every[:0]), own).model_to_string())

    if target.task is Task.MULTILABEL:
        truths = [target.value[:, label].astype(np.float64) for label in range(target.outputs)]
        texts = tuple(boosted(truth, _settings(Task.BINARY, 2, seed)) for truth in truths)
    else:
        texts = (boosted(target.value.astype(np.float64), _settings(target.task, target.outputs, seed)),)
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


def _boost(what: tuple[Floats, Any, Any], parts: tuple[Ints, Ints], settings: dict[str, Any]) -> Any:
    """A booster grown on the first rows, until it no longer helps the second, where there are any."""
    lightgbm = need("lightgbm")
    (x, truth, categorical), (train, aside) = what, parts
    named: Any = list(categorical) or "auto"
    data = lightgbm.Dataset(x[train], truth[train], categorical_feature=named, free_raw_data=True)
    judges = [data.create_valid(x[aside], truth[aside])] if len(aside) else []
    stop = [lightgbm.early_stopping(30, verbose=False)] if judges else []
    # "keep": otherwise every booster is written as text and read again, which takes longer than growing it
    return lightgbm.train(settings, data, valid_sets=judges, callbacks=stop, keep_training_booster=True)
