"""What every bench shares: the machine's facts, alternating timing, and one shape of result (JSON and a table)."""

import argparse
import gc
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

TELLING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8", "asimd", "bf16")
PACKAGES = (
    "rung",
    "torch",
    "transformers",
    "tokenizers",
    "numpy",
    "scikit-learn",
    "polars",
    "lightgbm",
    "sentence-transformers",
)


@dataclass(frozen=True)
class Claim:
    """One promise with the figure measured for it. `low` and `high` span the repeats; `met` is the verdict."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    peer: str
    peer_value: float | None
    reach: float
    met: bool


@dataclass(frozen=True)
class Options:
    """The command line that every bench takes."""

    quick: bool
    data: Path
    results: Path


def options(about: str | None) -> Options:
    """Read `[--quick] [--data DIR] [--results DIR]`; `about` is the bench's docstring."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="end within 2 minutes on 2 cores")
    parser.add_argument("--data", type=Path, default=here.parent.parent / "shared" / "data", help="folder of data sets")
    parser.add_argument("--results", type=Path, default=here / "results", help="where NAME.json goes")
    given = parser.parse_args()
    return Options(given.quick, given.data, given.results)


def measure_alternating(candidates: Mapping[str, Callable[[], Any]], times: int = 3) -> dict[str, list[float]]:
    """Seconds of each candidate in each of `times` rounds; every other round runs in the opposite order.

    The machine drifts, so only figures of one round are compared: see `speedup`. Garbage is collected before
    each run, and no run is thrown away: let a candidate warm itself up before it comes here.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(times):
        order = list(candidates) if turn % 2 == 0 else list(candidates)[::-1]
        for name in order:
            gc.collect()
            begin = waited()
            candidates[name]()
            seconds[name].append(waited() - begin)
    return seconds


def speedup(
    name: str,
    seconds: Mapping[str, Sequence[float]],
    *,
    ours: str,
    peer: str,
    reach: float,
    peer_value: float | None = None,
) -> Claim:
    """How many times faster `ours` is than `peer`: median of the rounds' ratios, with the lowest and the highest."""
    ratios = [theirs / mine for mine, theirs in zip(seconds[ours], seconds[peer], strict=True)]
    shown = median(seconds[peer]) if peer_value is None else peer_value
    value = median(ratios)
    return Claim(name, value, min(ratios), max(ratios), "times faster", peer, shown, reach, value >= reach)


def at_most(
    name: str, values: Sequence[float], *, unit: str, reach: float, peer: str = "", peer_value: float | None = None
) -> Claim:
    """A figure that has to stay under `reach` (seconds, bytes): median of the repeats, with the spread."""
    value = median(values)
    return Claim(name, value, min(values), max(values), unit, peer, peer_value, reach, value <= reach)


def at_least(
    name: str, values: Sequence[float], *, unit: str, reach: float, peer: str = "", peer_value: float | None = None
) -> Claim:
    """A figure that has to stay over `reach` (scores, cosines): median of the repeats, with the spread."""
    value = median(values)
    return Claim(name, value, min(values), max(values), unit, peer, peer_value, reach, value >= reach)


def device() -> str:
    """Cuda where torch sees a device, else cpu: what the benches of embedding and fine-tuning run on."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def waited() -> float:
    """The clock, once the device has done all that it was asked."""
    if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def matrix_rate(dtype: str) -> float:
    """Floating-point operations a second of a square product of random numbers: 2048 wide, on a device 8192."""
    import torch

    place, side = device(), 8192 if device() == "cuda" else 2048
    a, b = (torch.randn(side, side, device=place).to(getattr(torch, dtype)) for _ in range(2))
    best = float("inf")
    for _ in range(8):
        begun = waited()
        a @ b
        best = min(best, waited() - begun)
    return 2 * side**3 / best


def linear_work(model: Any) -> float:
    """Floating-point operations that a token's pass through the linear layers takes; a training step takes three."""
    import torch

    return float(sum(2 * layer.weight.numel() for layer in model.modules() if isinstance(layer, torch.nn.Linear)))


def bert_base(folder: Path, tokenizer_of: Path) -> Path:
    """A model of BERT-base's size with random weights, which reads by the tokenizer of another; returns `folder`."""
    import shutil

    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    BertModel(BertConfig()).save_pretrained(folder, safe_serialization=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(tokenizer_of / name, folder / name)
    return folder


def machine() -> dict[str, Any]:
    """CPU, the flags that matter for speed, threads, versions."""
    name, flags = platform.processor() or platform.machine(), ""
    if (info := Path("/proc/cpuinfo")).exists():
        facts = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
        facts = {key.strip(): value.strip() for key, value in facts.items()}
        name, flags = facts.get("model name", name), facts.get("flags", facts.get("Features", ""))
    have = set(flags.split())
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    torch = sys.modules.get("torch")
    card = torch.cuda.get_device_name() if torch and torch.cuda.is_available() else None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else cores
    return {
        "cpu": name,
        "device": card,
        "flags": [flag for flag in TELLING_FLAGS if flag in have],
        "cores": cores,
        "threads": threads,
        "versions": versions,
    }


def write(name: str, claims: Sequence[Claim], rows: Sequence[Mapping[str, Any]], results_dir: Path) -> Path:
    """Print the rows and the claims as tables and write `NAME.json`; returns its path."""
    document = {
        "bench": name,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "claims": [asdict(claim) for claim in claims],
        "rows": [dict(row) for row in rows],
    }
    results_dir.mkdir(parents=True, exist_ok=True)
    path = results_dir / f"{name}.json"
    fresh = path.with_suffix(".part")  # a run that is cut while it writes keeps what it had
    fresh.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)
    facts = document["machine"]
    print(f"\n{name}: {facts['device'] or facts['cpu']}, {facts['threads']} threads, {' '.join(facts['flags'])}")
    if rows:
        print_table(rows)
    print_table([asdict(claim) for claim in claims])
    print(f"written to {path}")
    return path


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as aligned plain text; the columns are the union of the keys, in order of first sight."""
    heads = list(dict.fromkeys(key for row in rows for key in row))
    cells = [heads, *[[_shown(row.get(head)) for head in heads] for row in rows]]
    widths = [max(len(line[at]) for line in cells) for at in range(len(heads))]
    for line in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print()


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "NO", None: "-"}[value]
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
