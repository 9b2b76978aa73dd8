"""Rung's classic rung on time series against MiniRocket + ridge of aeon, ten seeds: accuracy on the official test rows.

Peers on the same rows: aeon's MiniRocketClassifier, ridge on the raw values with its strength chosen by
cross-validation, and one nearest neighbour. `--peer PYTHON` names the interpreter that has aeon, where this one lacks
it (its numba asks for versions of its own); without aeon anywhere the rows go without it. The published accuracies are
those that the field quotes for MiniRocket, to two digits; the exact ones differ by resample and were not re-checked.
`--quick`: one seed. Scores are of test rows that neither training nor choosing saw.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

import harness

PUBLISHED = {"gunpoint": 0.99, "italy_power_demand": 0.96, "basic_motions": 1.0}
SEEDS = {"gunpoint": 10, "italy_power_demand": 10, "basic_motions": 3}
POINT = 0.01
AEON = """
import sys, time
import numpy as np
from aeon.classification.convolution_based import MiniRocketClassifier
file = np.load(sys.argv[1], allow_pickle=False)
MiniRocketClassifier(random_state=0).fit(file["x"], file["y"])  # numba compiles
for seed in map(int, sys.argv[2:]):
    begun = time.perf_counter()
    said = MiniRocketClassifier(random_state=seed).fit(file["x"], file["y"]).predict(file["z"])
    print(float((said == file["truth"]).mean()), time.perf_counter() - begun)
"""


def read(folder: Path) -> dict[str, Any]:
    """Train x (N, C, T) with y, test z with truth, as a script would read them."""
    import polars as pl

    found: dict[str, Any] = {}
    for part, x, y in (("train", "x", "y"), ("test", "z", "truth")):
        if (folder / f"{part}.npz").is_file():
            file = np.load(folder / f"{part}.npz", allow_pickle=False)
            found |= {x: file["X"].astype(np.float32), y: file["y"].astype(str)}
        else:
            table = pl.read_csv(folder / f"{part}.csv")
            values = table.drop("label").to_numpy().astype(np.float32)
            found |= {x: values[:, None], y: table["label"].cast(pl.String).to_numpy().astype(str)}
    return found


def by_rung(folder: Path, seed: int) -> dict[str, Any]:
    """The classic rung, as a user runs it; its accuracy on the test rows, opened once."""
    import rung

    place = Path(tempfile.mkdtemp(prefix="rung-bench-"))
    begun = time.perf_counter()
    try:
        npz = (folder / "test.npz").is_file()
        run = rung.fit(folder, target="y" if npz else "label", rungs="classic", seed=seed, out=place / "run")
        spent = time.perf_counter() - begun
        score = run.evaluate(folder / ("test.npz" if npz else "test.csv")).scores["accuracy"]
        return {"accuracy": score.value, "low": score.low, "high": score.high, "fit_s": spent}
    finally:
        shutil.rmtree(place, ignore_errors=True)


def by_features(data: dict[str, Any], seed: int) -> dict[str, Any]:
    """Seconds of the kernels alone: fitted on the training rows, applied to all."""
    from rung.bundle.kernels import fit_kernels
    from rung.data.series import Series

    train, test = ([Series(f"row {i}", row) for i, row in enumerate(data[name])] for name in ("x", "z"))
    begun = time.perf_counter()
    kernels = fit_kernels("x", train, seed=seed)
    kernels.apply([*train, *test])
    return {"features_s": time.perf_counter() - begun}


def by_hand(data: dict[str, Any]) -> dict[str, float]:
    """Ridge on raw values, and one nearest neighbour, Euclidean."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.neighbors import KNeighborsClassifier

    x, z = (data[name].reshape(len(data[name]), -1) for name in ("x", "z"))
    ridge = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)).fit(x, data["y"])
    nearest = KNeighborsClassifier(1).fit(x, data["y"])
    return {"ridge on raw": ridge.score(z, data["truth"]), "1-NN": nearest.score(z, data["truth"])}


def by_aeon(python: str, data: dict[str, Any], seeds: int) -> list[tuple[float, float]] | None:
    """Accuracy and seconds of each seed; None where that interpreter has no aeon."""
    if subprocess.run([python, "-c", "import aeon"], capture_output=True, check=False).returncode:
        return None
    with tempfile.TemporaryDirectory() as place:
        np.savez(Path(place) / "rows.npz", **data)
        command = [python, "-c", AEON, str(Path(place) / "rows.npz"), *map(str, range(seeds))]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    lines = [line.split() for line in done.stdout.splitlines()]
    return [(float(accuracy), float(seconds)) for accuracy, seconds in lines]


def claims(rows: list[dict[str, Any]]) -> list[harness.Claim]:
    """Within a point of the published figure, and of aeon's on the same rows."""
    found = []
    for name, published in PUBLISHED.items():
        own = [row for row in rows if row["set"] == name]
        if not own:
            continue
        ours = [row["accuracy"] for row in own]
        for peer, figure in (
            ("MiniRocket + ridge, published (two digits)", published),
            ("MiniRocket + ridge, aeon", mean(row["aeon"] for row in own) if "aeon" in own[0] else None),
        ):
            if figure is not None:
                low, value = figure - POINT, mean(ours)
                title = f"{name}: mean accuracy of {len(own)} seeds"
                found.append(
                    harness.Claim(title, value, min(ours), max(ours), "accuracy", peer, figure, low, value >= low)
                )
    return found


def main() -> None:
    """Every set and seed; the peers once a set, aeon once a seed."""
    python = sys.executable
    if "--peer" in sys.argv:
        at = sys.argv.index("--peer")
        python = sys.argv[at + 1]
        del sys.argv[at : at + 2]
    asked = harness.options(__doc__)
    missing = [name for name in PUBLISHED if not (asked.data / name).is_dir()]
    if missing:
        raise SystemExit(f"{asked.data} lacks {', '.join(missing)}: give the folder of data sets with --data DIR")
    rows: list[dict[str, Any]] = []
    for name, many in SEEDS.items():
        seeds = 1 if asked.quick else many
        data = read(asked.data / name)
        hand, aeon = by_hand(data), by_aeon(python, data, seeds)
        for seed in range(seeds):
            row = {"set": name, "seed": seed, **by_rung(asked.data / name, seed), **by_features(data, seed), **hand}
            if aeon is not None:
                row |= {"aeon": aeon[seed][0], "aeon_s": aeon[seed][1]}
            rows.append(row)
            print(json.dumps(row), flush=True)
    harness.write("series_quick" if asked.quick else "series", claims(rows), rows, asked.results)


if __name__ == "__main__":
    main()
