"""Test rows of a file or table of their own: refused before hours are spent where they can't be scored in the end."""

from typing import Any

import polars as pl

from rung.core.errors import BadTarget, LacksColumns, TooFewRows
from rung.core.types import Column, Finding, Target
from rung.data.inputs import lacking
from rung.data.target import encode

SHOWN = 6  # labels that a message names


def refuse_lacking(test: pl.DataFrame, target: str, columns: tuple[Column, ...], given: Any) -> None:
    """Raise LacksColumns where the target or a feature has no column.

    given: the file or table that the user gave, None where the rows came with the data.
    """
    lost = [*([] if target in test.columns else [target]), *lacking(test, columns)]
    if lost:
        raise LacksColumns(_called(given), lost, among=test.columns)


def refuse_labels(labels: pl.Series, target: Target, given: Any) -> None:
    """Raise BadTarget for labels that can't be read as the training rows' are; what they say stays closed."""
    try:
        encode(labels, task=target.task, labels=target.labels)
    except BadTarget as error:
        what = f"{error.what} of {_called(given)}"
        raise BadTarget(what, wanted=error.wanted, got=error.got, fix=error.fix) from error


def refuse_unscored(labels: pl.Series, target: Target, given: Any) -> None:
    """Raise where no test row that the user gave could be scored: none has a label, or none that training has.

    Public data often comes with test rows whose labels are kept back: these are no mistake of the user's, and left out.
    """
    encoded = encode(labels, task=target.task, labels=target.labels)
    usable, what = encoded.usable, f"target {labels.name!r} of {_called(given)}"
    if not usable.any():
        fix = "Label some, or leave out --test: a share is kept."
        raise TooFewRows(what, wanted="a row with a label", got=f"none in {len(labels)} rows", fix=fix)
    if target.task.one_label and (encoded.target.value[usable] < 0).all():
        known = ", ".join(target.labels[:SHOWN]) + ", ..." * (len(target.labels) > SHOWN)
        got = f"none of these in {usable.sum()} rows, but {str(labels.filter(usable)[0])!r}"
        fix = "Spell them as the training rows do."
        raise BadTarget(what, wanted=f"labels that training has ({known})", got=got, fix=fix)


def undated(test: pl.DataFrame, time: str | None) -> tuple[Finding, ...]:
    """Say where test rows of their own lack the column that orders the others in time."""
    if time is None or time in test.columns:
        return ()
    what = f"there is no column {time!r}: whether these rows are newer than those that train is not known"
    return (Finding("undated", what, (), "note", f"Add {time!r}, or make sure that they are.", "test"),)


def _called(given: Any) -> str:
    return given if isinstance(given, str) else "the test rows"
