"""The head path against scikit-learn's grid: 5 folds x 12 strengths of logistic regression, 10,000 x 384 x 77.

Both get the same float32 embeddings (banking77 through the default backbone; made-up ones of the same geometry where
the data or the backbone is missing), the same folds and the same strengths; both score every held-out row. The whole
grid is timed on both sides, in alternating order. `--quick`: 1,000 rows and every fourth strength.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import harness

ROWS, WIDTH, CLASSES, FOLDS = 10_000, 384, 77, 5
STRENGTHS = tuple(float(c) for c in 10 ** np.linspace(-2, 3.5, 12))
FASTER, CLOSER = 10.0, 0.2


@dataclass(frozen=True)
class Problem:
    """Embeddings (N, D), classes (N,), and the fold that holds each row out (N,)."""

    name: str
    x: np.ndarray
    y: np.ndarray
    fold: np.ndarray


def real(folder: Path, rows: int) -> Problem | None:
    """banking77 through the default backbone; None where either is missing."""
    from rung.backbones.load import load
    from rung.core.errors import NoBackbone

    path = folder / "banking77" / "train.csv"
    if not path.is_file():
        return None
    table = pl.read_csv(path)
    table = table.sample(min(rows, len(table)), seed=0, shuffle=True)
    try:
        x_ND = load()(table["text"].to_list())
    except NoBackbone:
        return None
    y_N = table["label"].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1
    return Problem("banking77", x_ND, y_N, folds(y_N))


def made_up(rows: int) -> Problem:
    """Unit vectors around 77 centres in a space whose directions fade, as sentence embeddings do."""
    rng = np.random.default_rng(0)
    fading_D = (np.arange(1, WIDTH + 1) ** -0.5).astype(np.float32)
    y_N = np.arange(rows, dtype=np.int64) % CLASSES
    centre_CD = rng.normal(size=(CLASSES, WIDTH)).astype(np.float32)
    x_ND = (centre_CD[y_N] + 3.4 * rng.normal(size=(rows, WIDTH)).astype(np.float32)) * fading_D + 0.1
    return Problem("made up", x_ND / np.linalg.norm(x_ND, axis=1, keepdims=True), y_N, folds(y_N))


def folds(y_N: np.ndarray) -> np.ndarray:
    """Stratified folds, the same for both sides."""
    from sklearn.model_selection import StratifiedKFold

    fold_N = np.empty(len(y_N), np.int64)
    for number, (_, held) in enumerate(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(y_N, y_N)):
        fold_N[held] = number
    return fold_N


def by_rung(problem: Problem, strengths: tuple[float, ...]) -> np.ndarray:
    """Mean held-out accuracy of each strength: all folds in one path as in the rung, none of it skipped."""
    from rung.adapt.linear import TOLERANCE
    from rung.adapt.solver import LinearPath

    x_ND, y_N, fold_N = problem.x, problem.y, problem.fold
    train_FN = np.stack([fold_N != f for f in range(FOLDS)])
    path = LinearPath(x_ND, y_N, "softmax", CLASSES, train_FN, tolerance=TOLERANCE)
    score_SF = np.empty((len(strengths), FOLDS))
    for s, strength in enumerate(strengths):
        found = path.solve(strength)
        for f in range(FOLDS):
            held = fold_N == f
            said_n = (x_ND[held] @ found.weight_FDC[f] + found.bias_FC[f]).argmax(axis=1)
            score_SF[s, f] = (said_n == y_N[held]).mean()
    return score_SF.mean(axis=1)


def by_scikit_learn(problem: Problem, strengths: tuple[float, ...]) -> np.ndarray:
    """The same by GridSearchCV with its defaults (no refit); BLAS threads are its own choice."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, PredefinedSplit

    grid = GridSearchCV(
        LogisticRegression(max_iter=1000), {"C": list(strengths)}, cv=PredefinedSplit(problem.fold), refit=False
    )
    return np.asarray(grid.fit(problem.x, problem.y).cv_results_["mean_test_score"])


def main() -> None:
    given = harness.options(__doc__)
    rows = ROWS // 10 if given.quick else ROWS
    strengths = STRENGTHS[1::4] if given.quick else STRENGTHS
    problem = real(given.data, rows) or made_up(rows)
    score: dict[str, np.ndarray] = {}
    sides: dict[str, Any] = {"rung": by_rung, "scikit-learn": by_scikit_learn}
    by_rung(problem, strengths[:1])  # the first product of a process builds its threads

    def timed(name: str) -> Any:
        return lambda: score.__setitem__(name, sides[name](problem, strengths))

    seconds = harness.measure_alternating({name: timed(name) for name in sides})
    gap = 100 * abs(float(score["rung"].max() - score["scikit-learn"].max()))
    claims = [
        harness.speedup(
            f"head path, {FOLDS} folds x {len(strengths)} strengths",
            seconds,
            ours="rung",
            peer="scikit-learn",
            reach=FASTER,
        ),
        harness.at_most("difference of the chosen score", [gap], unit="points", reach=CLOSER, peer="scikit-learn"),
    ]
    shape = f"{problem.name} {len(problem.x):,} x {problem.x.shape[1]} x {CLASSES}"
    table = [
        {"data": shape, "strength": strength, **{name: float(score[name][s]) for name in sides}}
        for s, strength in enumerate(strengths)
    ]
    times = [{"data": shape, "side": name, "seconds": [round(t, 2) for t in seconds[name]]} for name in sides]
    harness.write("head", claims, [*table, *times], given.results)


if __name__ == "__main__":
    main()
