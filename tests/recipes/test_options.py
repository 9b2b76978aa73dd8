"""Options are checked all at once, before a row is read."""

import sys

import pytest

import rung
from rung.core.errors import BadOption, MissingExtra
from rung.core.types import Role
from rung.recipes.options import bytes_of, checked, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("5ms", 0.005), ("1 ms", 0.001), ("10m", 600), ("1.5h", 5400), (30, 30)],
)
def test_durations_are_read_as_people_write_them(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("100MB", 10**8), ("1.5 gb", 1_500_000_000), ("1MiB", 2**20), ("7", 7), (5_000, 5_000)]
)
def test_sizes_are_read_as_people_write_them(text, size):
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["big", "-1MB", "0", "1 parsec", "", "nan", "1e9"])
def test_what_is_no_size_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="100MB"):
        bytes_of(text)


def test_every_wrong_option_is_named_in_one_message():
    with pytest.raises(BadOption) as caught:
        checked(budget="soon", seed=-1, test=1.5, column=["age=numbre"])
    message = str(caught.value)
    for name in ("--budget", "--seed", "--test", "--column"):
        assert name in message
    assert "text, image, audio, series, number" in message
    assert message.startswith("--test: wanted a file or a share")
    assert message.count("Also --") == 3


def test_roles_are_read_from_flags_and_from_mappings():
    assert checked(column=["a=b=number"]).column == {"a=b": Role.NUMBER}
    assert checked(column={"age": "number"}).column == {"age": Role.NUMBER}


def test_a_test_share_and_a_test_file_are_told_apart(tmp_path):
    assert checked(test="0.3").test == 0.3
    assert checked(test=str(tmp_path / "t.csv")).test.endswith("t.csv")
    assert checked(test=None).test == 0.2


def test_a_search_without_its_library_is_refused_before_a_row_is_read(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"rung\[search\]"):
        rung.fit("no such file.csv", target="label", search=2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lr": "fast"}, "wanted a rate between 0 and 1, or find, got 'fast'"),
        ({"search": -1}, "wanted 0 or more, got -1"),
        ({"device": "gpu"}, "wanted 'auto', 'cpu' or 'cuda', got 'gpu'"),
        ({"rungs": ""}, "wanted names with commas between them, got ''"),
        ({"confidence": 1}, "wanted from 0.5 to below 1, got 1.0"),
        ({"min_gain": -1}, "wanted 0.0 or more, got -1"),
        ({"min_gain": float("nan")}, "wanted a finite number, got nan"),
        ({"workers": "two"}, "wanted a whole number, got 'two'"),
    ],
)
def test_a_wrong_value_is_answered_in_the_words_of_the_rest(given, words):
    with pytest.raises(BadOption) as caught:
        checked(**given)
    assert str(caught.value) == f"--{next(iter(given)).replace('_', '-')}: {words}. See rung fit --help."


def test_a_setting_of_a_rung_that_is_not_tried_is_refused_with_the_rungs_that_would_take_it():
    with pytest.raises(BadOption, match=r"--rungs prior,frozen,lora"):
        rung.fit("no such file.csv", target="label", rungs="frozen", set={"lora.rank": 4})


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///file:a?mode=memory&uri=true"]
)
def test_a_search_in_memory_cannot_be_shared(url):
    with pytest.raises(BadOption, match="kept in memory"):
        checked(storage=url, search=2)
