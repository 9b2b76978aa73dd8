"""Every family of images and sounds on every rung: prepare, embed, train, save, predict alike in a fresh process.

Tiny random weights of the real architectures, 96 toy rows; what is shown is that the machinery fits, not how well it
learns. `--quick`: three families. `--families a,b`. The table of docs/backbones.md is the one printed here.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import harness
from quality import option

ROWS = 96
ALIKE = 1e-4
AGAIN = """
import sys
from pathlib import Path
import numpy as np, polars as pl
from rung.predict.torch import load
frame = pl.read_parquet(sys.argv[1])
for folder in sys.argv[2:]:
    np.save(folder + ".npy", load(Path(folder))(frame))
"""


def rungs_of() -> list[Any]:
    """Frozen, and every rung that trains a backbone."""
    from rung.adapt.ladder import rungs

    return [rung for rung in rungs() if getattr(rung, "needs_backbone", False)]


def table_of(family: str, folder: Path) -> pl.DataFrame:
    """Toy images or sounds, written as files."""
    import soundfile

    from rung.backbones.catalog import families
    from rung.testing.senses import RATE, noises, pictures

    folder.mkdir()
    kind_N: NDArray[np.int64] = np.arange(ROWS) % 2
    sights = families()[family].modality == "image"
    paths = []
    for i, item in enumerate(pictures(kind_N) if sights else noises(kind_N)):
        paths.append(str(folder / f"{i:02}.{'png' if sights else 'wav'}"))
        if sights:
            item.image().save(paths[-1])
        else:
            soundfile.write(paths[-1], item.clip().samples, RATE)
    return pl.DataFrame({"path": paths, "label": [f"kind {kind}" for kind in kind_N]})


def job_of(frame: pl.DataFrame, embedder: Any, asked: set[str]) -> Any:
    """One share of the rows judges; every rung may be tried."""
    from rung.core.contracts import Job
    from rung.core.types import Fold, Plan, Task
    from rung.data.roles import infer
    from rung.data.target import encode
    from rung.metrics.table import default
    from rung.recipes.measure import seen

    columns = infer(frame, target="label")
    every = np.arange(len(frame))
    plan = Plan("holdout", (Fold(every[every % 4 > 0], every[every % 4 == 0]),), every)
    inputs = seen(frame, columns, embedder, lambda _: None)
    return Job(
        inputs, columns, encode(frame["label"]).target, plan, default(Task.BINARY), 3, backbone=embedder.card,
        tunable=embedder.tunable, asked=frozenset(asked),
    )  # fmt: skip


def one(family: str, place: Path) -> dict[str, Any]:
    """Each rung's outcome: how far predictions of a fresh process lie off, or why the rung does not apply."""
    from rung.backbones.load import load
    from rung.bundle.manifest import Manifest
    from rung.bundle.write import write_bundle
    from rung.core.stops import Collapse
    from rung.recipes.write import reference_of
    from rung.testing.senses import tiny_sense

    embedder = load(str(tiny_sense(family, place / "backbone")), precision="float32", cache=False, device="cpu")
    frame = table_of(family, place / "data")
    frame.write_parquet(place / "rows.parquet")
    job = job_of(frame, embedder, {rung.name for rung in rungs_of()})
    row: dict[str, Any] = {"family": family, "blocks": embedder.tunable.count, "width": embedder.card.width}
    begun, known = time.perf_counter(), {}
    for rung in rungs_of():
        if hasattr(rung, "recipe"):
            rate = min(rung.recipe.rate, 2e-5)  # random weights are easily lost to one class
            rung.recipe = replace(rung.recipe, epochs=2, batch=16, rate=rate, head_rate=rate, augment="none")
        if why := rung.applies(job):
            row[rung.name] = f"no: {why}"
            continue
        try:
            trial = rung.climb(job)
        except Collapse as died:
            row[rung.name] = f"collapsed: {died}"
            continue
        model = trial.model or rung.refit(job, trial.choice)
        target, folder = job.target, place / rung.name
        manifest = Manifest(
            rung_version="bench", task=target.task, target="label", labels=target.labels, columns=job.columns,
            strategy=rung.name, choice=trial.choice, model={}, backbone=reference_of(embedder),
        )  # fmt: skip
        write_bundle(folder, manifest, model.parts(), preprocessing=embedder.save_preprocessing, reference={})
        known[rung.name] = str(folder), model.predict(job.inputs)
    subprocess.run(
        [sys.executable, "-c", AGAIN, str(place / "rows.parquet"), *[at for at, _ in known.values()]], check=True
    )
    for name, (at, before) in known.items():
        row[name] = float(np.abs(np.load(f"{at}.npy") - before).max())
    row["seconds"] = time.perf_counter() - begun
    print(json.dumps(row), flush=True)
    return row


def main() -> None:
    """Run the families asked for."""
    from rung.testing.senses import MAKES

    names = option("families", ",".join(MAKES))
    asked = harness.options(__doc__)
    if asked.quick:
        names = ["mobilenet_v2", "vit", "wav2vec2"]
    found = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="rung-bench-") as place:
            found.append(one(name, Path(place)))
    wrong = sum(isinstance(row[rung.name], float) and row[rung.name] > ALIKE for row in found for rung in rungs_of())
    claim = harness.Claim("rungs of families that predict otherwise in a fresh process", wrong, 0, wrong,
                          "rungs", "none", 0, 0, wrong == 0)  # fmt: skip
    harness.write("families_quick" if asked.quick else "families", [claim], found, asked.results)
    table(found)


def table(found: list[dict[str, Any]]) -> None:
    """Print what docs/backbones.md shows."""
    names = [rung.name for rung in rungs_of()]
    print("| family | blocks | " + " | ".join(names) + " |\n|---|---|" + "---|" * len(names))
    for row in found:
        said = ["yes" if isinstance(row[name], float) and row[name] <= ALIKE else "no" for name in names]
        print(f"| {row['family']} | {row['blocks']} | " + " | ".join(said) + " |")


if __name__ == "__main__":
    main()
