"""Faults of near copies: see planted_faults."""

import polars as pl
from planted_faults import planted

from rung.data.near import near_rows
from rung.testing.checks_audit import audited, clean_table


def edited(row, label=None):
    """One clean row, its text with a typo, other case and a full stop."""
    frame = clean_table()[[row]]
    words = frame["text"][0].split()
    long = max(range(len(words)), key=lambda place: len(words[place]))
    words[long] = words[long][:2] + words[long][3:]
    frame = frame.with_columns(text=pl.lit(" ".join(words).capitalize() + "."))
    return frame if label is None else frame.with_columns(label=pl.lit(label))


def reordered(row):
    """One clean row, its words from the middle on put first, and a courtesy before them."""
    frame = clean_table()[[row]]
    words = frame["text"][0].split()
    text = " ".join(["thanks", *words[5:], *words[:5], "please"])
    return frame.with_columns(text=pl.lit(text))


@planted
def near_duplicates():
    return audited(pl.concat([clean_table(), edited(4), edited(7)]), near=near_rows), (120, 121)


@planted
def near_shared_rows():
    return audited(clean_table(), pl.concat([clean_table(30, seed=1), edited(4)]), near=near_rows), (30,)


@planted
def conflicting_near_duplicates():
    return audited(pl.concat([clean_table(), edited(4, "yes")]), near=near_rows), (4, 120)


@planted
def reworded():
    return audited(pl.concat([clean_table(), reordered(4), edited(7)]), near=near_rows), (120,)


@planted
def reworded_test():
    return audited(clean_table(), pl.concat([clean_table(30, seed=1), reordered(4), edited(7)]), near=near_rows), (30,)


@planted
def conflicting_test_rows():
    frame = clean_table()
    assert frame["label"][4] == "no"
    other = [edited(4, "yes"), frame[[6]].with_columns(label=pl.lit("yes")), edited(8)]
    return audited(frame, pl.concat([clean_table(30, seed=1), *other]), near=near_rows), (30, 31)
