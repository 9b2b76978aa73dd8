"""All checks, and the one way to run them: whatever modules of this room register."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from time import perf_counter
from typing import Literal

import rung.audit
from rung.audit.base import CHECKS
from rung.core.audited import Audited, Check, Need
from rung.core.types import Finding

SERIOUS = ("block", "warn", "note")
SURE = ("certain", "likely", "possible")
# What findings of equal severity do harm to: first the score, then what is learnt, then people; content comes last.
HARM = (
    (
        "target_copy", "shared_rows", "near_shared_rows", "reworded_test",
        "shared_groups", "future_column", "old_test_rows",
        "telltale", "telltale_word", "telltale_length", "telltale_order", "missing_tells", "media_made", "media_extent",
        "likely_group", "possible_group", "repeated_id", "near_chains", "reworded", "embedding_shift", "column_shift",
        "label_shift", "missing_shift",
    ),
    (
        "conflicting_labels", "conflicting_near_duplicates", "conflicting_test_rows", "label_errors", "label_twins",
        "label_sets", "odd_value", "null_target", "none_label", "unknown_label", "confused_classes", "target_drifts",
    ),
    ("personal", "licence"),
)  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """One check that ran, or was skipped with the reason why."""

    name: str
    title: str
    status: Literal["ran", "skipped"]
    found: int = 0
    seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Report:
    """What all checks found, the most serious first, and which of them ran."""

    findings: tuple[Finding, ...]
    ran: tuple[Ran, ...]


def checks() -> tuple[Check, ...]:
    """Every registered check, by name.

    >>> "duplicates" in [each.name for each in checks()]
    True
    """
    for module in iter_modules(rung.audit.__path__, "rung.audit."):
        import_module(module.name)
    return tuple(sorted(CHECKS.values(), key=lambda each: each.name))


def run(
    seen: Audited, having: Iterable[Need], *, among: Iterable[Check] | None = None, tell: Callable[[str], object] = str
) -> Report:
    """Run the checks that need no more than there is. having: what is there; tell: hears each check's title."""
    there, found, ran = set(having), [], []
    for check in checks() if among is None else among:
        lacking = [need for need in check.needs if need not in there]
        if lacking:
            ran.append(Ran(check.name, check.title, "skipped", why=f"no {' and no '.join(lacking)}"))
            continue
        tell(check.title)
        begun = perf_counter()
        own = list(check.find(seen))
        found += own
        ran.append(Ran(check.name, check.title, "ran", len(own), perf_counter() - begun))
    return Report(in_order(found), tuple(ran))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The most serious first, then by what they harm, then the surest, then those of the most rows."""

    def place(finding: Finding) -> tuple[int, int, int, int, str]:
        return (
            SERIOUS.index(finding.severity),
            next((rank for rank, names in enumerate(HARM) if finding.check in names), len(HARM)),
            SURE.index(finding.sure),
            -len(finding.rows),
            finding.check,
        )

    return tuple(sorted(findings, key=place))
