"""The audit on planted faults: precision and recall of each check with intervals, and every alarm on clean data.

Expected ending (2 cores): see docs/performance.md; --quick looks at one set a kind of fault.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from scipy.stats import binomtest

import faults
import harness


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    found = binomtest(hits, of).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def rows_of(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """What every module of faults measured, in the order of their names."""
    for each in iter_modules(faults.__path__, "faults."):
        for row in import_module(each.name).suites(data, quick=quick):
            print(
                {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()},
                flush=True,
            )
            yield row


def claims(rows: Sequence[dict[str, Any]]) -> list[harness.Claim]:
    """Precision and recall of each fault over all sets, against what the module says must be reached."""
    by_check: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if "planted" in row and "true" in row:
            by_check[row["check"]].append(row)
    found = []
    for name, own in by_check.items():
        planted, told, true = (sum(row[key] for row in own) for key in ("planted", "found", "true"))
        judged, right = (sum(row.get(key, 0) for row in own) for key in ("judged_found", "judged_true"))
        for kind, hits, of, reach in (
            ("recall", true, planted, own[0].get("reach_recall", 0.0)),
            ("precision", true + right, told + judged, own[0].get("reach_precision", 0.0)),
        ):
            value = hits / of if of else 0.0
            low, high = interval(min(hits, of), of)
            found.append(harness.Claim(f"{kind} of {name}", value, low, high, "share", "", None, reach, value >= reach))
    for row in rows:
        if "cleanlab_ap" in row and "ap_low" in row:  # means over seeds
            name, peer = f"average precision, {row['set']} {row['strength']}", row["cleanlab_ap"]
            spread = row["ap"], row["ap_low"], row["ap_high"]
            found.append(harness.Claim(name, *spread, "share", "cleanlab", peer, peer, row["ap"] >= peer))
    return found


def main() -> None:
    """Plant, look, count."""
    asked = harness.options(__doc__)
    rows = list(rows_of(asked.data, quick=asked.quick))
    harness.write("audit", claims(rows), rows, asked.results)


if __name__ == "__main__":
    main()
