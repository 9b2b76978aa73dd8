"""Test rows whose label training never had are shown, not tripped over."""

from dataclasses import replace

import pytest
from made_up_evidence import few_classes, many_classes

from rung.report import html


@pytest.mark.parametrize("made", [few_classes, many_classes])
def test_a_confusion_with_an_unknown_label_is_drawn(made):
    report = made()
    classes = len(report.evidence.labels)
    page = html.render(replace(report, confusion=[*[[5] * classes] * classes, [50] * classes]))
    assert "a label that training never had" in page
