"""An audit for people: how much was looked at, then every finding, the most serious first."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType

from rung.core.types import Finding
from rung.report import units
from rung.report.tables import SERIOUS, findings_panel


def audit_report(name: str, rows: tuple[int, int], findings: Sequence[Finding], seconds: float) -> RenderableType:
    """What `rung audit` prints. rows: how many of the data and of the test were looked at."""
    found = Counter(str(finding.severity) for finding in findings)
    counts = ", ".join(f"{found[severity]} {severity}" for severity in SERIOUS if found[severity])
    of_test = f" and {rows[1]:,} test rows" if rows[1] else ""
    head = f"{name}: {rows[0]:,} rows{of_test} in {units.seconds(seconds)}; {counts or 'nothing found'}"
    if not findings:
        return head
    return Group(head, "", findings_panel(findings, most=len(findings), effects=True))
