"""Every filter of the catalog has its effect, and a word that nobody knows is refused."""

import pytest

from rung.core.errors import BadOption, NoSuchName
from rung.recipes.backbones import backbones

ALL = backbones()


def kept(**asked):
    found = backbones(**asked)
    assert 0 < len(found) < len(ALL)
    assert set(found) <= set(ALL)
    return [known.entry for known in found]


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ({"modality": "image"}, lambda entry: entry.modality == "image"),
        ({"family": "bert"}, lambda entry: entry.family == "bert"),
        ({"family": "BERT"}, lambda entry: entry.family == "bert"),
        ({"licence": "mit"}, lambda entry: entry.licence == "MIT"),
        ({"max_params": 10_000_000}, lambda entry: 0 < entry.parameters <= 10_000_000),
        ({"max_size": "100MB"}, lambda entry: 0 < entry.size_bytes <= 100_000_000),
        ({"language": "de"}, lambda entry: "de" in entry.languages),
        ({"domain": "legal"}, lambda entry: "legal" in entry.domains),
    ],
    ids=lambda value: "" if callable(value) else next(iter(value)),
)
def test_each_filter_keeps_all_that_fits_and_nothing_else(asked, holds):
    found = kept(**asked)
    assert found == [known.entry for known in ALL if holds(known.entry)]


def test_permissive_leaves_out_share_alike_non_commercial_and_unknown():
    left = {known.entry.licence for known in ALL} - {entry.licence for entry in kept(licence="permissive")}
    assert left == {"CC-BY-SA-4.0", "CC-BY-SA-3.0", "CC-BY-NC-4.0", "unknown"}


def test_here_keeps_what_is_on_this_machine():
    found = backbones(here=True)
    assert "all-MiniLM-L6-v2" in [known.entry.id for known in found]
    assert all(known.here for known in found)


def test_filters_are_joined():
    assert {entry.family for entry in kept(modality="text", domain="edge", max_size="100MB")} <= {"bert", "electra"}


def test_one_modality_stands_after_another_and_the_embedded_default_first():
    order = [known.entry.modality for known in ALL]
    assert order == sorted(order, key=list(dict.fromkeys(order)).index)
    assert ALL[0].entry.id == "all-MiniLM-L6-v2"


@pytest.mark.parametrize("option", ["modality", "family", "language", "domain"])
def test_a_word_that_the_catalog_does_not_hold_is_refused_with_the_nearest(option):
    with pytest.raises(NoSuchName, match=option):
        backbones(**{option: "klingon"})
    with pytest.raises(NoSuchName, match="Did you mean 'legal'"):
        backbones(domain="leagl")


def test_a_size_that_is_none_is_refused():
    with pytest.raises(BadOption, match="--max-size"):
        backbones(max_size="small")
