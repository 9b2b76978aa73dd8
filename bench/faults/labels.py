"""Labels turned at random in real sets: Rung's ranking beside cleanlab's on the same out-of-fold probabilities.

cleanlab is AGPL and no dependency: where it is not installed its columns are missing, and a row says so.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from rung.audit.battery import checks
from rung.audit.confident import noise_in
from rung.audit.label_errors import ranked
from rung.core.audited import Audited
from rung.core.contracts import Embedders
from rung.core.types import Target, silent
from rung.recipes.audited import audited, through
from rung.recipes.options import checked
from rung.recipes.pick import embedders_here
from rung.recipes.prepare import Prepared, prepare

MOBILENET = "mobilenet_v2_1.0_224_imagenet"
SETS = (
    ("sms_spam", "train.csv", ""),
    ("banking77", "train.csv", ""),
    ("sign_digits", "train", MOBILENET),
    ("cifar10_small", "train", MOBILENET),
)
SHARES, SEEDS = (0.02, 0.05, 0.1), 3
Order = NDArray[np.int64]


def average_precision(order: Order, wrong: NDArray[np.bool_]) -> float:
    """Of a ranking that may leave rows out: they earn nothing."""
    hit = wrong[order]
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    return float(precision[hit].sum() / max(wrong.sum(), 1))


def turned(value: NDArray[np.int64], classes: int, share: float, seed: int) -> NDArray[np.int64]:
    """Labels, a share of them another class than they were."""
    draw = np.random.default_rng(seed)
    rows = draw.choice(len(value), round(share * len(value)), replace=False)
    changed = value.copy()
    changed[rows] = (value[rows] + draw.integers(1, classes, len(rows))) % classes
    return changed


def suites(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """One row a set, share and seed; one a set as it came."""
    peer = _cleanlab()
    for name, file, backbone in SETS[2:3] if quick else SETS:
        given = [str(data.parent / "weights" / backbone)] if backbone else None
        options = checked("audit", target="label", test=0, backbone=given, seed=0)
        prepared = prepare(str(data / name / file), options)
        embedders = embedders_here(options, prepared)
        yield _clean(name, prepared, embedders, peer)
        for share in SHARES:
            rows = []
            for seed in range(1 if quick else SEEDS):
                rows.append(_one(name, (prepared, embedders), share, seed, peer))
                yield rows[-1]
            if len(rows) > 1:
                yield _over_seeds(name, share, rows)


def _over_seeds(name: str, share: float, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means with 95 % t intervals, and how far Rung is ahead of cleanlab on the same seeds."""
    row: dict[str, Any] = {"check": "label_errors", "set": name, "strength": f"{share:.0%} turned, {len(rows)} seeds"}
    series = {"ap": [each["ap"] for each in rows], "ap_of_named": [each["ap_of_named"] for each in rows]}
    if "cleanlab_ap" in rows[0]:
        series["cleanlab_ap"] = [each["cleanlab_ap"] for each in rows]
        series["ahead"] = [each["ap"] - each["cleanlab_ap"] for each in rows]
        series["ahead_of_named"] = [each["ap_of_named"] - each["cleanlab_ap"] for each in rows]
    for key, values in series.items():
        half = float(t.ppf(0.975, len(values) - 1)) * float(np.std(values, ddof=1)) / len(values) ** 0.5
        middle = float(np.mean(values))
        row |= {key: middle, f"{key}_low": middle - half, f"{key}_high": middle + half}
    return row


def _seen(prepared: Prepared, embedders: Embedders, target: Target) -> Audited:
    return through(audited(replace(prepared, target=target), seed=0), embedders, silent)


def _clean(name: str, prepared: Prepared, embedders: Embedders, peer: Any) -> dict[str, Any]:
    seen = _seen(prepared, embedders, prepared.target)
    judged = seen.judged()
    assert judged is not None
    of_peer = peer(judged.p_NC, prepared.target.value[judged.rows]) if peer else None
    return {
        "check": "label_errors",
        "set": name,
        "strength": "as it came",
        "rows": len(judged.rows),
        "alarms": len(_named(seen)),
        "cleanlab_alarms": None if of_peer is None else len(of_peer),
        "note": "" if peer else "cleanlab is not installed",
    }


def _one(
    name: str, about: tuple[Prepared, Embedders], share: float, seed: int, peer: Callable[..., Order] | None
) -> dict[str, Any]:
    prepared, embedders = about
    target = prepared.target
    value = turned(target.value, len(target.labels), share, seed)
    seen = _seen(prepared, embedders, replace(target, value=value))
    judged = seen.judged()
    assert judged is not None
    given, wrong = value[judged.rows], (value != target.value)[judged.rows]
    begun = perf_counter()
    noise = noise_in(judged.p_NC, given)
    order = ranked(noise, given)
    taken = perf_counter() - begun
    place = {int(row): i for i, row in enumerate(judged.rows)}
    named = np.array([place[row] for row in _named(seen)], np.int64)
    row = {
        "check": "label_errors",
        "set": name,
        "strength": f"{share:.0%} turned, seed {seed}",
        "rows": len(given),
        "planted": int(wrong.sum()),
        "found": len(named),
        "true": int(wrong[named].sum()),
        "precision": float(wrong[named].mean()) if len(named) else 0.0,
        "recall": float(wrong[named].sum() / wrong.sum()),
        "estimated": noise.share,
        "ap": average_precision(order, wrong),
        "ap_of_named": average_precision(named, wrong),
        "seconds": taken,
    }
    if peer is not None:
        found = peer(judged.p_NC, given)
        row |= {
            "cleanlab_ap": average_precision(found, wrong),
            "cleanlab_found": len(found),
            "cleanlab_precision": float(wrong[found].mean()) if len(found) else 0.0,
        }
    return row


def _named(seen: Audited) -> tuple[int, ...]:
    """Places in the pool of the rows that the check names, in its order; the sets' row numbers are their places."""
    (check,) = [each for each in checks() if each.name == "label_errors"]
    place = {int(row): i for i, row in enumerate(seen.pool.row)}
    return tuple(place[row] for finding in check.find(seen) for row in finding.rows)


def _cleanlab() -> Callable[..., Order] | None:
    """find_label_issues by its own defaults, ranked by self-confidence: it leaves out what it takes for right.

    Its ranking of all rows by self-confidence is nearly ours: see ap, whose ranking leaves out none.
    """
    if find_spec("cleanlab") is None:
        return None
    from cleanlab.filter import find_label_issues

    def ranking(p_NC: NDArray[Any], given: NDArray[Any]) -> Order:
        p = p_NC.astype(np.float64)
        p /= p.sum(axis=1, keepdims=True)
        find = partial(find_label_issues, return_indices_ranked_by="self_confidence", n_jobs=1)
        return np.asarray(find(given, p), np.int64)

    return ranking
