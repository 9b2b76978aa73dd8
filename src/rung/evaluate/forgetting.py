"""How far training moved a backbone from what it knew: on the user's rows, and on a general probe that Rung brings."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from rung.core.evidence import Verdict
from rung.core.rng import generator
from rung.core.types import Floats, Ints

NEIGHBOURS = 10
RIDGE = 0.1  # times the mean variance of a feature
ALIKE = 0.9  # CKA above which the features are still those that were pretrained
TIMES = 2000


@dataclass(frozen=True)
class Probe:
    """Sentences of ten everyday topics, twelve each, written for Rung."""

    texts: tuple[str, ...]
    topic: Ints


@dataclass(frozen=True)
class Moved:
    """cka and overlap on the user's rows and on the probe; accuracy of the probe's topics before and after.

    Not-a-number where the probe, which is of texts, does not apply.
    """

    cka: float
    overlap: float
    probe_cka: float = np.nan
    probe_overlap: float = np.nan
    before: float = np.nan
    after: float = np.nan
    low: float = np.nan  # 95 % interval of after - before
    high: float = np.nan


@cache
def probe() -> Probe:
    """Read the packaged probe.

    >>> len(probe().texts), int(probe().topic.max()) + 1
    (120, 10)
    """
    lines = [
        json.loads(line) for line in files("rung.evaluate").joinpath("probe.jsonl").read_text("utf-8").splitlines()
    ]
    names = sorted({line["topic"] for line in lines})
    return Probe(tuple(line["text"] for line in lines), np.array([names.index(line["topic"]) for line in lines]))


def cka(x_ND: Floats, y_NE: Floats) -> float:
    """Linear centred kernel alignment of two sets of features of the same rows: 1 alike up to rotation and scale.

    |Y'X|_F^2 / (|X'X|_F |Y'Y|_F), columns centred. Source: Kornblith et al. 2019, eq. 3.

    >>> x = np.arange(12, dtype=np.float32).reshape(4, 3) ** 2
    >>> round(cka(x, 3 * x), 6)
    1.0
    """
    x, y = (each.astype(np.float64) - each.mean(0) for each in (x_ND, y_NE))
    below = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(y.T @ x) ** 2 / below) if below else 0.0


def overlap(x_ND: Floats, y_NE: Floats, k: int = NEIGHBOURS) -> float:
    """Share of each row's k nearest neighbours (by cosine) in one set of features that are so in the other too."""
    k = min(k, len(x_ND) - 1)
    near, other = (_neighbours(each, k) for each in (x_ND, y_NE))
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(near, other, strict=True)]))


def _neighbours(x_ND: Floats, k: int) -> NDArray[np.int64]:
    unit_ND = x_ND / np.maximum(np.linalg.norm(x_ND, axis=1, keepdims=True), 1e-12)
    like_NN = unit_ND @ unit_ND.T
    np.fill_diagonal(like_NN, -np.inf)
    return np.argsort(-like_NN, axis=1, kind="stable")[:, :k]


def topics_right(x_ND: Floats, topic_N: Ints) -> NDArray[np.bool_]:
    """Which rows of the probe a ridge classifier names right that learnt from all others, (N,).

    Leave-one-out in closed form: (y_n - yhat_n) / (1 - h_nn) is the residual without row n.
    Source: Hastie et al. 2009, The Elements of Statistical Learning, eq. 7.52.
    """
    x = x_ND.astype(np.float64) - x_ND.mean(0)
    y_NC = np.eye(int(topic_N.max()) + 1)[topic_N]
    gram_NN = x @ x.T
    strength = RIDGE * float(np.trace(gram_NN)) / len(x)
    hat_NN = gram_NN @ np.linalg.inv(gram_NN + strength * np.eye(len(x))) + 1.0 / len(x)
    left_NC = (y_NC - hat_NN @ y_NC) / (1 - np.diag(hat_NN))[:, None]
    right: NDArray[np.bool_] = (y_NC - left_NC).argmax(1) == topic_N
    return right


def moved(rows: tuple[Floats, Floats], general: tuple[Floats, Floats] | None, *, seed: int = 0) -> Moved:
    """Measure it. rows, general: features before and after, of the user's rows and of the probe's, where it applies."""
    if general is None:
        return Moved(cka(*rows), overlap(*rows))
    topic_N = probe().topic
    before, after = (topics_right(each, topic_N) for each in general)
    index = generator(seed, "probe").integers(len(topic_N), size=(TIMES, len(topic_N)))
    low, high = np.quantile((after[index].astype(float) - before[index]).mean(1), [0.025, 0.975])
    return Moved(
        cka(*rows), overlap(*rows), cka(*general), overlap(*general),
        float(before.mean()), float(after.mean()), float(low), float(high),
    )  # fmt: skip


def forgetting(found: Moved, rung: str) -> Verdict:
    """Judge in a word whether training cost what the backbone knew.

    "yes" when the probe's accuracy fell beyond its interval; "no" when it did not and the features are still alike (CKA
    of at least 0.9 on the probe); else "some".
    """
    if np.isnan(found.probe_cka):
        word = "no" if found.cka >= ALIKE else "some"
        says = "The features stayed alike" if word == "no" else "The backbone moved"
        by = f"alikeness of features (CKA) {found.cka:.2f} on your rows, of neighbours {found.overlap:.2f}"
        return Verdict("forgetting", word, f"{says}: {by}; the general probe is of texts alone.", found.cka)
    change = 100 * (found.after - found.before)
    by = (
        f"a general probe of ten topics is read right {100 * found.after:.1f} % of the time after training {rung}, "
        f"{100 * found.before:.1f} % before ({change:+.1f} points [{100 * found.low:.1f}, {100 * found.high:.1f}]); "
        f"alikeness of features (CKA) {found.probe_cka:.2f} there and {found.cka:.2f} on your rows, of neighbours "
        f"{found.probe_overlap:.2f} and {found.overlap:.2f}"
    )
    if found.high < 0:
        word, says = "yes", f"The backbone forgot: {by}."
    elif found.probe_cka >= ALIKE:
        word, says = "no", f"No sign of forgetting: {by}."
    else:
        word, says = "some", f"The backbone moved, but what it knew can still be read off: {by}."
    return Verdict("forgetting", word, says, found.after - found.before, found.low, found.high)
