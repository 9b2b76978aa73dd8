"""Texts unlike their set: languages by letters and words, lengths by the median."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.audit.texts import texts
from rung.core.types import Role
from rung.data.languages import strangers
from rung.testing.checks_audit import audited

ENGLISH = [
    "Where is the card that you have sent to me, and what is it for?",
    "I have not been able to pay with it.",
] * 20


def test_a_row_in_another_language_is_named_with_it():
    found = strangers(
        [*ENGLISH, "Où est la carte que vous avez envoyée, et pourquoi je ne peux pas payer?", "Где она, карта?"]
    )
    assert [(each.place, each.name) for each in found] == [(40, "French"), (41, "Cyrillic")]


def test_names_and_borrowed_words_are_not_another_language():
    loans = ["El Niño and La Niña are on the news", "déjà vu, I have been here with it", "He is at the Café de la Paix"]
    assert not strangers([*ENGLISH, *loans, "la la la la", "de", "Привет"])


def test_a_set_of_two_languages_is_not_one_with_strangers():
    assert len(strangers([*ENGLISH, *(["Wo ist das Buch, das ich dir für den Kurs gegeben habe?"] * 40)])) <= 40


@settings(max_examples=50)
@given(st.lists(st.text(max_size=30), max_size=20))
def test_any_texts_are_looked_at(values):
    assert all(0 <= each.place < len(values) + 40 for each in strangers([*ENGLISH, *values]))


def test_short_texts_are_normal_in_a_set_of_short_ones():
    frame = pl.DataFrame({"text": ["yes", "no way", "ok", "x"] * 20, "label": ["a", "b"] * 40})
    assert not list(texts(audited(frame, roles={"text": Role.TEXT, "label": Role.TARGET})))


def test_the_longest_comes_first():
    values = [*ENGLISH, "word " * 500, "word " * 900]
    frame = pl.DataFrame({"text": values, "label": ["a", "b"] * 21})
    (found,) = texts(audited(frame, roles={"text": Role.TEXT, "label": Role.TARGET}))
    assert (found.check, found.rows, found.names[0]) == ("long_text", (41, 40), "4,499 characters")
