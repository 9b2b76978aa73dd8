"""Planted faults, one module a kind: each yields a row for bench/audit.py per check, set and strength."""

from typing import Any

Rows = set[int]


def counted(about: tuple[str, str, str], planted: Rows, found: Rows, clean: Rows, seconds: float) -> dict[str, Any]:
    """A row of the bench. about: check, set, strength; found, clean: rows named with the fault and without it."""
    already = clean - planted  # real ones, not the planting's doing
    told = found - already
    return {
        **dict(zip(("check", "set", "strength"), about, strict=True)),
        "planted": len(planted),
        "found": len(told),
        "true": len(told & planted),
        "already": len(already),
        "precision": len(told & planted) / max(len(told), 1),
        "recall": len(told & planted) / len(planted),
        "seconds": seconds,
    }
