"""The catalog's words: licences, families, what is known of each entry."""

import re

import pytest

from rung.backbones.catalog import LOCAL, catalog, families, find, here, licence_fits, permissive
from rung.backbones.source import HUB_ID, locate
from rung.core.errors import NoSuchBackbone


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


UNTOLD = {f"hf:ibm-granite/granite-timeseries-{name}" for name in ("patchtst", "patchtsmixer")}  # no card says


def test_every_family_has_an_entry_and_every_entry_a_family_of_its_modality():
    assert {entry.family for entry in catalog()} == set(families())
    for entry in catalog():
        assert entry.modality == families()[entry.family].modality, entry.id


def test_every_entry_says_licence_data_domain_and_size():
    for entry in catalog():
        assert all((entry.licence, entry.data, entry.note, entry.domains, entry.size_bytes)), entry.id
        assert (entry.width and entry.parameters) or entry.id in UNTOLD, entry.id
        assert bool(entry.limit) == (entry.modality == "text"), entry.id
        assert entry.languages or entry.modality != "text", entry.id


ASK_FOR_MORE = {"CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "unknown"}  # than a notice, or nobody says


def test_every_entry_says_where_its_licence_can_be_read_and_the_licence_is_a_known_one():
    for entry in catalog():
        assert re.fullmatch(r"https://[\w.-]+/[\w./-]+", entry.reference), entry.id
        assert permissive(entry.licence) != (entry.licence in ASK_FOR_MORE), entry.id


def test_weights_that_the_owner_publishes_as_pickles_alone_are_a_proposal_of_the_hub_or_marked():
    hub = [entry for entry in catalog() if entry.source == "hub"]
    assert all(re.fullmatch(r"|refs/pr/\d+|[0-9a-f]{40}", entry.revision) for entry in hub)
    assert not any(entry.pickled and entry.revision for entry in hub)
    assert all("pickled" in entry.note for entry in hub if entry.pickled)
    assert not any(entry.pickled for entry in catalog() if entry.source != "hub")


def test_every_id_is_one_that_can_be_named():
    assert len({entry.id for entry in catalog()}) == len(catalog())
    for entry in catalog():
        if entry.source == "hub":
            assert HUB_ID.fullmatch(entry.id) or entry.id.startswith("timm:"), entry.id
        else:
            assert entry.source == LOCAL or entry.source.startswith("package:"), entry.id


def test_languages_are_codes_and_a_name_of_a_list_stands_for_many():
    for entry in catalog():
        assert all(2 <= len(code) <= 3 and code.islower() for code in entry.languages), entry.id
        assert len(set(entry.languages)) == len(entry.languages), entry.id
    assert {"de", "zh", "ar", "hi"} <= set(find("hf:FacebookAI/xlm-roberta-base").languages)


@pytest.mark.parametrize("domain", ["biomedical", "clinical", "finance", "legal", "edge", "speech", "sounds"])
def test_domains_that_the_field_asks_for_have_entries(domain):
    assert any(domain in entry.domains for entry in catalog())


def test_weights_that_must_be_brought_are_never_here_and_say_how_to_name_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert here(find("squeezenet1_1")) is None
    with pytest.raises(NoSuchBackbone, match="name it by its path"):
        locate("squeezenet1_1")


def test_a_size_that_nobody_told_is_that_of_the_encoder():
    assert find("yamnet").size_bytes == 4 * find("yamnet").parameters
    assert find("hf:openai/clip-vit-base-patch32").size_bytes == 605_000_000
