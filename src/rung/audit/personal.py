"""Personal data in cells: e-mail addresses, phone, card and account numbers, IP addresses, national ids."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import polars as pl

from rung.audit.base import check, numbered, rows_of
from rung.audit.patterns import PATTERNS, found_in, redacted
from rung.core.audited import Audited, Change
from rung.core.types import Finding, Role

LOOKED_AT = (Role.TEXT, Role.CATEGORY, Role.ID, Role.GROUP, Role.IGNORE, Role.NUMBER)
RECALL = {"e-mail": 100, "phone": 91, "card": 100, "IBAN": 100, "IP address": 94, "national id": 76}  # kept by a test
LEAST = 12  # digits from which a column of whole numbers may hold cards or phone numbers


@check("personal", "Personal data")
def personal(seen: Audited) -> Iterator[Finding]:
    """One finding a column: how many rows hold which kinds; names say the kinds of each row, never the data."""
    for side, part in seen.sides():
        for column in seen.columns:
            if column.role not in LOOKED_AT or column.name not in part.frame.columns:
                continue
            kinds = _kinds(part.frame[column.name])
            if not kinds:
                continue
            counts = Counter(kind for row in kinds.values() for kind in row)
            said = ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())
            known = ", ".join(f"{RECALL[kind]} % of {kind}" for kind in counts)
            hold = "holds" if len(kinds) == 1 else "hold"
            what = f"{rows_of(len(kinds))} of {column.name!r} {hold} what looks like personal data: {said}"
            effect = f"A model may remember it. A search by patterns; of made-up ones it finds {known}."
            names = tuple(", ".join(sorted(set(row))) for row in kinds.values())
            fix = "Write a copy with placeholders: --redact FILE."
            if side == "test":
                fix = "Audit this file alone, with --redact FILE, for a copy with placeholders."
            rows = numbered(part, kinds)
            yield Finding("personal", what, rows, "warn", fix, side, names, effect, "likely")


def redactions(frame: pl.DataFrame, column: str) -> Iterator[Change]:
    """Each cell of a column that holds personal data, with placeholders in its place; what it held is not repeated."""
    for row in _kinds(frame[column]):
        after = redacted(str(frame[column][row]))
        yield Change("personal", row, column, None, after)


def _kinds(values: pl.Series) -> dict[int, list[str]]:
    """The kinds of personal data by place, for each cell that holds some."""
    if values.dtype.is_integer():
        values = values.cast(pl.String)
        values = values.set(values.str.len_chars().fill_null(0) < LEAST, None)
    if values.dtype not in (pl.String, pl.Categorical, pl.Enum):
        return {}
    texts = values.cast(pl.String)
    likely = np.zeros(len(texts), np.bool_)
    for pattern in PATTERNS:
        likely |= texts.str.contains(pattern.hint).fill_null(value=False).to_numpy()
    places = np.flatnonzero(likely).tolist()
    found = {
        place: [pattern.kind for pattern, _, _ in found_in(text)]
        for place, text in zip(places, texts.gather(places).to_list(), strict=True)
    }
    return {place: kinds for place, kinds in found.items() if kinds}
