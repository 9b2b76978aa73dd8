"""Planted faults of letters and words: damaged encodings, markup, shared phrases, personal data."""

import polars as pl
from planted_faults import planted, texts

from rung.testing.checks_audit import audited, clean_table


@planted
def mojibake():
    return audited(texts(r3="the cafÃ© was open", r9="it isnâ€™t", r12="Ångström, naïve, über")), (3, 9)


@planted
def lost_letters():
    return audited(texts(r3="the caf\ufffd was open")), (3,)


@planted
def html():
    return audited(texts(r3="one <br/>two", r9="fish &amp; chips", r12="a < b > c & d")), (3, 9)


@planted
def boilerplate():
    frame = clean_table()
    closing = " Sent from my telephone, please excuse my brevity."
    rows = range(0, 120, 6)
    new = [text + closing if row in rows else text for row, text in enumerate(frame["text"])]
    return audited(frame.with_columns(text=pl.Series(new))), tuple(rows)


@planted
def personal():
    return audited(
        texts(r3="mail ann@example.org", r9="card 4111 1111 1111 1111", r12="version 2.0.1 of 2021-03-04")
    ), (3, 9)
