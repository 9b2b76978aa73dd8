"""Peak memory is what was taken within, whatever was held before and freed after."""

import sys

import numpy as np
import pytest

from rung.core.evidence import RungEvidence
from rung.core.memory import Peak
from rung.core.types import Cost
from rung.recipes.view import Logged, Quiet

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems don't tell a process its high-water mark"
)
MB = 2**20


def test_what_was_freed_before_the_end_counts():
    with Peak() as peak:
        np.ones(40 * MB, np.uint8)
    assert 35 * MB < peak.bytes < 60 * MB


def test_what_was_held_on_entry_or_freed_before_does_not_count():
    np.ones(200 * MB, np.uint8)
    held = np.ones(100 * MB, np.uint8)
    with Peak() as peak:
        pass
    assert held[0]
    assert peak.bytes < 20 * MB


def test_a_mark_starts_afresh():
    peak = Peak()
    for size in (80, 10):
        peak.start()
        np.ones(size * MB, np.uint8)
        peak.stop()
    assert 8 * MB < peak.bytes < 30 * MB


def test_the_log_foretells_mapped_files_of_a_process_too():
    heard = {}
    view = Logged(Quiet(), lambda event, **facts: heard.update(facts), "cpu")
    view.starting("partial", Cost(1.0, memory=10, mapped=5))
    view.finished(RungEvidence("partial", "skipped"))
    assert heard["predicted_memory"] == 15
