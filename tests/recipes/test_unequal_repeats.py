"""A rung that was judged in fewer repeats of the folds than the one it challenges says so in its reason."""

from dataclasses import replace

import numpy as np
import pytest
import test_climb
from test_climb import Scripted, ladder

from rung.recipes.climb import climb

job = test_climb.job


@pytest.mark.parametrize(("repeats", "said"), [(2, True), (1, False)])
def test_the_reason_names_the_repeat_that_judged_both(job, monkeypatch, repeats, said):
    wide, once = Scripted("classic", 0.8), Scripted("full", 0.9)
    trial = wide.climb(job)
    many = np.concatenate([trial.prediction, 1 - trial.prediction])[:repeats]  # wrong where the first repeat is right
    monkeypatch.setattr(wide, "climb", lambda _: replace(trial, prediction=many))
    found = climb(job, ladder([Scripted("prior", 0.1), wide, once])).step("full").evidence
    assert ("in the first repeat of the folds" in found.why) is said
    assert found.gain.value == pytest.approx(0.1, abs=0.02)
