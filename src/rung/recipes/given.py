"""Test rows of a file or table of their own: refused before hours are spent where they can't be scored in the end."""

from typing import Any

import polars as pl

from rung.core.errors import BadTarget, LacksColumns, TooFewRows
from rung.core.types import Column, Target
from rung.data.inputs import lacking
from rung.data.target import encode


def refuse_lacking(test: pl.DataFrame, target: str, columns: tuple[Column, ...], given: Any) -> None:
    """Raise LacksColumns where the target or a feature has no column.

    given: the file or table that the user gave, None where the rows came with the data.
    """
    lost = [*([] if target in test.columns else [target]), *lacking(test, columns)]
    if lost:
        raise LacksColumns(_called(given), lost, among=test.columns)


def refuse_labels(labels: pl.Series, target: Target, given: Any) -> None:
    """Raise for labels that can't be read as the training rows' are; and for none at all where the user gave the rows.

    Public data often comes with test rows whose labels are kept back: that is no mistake of the user's.
    Whether they can be read is all that is looked at: what they say stays closed until the climb is over.
    """
    try:
        usable = encode(labels, task=target.task, labels=target.labels).usable
    except BadTarget as error:
        what = f"{error.what} of {_called(given)}"
        raise BadTarget(what, wanted=error.wanted, got=error.got, fix=error.fix) from error
    if given is not None and not usable.any():
        what, fix = f"target {labels.name!r} of {_called(given)}", "Label some, or leave out --test: a share is kept."
        raise TooFewRows(what, wanted="a row with a label", got=f"none in {len(labels)} rows", fix=fix)


def _called(given: Any) -> str:
    return given if isinstance(given, str) else "the test rows"
