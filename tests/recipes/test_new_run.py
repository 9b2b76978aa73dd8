"""--resume where nothing was begun: a new run, and said so."""

import pytest

from rung.recipes.fit import fit
from rung.recipes.view import Quiet

pytestmark = pytest.mark.journey


def test_resuming_where_nothing_was_begun_says_that_it_is_a_new_run(fake, paragraphs, tmp_path):
    said = []

    class Heard(Quiet):
        def noticed(self, findings):
            said.extend(finding.check for finding in findings)

    how = {"target": "label", "max_rung": "prior", "out": tmp_path / "new", "resume": True}
    fit(paragraphs, view=Heard(), **how)
    assert said.count("new_run") == 1
    fit(paragraphs, view=Heard(), **how)
    assert said.count("new_run") == 1
