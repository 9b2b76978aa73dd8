"""What made a run: versions, processor, threads."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rung.core.extras import need

LIBRARIES = ("rung", "torch", "transformers", "tokenizers", "scikit-learn", "lightgbm", "numpy", "polars")


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
