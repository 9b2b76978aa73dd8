"""How sure a gain has to be: as the user asks, else by how many rows there are to learn from."""

import pytest

from rung.recipes.fit import fit


@pytest.mark.parametrize(("confidence", "used", "said"), [(None, 0.6, "60 % lower bound"), (0.95, 0.95, "95 % lower")])
def test_of_few_rows_the_likelier_rung_is_taken_unless_more_is_asked(paragraphs, tmp_path, confidence, used, said):
    run = fit(paragraphs, target="label", rungs="classic,frozen", confidence=confidence, out=tmp_path / "run")
    assert run.evidence.confidence == used
    assert said in run.evidence.rungs[2].why
    assert ("as so few rows" in (run.path / "report.html").read_text()) == (confidence is None)


def test_the_report_says_how_sure_and_how_large_a_gain_had_to_be(paragraphs, tmp_path):
    run = fit(paragraphs, target="label", rungs="classic", confidence=0.8, min_gain=0.2, out=tmp_path / "run")
    for said in ("the one-sided 80 % lower bound", "the gain itself 0.2 points or more"):
        assert said in (run.path / "report.html").read_text()
