"""The catalog's words: licences, families, what is known of each entry."""

import pytest

from rung.backbones.catalog import licence_fits, permissive


@pytest.mark.parametrize("licence", ["Apache-2.0", "mit", "BSD-3-Clause", "CC-BY-4.0", " cc0-1.0 "])
def test_licences_that_ask_for_a_notice_at_most_are_permissive(licence):
    assert permissive(licence)


@pytest.mark.parametrize(
    "licence", ["", "unknown", "other", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "GPL-3.0", "openrail", "llama3.2", "MIT-like"]
)
def test_all_others_are_not_permissive(licence):
    assert not permissive(licence)
    assert not licence_fits(licence, "permissive")


def test_a_licence_may_be_asked_for_by_part_of_its_name():
    assert licence_fits("Apache-2.0", "apache")
    assert not licence_fits("MIT", "apache")
