"""Print a result for people, or as exactly one JSON document."""

import json
import math
import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from rung.core.processes import leads
from rung.report.wrapped import wrapped

WIDTH = 80  # where nobody can say how wide the terminal is


def json_ready(value: Any) -> Any:
    """Plain JSON data: numbers that JSON can't hold become null."""
    if isinstance(value, dict):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    return json_ready(value.item()) if hasattr(value, "item") else str(value)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    if leads():
        sys.stdout.write(json.dumps(json_ready(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def screen() -> Console:
    """The terminal for results: stdout, no wider than people read, plain when piped."""
    return Console(soft_wrap=False, highlight=False, quiet=not leads())


def aside() -> Console:
    """The terminal for progress and warnings: stderr."""
    return Console(stderr=True, highlight=False, quiet=not leads())


def fitted(text: str, whole: Sequence[str] = (), *, to: Any = None) -> str:
    """The text in lines as wide as the terminal of `to` (stderr by default), or 80 where it goes to a file or a pipe.

    COLUMNS in the environment says otherwise, as everywhere. whole: what may stand on no two lines, as paths.
    """
    shown = to or sys.stderr
    wide = Console(file=shown).width if shown.isatty() or os.environ.get("COLUMNS", "").isdigit() else WIDTH
    return wrapped(text, wide, whole=whole)
