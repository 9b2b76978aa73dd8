"""For each finding of the audit, rows with that one thing wrong, and the numbers of the rows that have it."""

import polars as pl

from rung.core.types import Role
from rung.testing.checks_audit import ROLES, audited, clean_table

PLANTED = {}


def planted(function):
    """Enter a fault under its finding's name, which is the function's."""
    PLANTED[function.__name__] = function
    return function


def texts(**changed):
    """Clean rows, some texts changed: r5="..." changes row 5."""
    frame = clean_table()
    values = frame["text"].to_list()
    for name, value in changed.items():
        values[int(name[1:])] = value
    return frame.with_columns(text=pl.Series(values, dtype=pl.String))


@planted
def empty_text():
    roles = {"text": Role.TEXT, "label": Role.TARGET}
    return audited(texts(r3="", r8=" \n", r9=None).select("text", "label"), roles=roles), (3, 8, 9)


@planted
def missing_part():
    return audited(texts(r3="", r9=None)), (3, 9)


@planted
def duplicates():
    frame = clean_table()
    return audited(pl.concat([frame, frame[[4, 7]]])), (120, 121)


@planted
def shared_rows():
    frame = clean_table()
    return audited(frame, pl.concat([clean_table(30, seed=1), frame[[4, 7]]])), (30, 31)


@planted
def conflicting_labels():
    frame = clean_table()
    other = frame[[4]].with_columns(label=pl.lit("yes"))
    assert frame["label"][4] == "no"
    return audited(pl.concat([frame, other])), (4, 120)


@planted
def shared_groups():
    frame = clean_table().with_columns(who=pl.Series([f"u{i // 4}" for i in range(120)]))
    test = clean_table(8, seed=1).with_columns(who=pl.Series(["u3", "new", "u5", None, "x", "y", "z", "w"]))
    return audited(frame, test, roles=ROLES | {"who": Role.GROUP}), (0, 2)


@planted
def repeated_id():
    frame = clean_table().with_columns(who=pl.Series([f"u{i // 4}" for i in range(120)]))
    return audited(frame, roles=ROLES | {"who": Role.ID}), ()
