"""Personal data is found as often as the finding says, harmless numbers are not, and placeholders take its place."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.audit.patterns import found_in, redacted
from rung.audit.personal import RECALL, personal, redactions
from rung.core.types import Role
from rung.testing.checks_audit import audited, clean_table
from rung.testing.personal import KINDS, harmless, made_up

MANY = 400


@pytest.mark.parametrize("kind", KINDS)
def test_the_recall_that_findings_state_is_measured(kind):
    found = 0
    for sentence, piece in made_up(kind, MANY):
        matches = [(each.kind, sentence[start:end]) for each, start, end in found_in(sentence)]
        found += any(name == kind and (piece in text or text in piece) for name, text in matches)
    assert round(100 * found / MANY) == RECALL[kind]


def test_harmless_numbers_raise_no_alarm():
    assert [text for text in harmless(900) if found_in(text)] == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("4111 1111 1111 1112", []),  # the check digit is wrong
        ("GB82WEST12345698765432", ["IBAN"]),
        ("GB82WEST12345698765433", []),
        ("2019-03-04 12:30:55", []),
        ("192.168.0.256", []),
        ("20010524124604", []),  # a time, though its last digit checks the others
        ("see a:: and be:: there", []),
        ("from fe80::1 to 2001:db8::7", ["IP address", "IP address"]),
        ("12345678Z", ["national id"]),
        ("12345678A", []),
        ("RSSMRA85T10A562S", ["national id"]),
        ("1 84 12 76 451 089 46", ["national id"]),
    ],
)
def test_arithmetic_decides(text, kinds):
    assert [pattern.kind for pattern, _, _ in found_in(text)] == kinds


@given(st.text(max_size=60))
def test_redacting_twice_changes_nothing_more(text):
    assert redacted(redacted(text)) == redacted(text)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_found_is_gone_when_redacted(kind):
    assert all(not found_in(redacted(sentence)) for sentence, _ in made_up(kind, 60))


def test_findings_and_changes_never_hold_the_data():
    frame = clean_table().with_columns(text=pl.Series(["mail ann@example.org"] * 120))
    (found,) = personal(audited(frame, roles={"text": Role.TEXT, "label": Role.TARGET}))
    said = repr(found) + repr(list(redactions(frame, "text")))
    assert "ann@" not in said
    assert "[EMAIL]" in said


def test_numbers_in_a_column_of_whole_numbers_are_seen():
    frame = clean_table().with_columns(pay=pl.Series([4111111111111111] * 120))
    roles = {"pay": Role.NUMBER, "label": Role.TARGET}
    (found,) = personal(audited(frame, roles=roles))
    assert len(found.rows) == 120


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("host 1.2.3.4:8080 is up", "host [IP] is up"),
        ("06 52 47 33 71", "[PHONE]"),
        ("section 1.10.2.3 says", "section 1.10.2.3 says"),
    ],
)
def test_ports_french_numbers_and_sections_are_told_apart(text, after):
    assert redacted(text) == after
