"""Memory that runs out costs one rung, by name, and not the climb."""

import numpy as np
import pytest
import test_climb
from test_climb import Scripted, ladder

from rung.core.memory import out_of_memory
from rung.recipes.climb import climb
from rung.recipes.refit import NO_MEMORY, refitted

job = test_climb.job


class OutOfMemoryError(RuntimeError):
    """As torch calls it."""


ERRORS = [MemoryError(), OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_rung_for_which_memory_runs_out_has_failed_by_name(job, monkeypatch, error):
    large = Scripted("full", 1.0)

    def climbs(_):
        raise error

    monkeypatch.setattr(large, "climb", climbs)
    found = climb(job, ladder([Scripted("prior", 0.5), Scripted("classic", 0.8), large]))
    assert found.winner == "classic"
    assert found.step("full").evidence.status == "failed"
    assert "memory ran out" in found.step("full").evidence.why


def test_another_error_is_a_bug_as_ever(job, monkeypatch):
    broken = Scripted("full", 1.0)
    monkeypatch.setattr(broken, "climb", lambda _: np.zeros(2).reshape(3))
    with pytest.raises(ValueError, match="reshape"):
        climb(job, ladder([Scripted("prior", 0.5), broken]))
    assert not out_of_memory(RuntimeError("shapes"))


def test_a_winner_that_can_not_learn_from_all_rows_is_delivered_as_it_was_judged(job, monkeypatch):
    rung = Scripted("full", 0.9)
    found = climb(job, ladder([Scripted("prior", 0.5), rung]))
    rung.dear = True

    def refit(*_):
        raise MemoryError

    monkeypatch.setattr(rung, "refit", refit)
    kept, said = refitted(job, [rung], found, lambda: float("inf"))
    assert said == NO_MEMORY
    assert kept.step("full").model is found.step("full").model
