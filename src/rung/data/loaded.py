"""What any reader hands back: rows, perhaps test rows beside them, and what was noticed on the way."""

from collections import Counter
from dataclasses import dataclass

import polars as pl

from rung.core.errors import DuplicateColumns, EmptyData
from rung.core.types import Finding

BIG_INTEGERS = (pl.Int128, pl.UInt64)


@dataclass(frozen=True)
class Loaded:
    """Rows as they were read; `test` only where the source itself holds test rows, `target` where it names one."""

    frame: pl.DataFrame
    test: pl.DataFrame | None = None
    findings: tuple[Finding, ...] = ()
    target: str | None = None


def unique_names(names: list[str], where: str) -> list[str]:
    """The header with a name for each nameless column.

    Raises DuplicateColumns when two columns share a name.

    >>> unique_names(["", "text"], "a.csv")
    ['unnamed_0', 'text']
    """
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        places = {name: [str(i + 1) for i, other in enumerate(names) if other == name] for name in twice}
        said = "; ".join(f"{name!r} in columns {', '.join(places[name])}" for name in twice[:5])
        raise DuplicateColumns(
            f"header of {where}", wanted="each name once", got=said, fix="Rename all but one of them."
        )
    return [name or f"unnamed_{place}" for place, name in enumerate(names)]


def whole(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """The frame with one spelling of "nothing here" (null) and no exotic types.

    Not-a-number becomes null, categoricals become strings, integers beyond 64 bits become strings (ids, not
    quantities), and a column without a single value is a string column.
    Raises EmptyData without rows or columns, DuplicateColumns for a name that is there twice.
    """
    if not frame.width or not frame.height:
        got = "a header and no rows" if frame.width else "nothing"
        raise EmptyData(
            where, wanted="at least one row under a header", got=got, fix="Check that this is the right file."
        )
    frame = frame.rename(dict(zip(frame.columns, unique_names(frame.columns, where), strict=True)))
    return frame.with_columns(
        [
            pl.col(name).fill_nan(None) if kind.is_float() else pl.col(name).cast(pl.String)
            for name, kind in frame.schema.items()
            if kind.is_float() or kind in (pl.Categorical, pl.Enum, pl.Null, *BIG_INTEGERS)
        ]
    )
