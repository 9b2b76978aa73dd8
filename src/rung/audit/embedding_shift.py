"""Whether test rows can be told from those that train by what a backbone sees of them."""

from collections.abc import Iterator

import numpy as np

from rung.audit.base import check
from rung.core.audited import Audited, Vectors
from rung.core.evidence import Score
from rung.core.extras import need
from rung.core.rng import generator
from rung.core.types import EMBEDDED, Finding, Floats
from rung.metrics.interval import interval_of
from rung.metrics.roc_auc import roc_auc

MOST = 2000  # rows a side
FEWEST = 40
FOLDS = 5
STRENGTH = 0.01  # of the classifier's weights: few rows, many numbers
TOLD, CLEAR = 0.55, 0.75  # area at the interval's lower end


@check(
    "embedding_shift",
    "Test rows that embeddings tell from train",
    says=("embedding_shift",),
    needs=("embeddings", "test"),
)
def embedding_shift(seen: Audited) -> Iterator[Finding]:
    """A classifier of train against test for each column, out of fold, with its area under the ROC curve."""
    for column in seen.columns:
        if column.role not in EMBEDDED:
            continue
        ours, theirs = (seen.vectors(part, column.name) for part in ("data", "test"))
        if ours is None or theirs is None or min(len(ours.rows), len(theirs.rows)) < FEWEST:
            continue
        area = told_apart(_some(ours, seen.seed), _some(theirs, seen.seed), seed=seen.seed)
        if area.low < TOLD:
            continue
        share = f"{area.value:.2f} ({area.low:.2f} to {area.high:.2f}) where chance is 0.5"
        what = f"train and test can be told apart by {column.name!r}: area under the ROC curve {share}"
        effect = "The test is about other rows than training: its score does not say how well this data is learnt."
        fix = "Find out why. If new rows will be like the test, label more of those."
        yield Finding("embedding_shift", what, (), "warn" if area.low >= CLEAR else "note", fix, "test", effect=effect)


def told_apart(ours_ND: Floats, theirs_MD: Floats, *, seed: int = 0) -> Score:
    """Area under the ROC curve of a logistic classifier of the two sides, out of fold, with 95 % interval.

    Source: Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests, section 3.

    >>> x = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    >>> told_apart(x[:100], x[100:]).low < 0.5 < told_apart(x[:100], x[100:] + 2).low
    True
    """
    x_ND = np.concatenate([ours_ND, theirs_MD]).astype(np.float64)
    side_N = np.repeat([0, 1], [len(ours_ND), len(theirs_MD)])
    x_ND = (x_ND - x_ND.mean(0)) / np.maximum(x_ND.std(0), 1e-9)
    # Equal rows share a fold: else one that stands on a side only would be remembered.
    unit_N = np.unique(x_ND.round(6), axis=0, return_inverse=True)[1].ravel()
    fold_U = generator(seed, "shift").permutation(int(unit_N.max()) + 1) % FOLDS
    fold_N, p_N = fold_U[unit_N], np.full(len(x_ND), 0.5)
    logistic = need("sklearn.linear_model").LogisticRegression
    for fold in range(FOLDS):
        judged = fold_N == fold
        if judged.any() and len(np.unique(side_N[~judged])) == 2:
            fitted = logistic(C=STRENGTH, max_iter=200, class_weight="balanced").fit(x_ND[~judged], side_N[~judged])
            p_N[judged] = fitted.predict_proba(x_ND[judged])[:, 1]
    return interval_of(roc_auc, side_N, np.stack([1 - p_N, p_N], axis=1).astype(np.float32), seed=seed)


def _some(vectors: Vectors, seed: int) -> Floats:
    if len(vectors.rows) <= MOST:
        return vectors.x_ND
    return vectors.x_ND[np.sort(generator(seed, "shift", "rows").choice(len(vectors.rows), MOST, replace=False))]
