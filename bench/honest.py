"""Two cases with a known right answer: a backbone that knows nothing, and labels that mean nothing.

Shuffled: the default backbone with every weight matrix's numbers shuffled; the transfer verdict must be "hurts" or "no
evidence", never "helps", for each of 20 seeds (300 rows of TREC-6 to learn from, 500 test rows). Random: toy texts
whose labels were drawn (words, so that their names vie too); no rung may be promoted over prior in at least 95 of 100
runs of the whole ladder over a tiny backbone, which three failures end early. Trained: the same with `partial` and
`full` alone, so that backbones do train. `--quick`: 3 and 15 runs, and 5. `--cases a,b` runs these and keeps the
others' rows.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import harness
from quality import option

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


def random_labels(backbone: str, folder: Path, seed: int, case: str) -> dict[str, Any]:
    """One climb over labels that mean nothing: of the whole ladder, or of rungs that train."""
    import rung
    from rung.testing.toys import toy_table

    table = toy_table(TOY_ROWS, seed=seed).select("text")
    draw = np.random.default_rng(seed)
    table = table.with_columns(label=pl.Series(draw.choice(["cards", "films", "health"], TOY_ROWS).tolist()))
    only = {"rungs": "partial,full"} if case == "trained" else {}
    run = rung.fit(table, target="label", backbone=backbone, seed=seed, out=folder / f"{case}{seed}", **only)
    ended = {step.name: step.status for step in run.evidence.rungs}
    return {"case": case, "seed": seed, "winner": run.evidence.winner, "verdict": "", "rungs": ended}


def main() -> None:
    """All cases, one seed after another."""
    cases = option("cases", "random,trained,shuffled")
    given = harness.options(__doc__)
    from rung.testing.toys import tiny

    name = "honest_quick" if given.quick else "honest"
    known = given.results / f"{name}.json"
    before = json.loads(known.read_text())["rows"] if known.is_file() else []
    rows = [row for row in before if row["case"] not in cases]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["RUNG_CACHE"] = str(folder / "cache")
        backbone = str(tiny("bert", folder / "bert"))
        for case, quick in (("random", 15), ("trained", 5)):
            for seed in range(quick if given.quick else 100) if case in cases else ():
                rows.append(random_labels(backbone, folder, seed, case))
                print(rows[-1], flush=True)
        for seed in range(3 if given.quick else 20) if "shuffled" in cases else ():
            rows.append(negative(given.data, folder, seed))
            print(rows[-1], flush=True)
    told = [row for row in rows if row["case"] == "shuffled"]
    drawn, trained = ([row for row in rows if row["case"] == case] for case in ("random", "trained"))
    claims = []
    for what, good, all_of, share in (
        ("a shuffled backbone is never said to help", [r for r in told if r["verdict"] != "helps"], told, 1.0),
        ("random labels promote no rung", [r for r in drawn if r["winner"] == "prior"], drawn, 0.95),
        ("nor one that trains", [r for r in trained if r["winner"] == "prior"], trained, 0.95),
    ):
        n, reach = len(good), share * len(all_of)
        claims.append(
            harness.Claim(f"{what} (of {len(all_of)})", n, n, n, "runs", "the truth", None, reach, n >= reach)
        )
    harness.write(name, claims, rows, given.results)


if __name__ == "__main__":
    main()
