"""Rows of several kinds: Rung up to `frozen` against what a practitioner would write, five seeds.

Sets: airbnb_asheville (a title and a table -> price), clear_readability (a passage, its genre and year -> ease), the
demo's paragraphs with two plain columns, and generated rows of a note, a photo and a number, each missing in a fifth of
them. Scripts, on the same training rows: LightGBM on the table alone; LightGBM on the table and 50 singular vectors of
TF-IDF; LightGBM on the table and the frozen embeddings of the same backbones. LightGBM stops early on a tenth of the
rows. The first two sets have test rows of their own and the seed changes folds and chance; of the others it changes
the rows too. Each difference to the best script is paired, on the same test rows. `--quick`: one seed of two sets.
`--sets A,B`, `--seeds N`.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import harness

SETS = ("airbnb_asheville", "clear_readability", "paragraphs", "holes")
TARGETS = {"airbnb_asheville": "price", "clear_readability": "target", "paragraphs": "label", "holes": "kind"}
TEXTS = {"airbnb_asheville": "name", "clear_readability": "text", "paragraphs": "text", "holes": "note"}
SEEDS, ROWS, AXES = 5, 900, 50
WORDS = {
    "ants": ("carrying a leaf", "near the nest in the soil", "a long line on the path", "small, dark and busy"),
    "bees": ("visiting a flower", "pollen on the legs", "humming over the clover", "back to the hive"),
}


def rows_of(name: str, seed: int, data: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Training and test rows."""
    if name in ("airbnb_asheville", "clear_readability"):
        parts = [
            pl.read_csv(data / name / f"{part}.csv", infer_schema_length=None, null_values=["", "NA"])
            for part in ("train", "test")
        ]
        return parts[0], parts[1]
    table = paragraphs(seed) if name == "paragraphs" else holes(seed, data)
    order = np.random.default_rng(seed).permutation(len(table))
    cut = len(table) // 4
    return table[order[cut:]], table[order[:cut]]


def paragraphs(seed: int) -> pl.DataFrame:
    """The demo's paragraphs of four subpackages, with their length and what kind of thing they document."""
    from rung.data.docstrings import collect

    table = collect()
    labels = table["label"].value_counts().sort("count", "label", descending=True)["label"][:4]
    table = table.filter(pl.col("label").is_in(labels.implode())).unique("text", keep="first", maintain_order=True)
    table = table.sample(min(ROWS, len(table)), seed=seed)
    last = table["name"].str.split(".").list.last()
    kind = ["class" if each[:1].isupper() else "private" if each.startswith("_") else "function" for each in last]
    return table.select("text", words=pl.col("text").str.count_matches(r"\S+"), kind=pl.Series(kind), label="label")


def holes(seed: int, data: Path) -> pl.DataFrame:
    """A photo of an ant or a bee, a note that is right three times in four, a temperature; a fifth of each missing."""
    draw, rows = np.random.default_rng(seed), []
    for path in sorted((data / "ants_bees").rglob("*.jpg")):
        kind = path.parent.name
        said = kind if draw.random() < 0.75 else {"ants": "bees", "bees": "ants"}[kind]
        note = f"{draw.choice(WORDS[said])}, {draw.choice(['morning', 'noon', 'evening'])} {draw.integers(100)}"
        there = draw.random(3) > 0.2
        rows.append(
            {
                "photo": str(path) if there[0] else None,
                "note": note if there[1] else None,
                "warm": float(draw.normal(18 if kind == "ants" else 21, 3)) if there[2] else None,
                "site": str(draw.choice(["north", "south", "west"])),
                "kind": kind,
            }
        )
    return pl.DataFrame(rows)


def table_of(name: str, train: pl.DataFrame, test: pl.DataFrame) -> tuple[Any, Any]:
    """The plain columns as pandas would have them: numbers, categories, dates as days."""
    left = [c for c in train.columns if c not in (TARGETS[name], TEXTS[name], "photo")]
    both = pl.concat([train.select(left), test.select(left)])
    for column in left:
        if column == "last_review":
            day = both[column].str.to_date("%m/%d/%y", strict=False)
            both = both.with_columns(day.dt.epoch("d").cast(pl.Float64).alias(column))
        elif both[column].dtype == pl.String:
            both = both.with_columns(pl.col(column).cast(pl.Categorical))
    frame = both.to_pandas()
    return frame.iloc[: len(train)], frame.iloc[len(train) :]


def grown(train: Any, value: np.ndarray, test: Any, seed: int, *, classes: bool) -> np.ndarray:
    """LightGBM with its defaults, at most 500 rounds, early stopping on a tenth."""
    import lightgbm

    order = np.random.default_rng(seed).permutation(len(value))
    aside, rest = order[: len(order) // 10], order[len(order) // 10 :]
    kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
    model = kind(n_estimators=500, learning_rate=0.05, random_state=seed, verbose=-1, n_jobs=1)
    stop = lightgbm.early_stopping(30, verbose=False)
    model.fit(train.iloc[rest], value[rest], eval_set=[(train.iloc[aside], value[aside])], callbacks=[stop])
    return model.predict_proba(test) if classes else model.predict(test)[:, None]


def beside(frames: tuple[Any, Any], extra: tuple[np.ndarray, np.ndarray]) -> tuple[Any, Any]:
    """The table with columns of numbers beside it."""
    import pandas as pd

    made = []
    for frame, numbers in zip(frames, extra, strict=True):
        named = pd.DataFrame(numbers, columns=[f"x{i}" for i in range(numbers.shape[1])], index=frame.index)
        made.append(pd.concat([frame, named], axis=1))
    return made[0], made[1]


def singular(train: list[str], test: list[str], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """50 singular vectors of TF-IDF."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    steps = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), TruncatedSVD(AXES, random_state=seed)
    )
    return steps.fit_transform(train), steps.transform(test)


def embedded(name: str, train: pl.DataFrame, test: pl.DataFrame, weights: Path) -> tuple[np.ndarray, np.ndarray]:
    """Frozen embeddings of the same backbones, not-a-number where a photo is missing."""
    from rung.backbones.load import load
    from rung.data.media import File

    found = []
    text, image = load(), load(str(weights)) if name == "holes" else None
    for part in (train, test):
        own = [text([each or "" for each in part[TEXTS[name]].to_list()])]
        if image is not None:
            there = part["photo"].is_not_null().to_numpy()
            vectors = np.full((len(part), image.card.width), np.nan, np.float32)
            vectors[there] = image([File(path, path) for path in part["photo"].drop_nulls().to_list()])
            own.append(vectors)
        found.append(np.concatenate(own, axis=1))
    return found[0], found[1]


def scripts(name: str, parts: tuple[pl.DataFrame, pl.DataFrame], seed: int, weights: Path) -> dict[str, Any]:
    """Each script's predictions of the test rows, and its seconds."""
    train, test = parts
    target = train[TARGETS[name]]
    classes = not target.dtype.is_numeric()
    value = target.to_numpy() if not classes else target.cast(pl.String).to_numpy().astype(str)
    if classes:
        value = np.unique(value, return_inverse=True)[1]
    frames = table_of(name, train, test)
    texts = [[each or "" for each in part[TEXTS[name]].to_list()] for part in parts]
    made = {
        "LightGBM, table": lambda: frames,
        "LightGBM, table + TF-IDF/SVD": lambda: beside(frames, singular(*texts, seed)),
        "LightGBM, table + embeddings": lambda: beside(frames, embedded(name, train, test, weights)),
    }
    found = {}
    for script, features in made.items():
        begun = time.perf_counter()
        own = features()
        said = grown(own[0], value, own[1], seed, classes=classes)
        found[script] = (np.asarray(said, np.float32), time.perf_counter() - begun)
    return found


def by_rung(name: str, parts: tuple[pl.DataFrame, pl.DataFrame], seed: int, weights: Path) -> tuple[Any, Any, float]:
    """The run, its predictions of the test rows, and seconds of the whole fit."""
    import rung

    more = {"backbone": str(weights)} if name == "holes" else {}
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        run = rung.fit(
            parts[0], target=TARGETS[name], test=parts[1], max_rung="frozen", seed=seed, out=Path(place) / "r", **more
        )
        seconds = time.perf_counter() - begun
        return run, run.predict_proba(parts[1]), seconds


def compared(name: str, seed: int, asked: harness.Options) -> dict[str, Any]:
    """One row: what each scored, and Rung's paired difference to the best script."""
    from rung.evaluate.compare import compare
    from rung.metrics.table import named

    weights = asked.data.parent / "weights" / "mobilenet_v2_1.0_224_imagenet"
    parts = rows_of(name, seed, asked.data)
    theirs = scripts(name, parts, seed, weights)
    run, ours, seconds = by_rung(name, parts, seed, weights)
    metric = named(run.evidence.metric, run.task)
    truth = parts[1][TARGETS[name]]
    if run.labels:
        place = {label: i for i, label in enumerate(run.labels)}
        truth_N = np.array([place[each] for each in truth.cast(pl.String).to_list()])
    else:
        truth_N = truth.to_numpy().astype(np.float64)
    score = {script: float(metric(truth_N, said)) for script, (said, _) in theirs.items()}
    best = max(score, key=lambda script: metric.sign * score[script])
    gain = compare(metric, truth_N, ours, theirs[best][0], seed=0)
    return {
        "set": name,
        "seed": seed,
        "metric": metric.name,
        "rung": float(metric(truth_N, ours)),
        "winner": run.evidence.winner,
        "choice": json.dumps(run.evidence.rung(run.evidence.winner).choice)[:200],
        **score,
        "best": best,
        "difference": gain.value,
        "low": gain.low,
        "high": gain.high,
        "rung_s": seconds,
        "scripts_s": sum(spent for _, spent in theirs.values()),
    }


def claims(rows: list[dict[str, Any]]) -> list[harness.Claim]:
    """Never below the best script beyond the interval."""
    found = []
    for name in dict.fromkeys(row["set"] for row in rows):
        own = [row for row in rows if row["set"] == name]
        gains = [row["difference"] for row in own]
        met = all(row["high"] >= 0 for row in own)
        title = f"{name}: {own[0]['metric']} less the best script's, {len(own)} seeds"
        peer = ", ".join(sorted({row["best"] for row in own}))
        mean = float(np.mean(gains))
        found.append(harness.Claim(title, mean, min(gains), max(gains), own[0]["metric"], peer, None, 0.0, met))
    return found


def option(name: str) -> str | None:
    """The value after --name, taken off the command line."""
    if f"--{name}" not in sys.argv:
        return None
    at = sys.argv.index(f"--{name}")
    value = sys.argv[at + 1]
    del sys.argv[at : at + 2]
    return value


def main() -> None:
    """Every set and seed."""
    sets, seeds = option("sets"), option("seeds")
    asked = harness.options(__doc__)
    names = sets.split(",") if sets else SETS[:2] if asked.quick else SETS
    rows: list[dict[str, Any]] = []
    for name in names:
        for seed in range(int(seeds) if seeds else 1 if asked.quick else SEEDS):
            rows.append(compared(name, seed, asked))
            print(json.dumps(rows[-1]), flush=True)
    harness.write("mixtures_quick" if asked.quick else "mixtures", claims(rows), rows, asked.results)


if __name__ == "__main__":
    main()
