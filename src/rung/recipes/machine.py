"""What made a run: versions, processor, threads."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rung.core.extras import need

ENGINES = ("torch", "transformers", "tokenizers", "peft", "accelerate", "scikit-learn", "lightgbm")
LIBRARIES = ("rung", *ENGINES, "numpy", "polars")


def versions() -> dict[str, str]:
    """Installed versions of Rung and of the libraries that its numbers depend on."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def machine() -> dict[str, Any]:
    """Processor name, cores, and platform."""
    return {"cpu": _cpu(), "cores": os.cpu_count() or 1, "platform": sys.platform}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def use_threads(workers: int | None) -> None:
    """Let torch use `workers` threads; None leaves its own choice."""
    if workers is not None:
        need("torch").set_num_threads(workers)


def free_memory(device: str = "cpu") -> float:
    """Bytes that a process may still take: of the machine, or of its control group where that is less.

    device: auto or cuda for those of the device where there is one, which weights and activations are on.
    """
    if device != "cpu" and (cuda := need("torch").cuda).is_available():
        return float(cuda.mem_get_info()[0] + cuda.memory_reserved() - cuda.memory_allocated())
    found = float("inf")
    try:
        for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                found = float(line.split()[1]) * 1024
        group = Path("/sys/fs/cgroup")
        limit = (group / "memory.max").read_text(encoding="utf-8").strip()
        if limit.isdigit():
            found = min(found, float(limit) - float((group / "memory.current").read_text(encoding="utf-8")))
    except (OSError, ValueError, IndexError):
        return found
    return found
