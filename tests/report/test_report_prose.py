"""Sentences break between words, and a quoted name is one word."""

from io import StringIO

import pytest
from rich.console import Console

from rung.core.types import Finding
from rung.report.tables import findings_panel


@pytest.mark.parametrize("width", range(40, 90, 7))
def test_a_label_of_several_words_stays_on_one_line(width):
    what = "labels that differ: 'Not spam at all' beside \"it isn't spam at all\"; a row's label is one class' own"
    console = Console(file=StringIO(), width=width)
    console.print(findings_panel([Finding("label_twins", what, (3,), "warn")], effects=True))
    said = console.file.getvalue()
    assert "'Not spam at all'" in said
    assert '"it isn\'t spam at all"' in said
    assert max(map(len, said.splitlines())) <= width
