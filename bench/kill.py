"""A climb that trains, killed with SIGKILL at random moments: every resumed run must end in the undisturbed evidence.

No peer: the figure is the number of runs, of 20, whose evidence (clock aside) equals that of the run that nobody
disturbed, every number within 1e-6. `--quick`: 4 moments.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import harness

CLOCK = {"seconds", "measured", "latency_ms", "predicted"}
EVERY = 0.2  # seconds between checkpoints, so that most blows meet one that is half a run old


def decided(folder: Path) -> Any:
    """Evidence without the clock."""
    evidence = json.loads((folder / "evidence.json").read_text())
    evidence["rungs"] = [{k: v for k, v in step.items() if k not in CLOCK} for step in evidence["rungs"]]
    return evidence


def differs(one: Any, other: Any) -> float:
    """Largest difference of any number; infinite where anything else differs."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return max((differs(one[key], other[key]) for key in one), default=0.0)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return max((differs(a, b) for a, b in zip(one, other, strict=True)), default=0.0)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other)
    return 0.0 if one == other else float("inf")


def main() -> None:
    """One undisturbed run, then runs that are killed once at a seeded random moment and resumed."""
    given = harness.options(__doc__)
    from rung.testing.toys import tiny, toy_table

    draw, rows = random.Random(0), []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        toy_table(120, seed=2).select("text", "label").write_csv(place / "table.csv")
        backbone = str(tiny("bert", place / "bert"))
        start = f"import rung.adapt.training.checkpoint as c; c.EVERY = {EVERY}; from rung.cli.main import main; main()"
        fit = [sys.executable, "-c", start, "fit", "table.csv", "--target", "label", "--backbone", backbone]
        fit += ["--rungs", "partial,contrastive,lora,full", "--metric", "log_loss", "--test", "0.3"]
        fit += ["--set", "full.epochs=20"]
        begun = time.perf_counter()
        subprocess.run([*fit, "-o", "whole"], cwd=place, check=True, capture_output=True)
        whole = time.perf_counter() - begun
        turn = 0
        while len(rows) < (4 if given.quick else 20):
            turn, out = turn + 1, f"cut{turn}"
            process = subprocess.Popen(
                [*fit, "-o", out], cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            moment = draw.uniform(0.2, 0.95) * whole
            try:
                process.wait(moment)
                continue  # it had ended: nothing was killed
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            subprocess.run([*fit, "-o", out, "--resume"], cwd=place, check=True, capture_output=True)
            gap = differs(decided(place / "whole"), decided(place / out))
            rows.append({"moment_s": moment, "largest difference": gap})
            print(rows[-1], flush=True)
    same = sum(row["largest difference"] <= 1e-6 for row in rows)
    claim = harness.Claim(
        "runs that end in the same evidence", same, same, same, "runs", "the undisturbed run", len(rows), len(rows),
        same == len(rows),
    )  # fmt: skip
    harness.write("kill_quick" if given.quick else "kill", [claim], rows, given.results)


if __name__ == "__main__":
    main()
