"""Two cases with a known right answer: a backbone that knows nothing, and labels that mean nothing.

Shuffled: the default backbone with every weight matrix's numbers shuffled; the transfer verdict must be "hurts" or "no
evidence", never "helps", for each of 20 seeds (300 rows of TREC-6 to learn from, 500 test rows). Random: toy texts
whose labels were drawn (words, so that their names vie too); no rung may be promoted over prior in at least 95 of 100
runs of the whole ladder over a tiny backbone. `--quick`: 3 and 15 runs.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import harness

ROWS, TOY_ROWS = 300, 100


def shuffled(folder: Path, seed: int) -> Path:
    """A copy of the default backbone's folder, the numbers of each tensor in another order."""
    from safetensors.numpy import load_file, save_file

    from rung.backbones.source import locate

    place = Path(shutil.copytree(locate(None).folder, folder / f"shuffled{seed}"))
    draw = np.random.default_rng(seed)
    tensors = load_file(place / "model.safetensors")
    turned = {name: draw.permutation(each.ravel()).reshape(each.shape) for name, each in tensors.items()}
    save_file(turned, place / "model.safetensors", metadata={"format": "pt"})
    return place


def negative(data: Path, folder: Path, seed: int) -> dict[str, Any]:
    """One climb over a shuffled backbone."""
    import rung

    train = pl.read_csv(data / "trec6" / "train.csv").sample(ROWS, seed=seed, shuffle=True)
    run = rung.fit(
        train, target="label", test=data / "trec6" / "test.csv", backbone=str(shuffled(folder, seed)), seed=seed,
        rungs="classic,frozen,partial", out=folder / f"negative{seed}",
    )  # fmt: skip
    verdict = run.evidence.verdict("transfer")
    assert verdict is not None
    return {"case": "shuffled", "seed": seed, "winner": run.evidence.winner, "verdict": verdict.verdict}


def random_labels(backbone: str, folder: Path, seed: int) -> dict[str, Any]:
    """One climb over labels that mean nothing."""
    import rung
    from rung.testing.toys import toy_table

    table = toy_table(TOY_ROWS, seed=seed).select("text")
    draw = np.random.default_rng(seed)
    table = table.with_columns(label=pl.Series(draw.choice(["cards", "films", "health"], TOY_ROWS).tolist()))
    run = rung.fit(table, target="label", backbone=backbone, seed=seed, out=folder / f"random{seed}")
    return {"case": "random", "seed": seed, "winner": run.evidence.winner, "verdict": ""}


def main() -> None:
    """Both cases, one seed after another."""
    given = harness.options(__doc__)
    from rung.testing.toys import tiny

    rows = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["RUNG_CACHE"] = str(folder / "cache")
        backbone = str(tiny("bert", folder / "bert"))
        for seed in range(15 if given.quick else 100):
            rows.append(random_labels(backbone, folder, seed))
        for seed in range(3 if given.quick else 20):
            rows.append(negative(given.data, folder, seed))
            print(rows[-1], flush=True)
    told = [row for row in rows if row["case"] == "shuffled"]
    drawn = [row for row in rows if row["case"] == "random"]
    claims = []
    for name, good, all_of, share in (
        ("a shuffled backbone is never said to help", [r for r in told if r["verdict"] != "helps"], told, 1.0),
        ("random labels promote no rung", [r for r in drawn if r["winner"] == "prior"], drawn, 0.95),
    ):
        n, reach = len(good), share * len(all_of)
        claims.append(
            harness.Claim(f"{name} (of {len(all_of)})", n, n, n, "runs", "the truth", None, reach, n >= reach)
        )
    harness.write("honest_quick" if given.quick else "honest", claims, rows, given.results)


if __name__ == "__main__":
    main()
