"""How sure a gain has to be: as the user asks, else by how many rows there are to learn from."""

from types import SimpleNamespace

import numpy as np
import pytest

from rung.core.types import Task
from rung.metrics.table import named
from rung.recipes.fit import fit
from rung.recipes.transfer import beats_classic


@pytest.mark.parametrize(("confidence", "used", "said"), [(None, 0.84, "84 % lower bound"), (0.95, 0.95, "95 % lower")])
def test_of_few_rows_one_standard_error_decides_unless_more_is_asked(paragraphs, tmp_path, confidence, used, said):
    run = fit(paragraphs, target="label", rungs="classic,frozen", confidence=confidence, out=tmp_path / "run")
    assert run.evidence.confidence == used
    assert said in run.evidence.rungs[2].why
    assert ("so few rows can" in (run.path / "report.html").read_text()) == (confidence is None)


def test_the_report_says_how_sure_and_how_large_a_gain_had_to_be(paragraphs, tmp_path):
    run = fit(paragraphs, target="label", rungs="classic", confidence=0.8, min_gain=0.2, out=tmp_path / "run")
    for said in ("the one-sided 80 % lower bound", "the gain itself 0.2 points or more"):
        assert said in (run.path / "report.html").read_text()


@pytest.mark.parametrize(("lost", "shown"), [(0, True), (9, False)], ids=["12 gained", "12 gained, 9 lost"])
def test_that_transfer_helps_wants_certainty_however_little_promoted(lost, shown):
    """Of 100 rows; three more than nine may be luck, though 0.6 would promote it."""
    truth = np.zeros(100, np.int64)
    right = {"classic": np.arange(100) < 60, "frozen": (np.arange(100) >= lost) & (np.arange(100) < 72)}
    says = {name: np.where(good[:, None], [0.6, 0.4], [0.4, 0.6])[None] for name, good in right.items()}
    steps = {name: SimpleNamespace(trial=SimpleNamespace(prediction=said)) for name, said in says.items()}
    rows = np.arange(100)
    target, plan = SimpleNamespace(value=truth, task=Task.BINARY), SimpleNamespace(judged=rows, cluster=rows)
    job = SimpleNamespace(target=target, plan=plan, metric=named("accuracy", Task.BINARY), seed=0)
    assert beats_classic(job, SimpleNamespace(step=steps.__getitem__), "frozen") is shown
