"""Texts that carry what is no text: tags and entities of HTML, phrases that many rows share."""

from collections.abc import Iterator
from typing import Literal

import polars as pl

from rung.audit.base import check, numbered, rows_of
from rung.core.audited import Audited
from rung.core.types import Finding, Role
from rung.data.words import as_texts

TAG = r"</?(?:a|b|br|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|span|strong|table|tbody|td|th|tr|u|ul)(?:\s[^<>]*)?/?>"
ENTITY = r"&(?:amp|lt|gt|quot|nbsp|apos|#\d{2,5}|#x[0-9a-fA-F]{2,4});"
COMMON = 0.05  # share of rows from which markup is more than a note
LONG = 30  # characters of a phrase at the start or the end of a text
SHARED, FEWEST = 0.05, 10  # of the rows share it, and this many at the least


@check("markup", "HTML and shared phrases", says=("html", "boilerplate"))
def markup(seen: Audited) -> Iterator[Finding]:
    """Rows with tags or entities; rows that begin, end or hold a line alike, though they differ elsewhere."""
    for side, part in seen.sides():
        for name in seen.names(Role.TEXT):
            texts = pl.Series(as_texts(part.frame[name]), dtype=pl.String)
            tagged = texts.str.contains(f"(?i){TAG}|{ENTITY}").arg_true()
            if len(tagged):
                what = (
                    f"{rows_of(len(tagged))} of {name!r} ({len(tagged) / len(texts):.1%}) hold tags or entities of HTML"
                )
                effect = "They use up tokens that the backbone reads, and tell classes by their source."
                severity: Literal["warn", "note"] = "warn" if len(tagged) > COMMON * len(texts) else "note"
                fix = "Turn them into plain text."
                yield Finding("html", what, numbered(part, tagged), severity, fix, side, effect=effect)
            yield from (
                Finding(
                    "boilerplate",
                    f"{rows_of(len(places))} of {name!r} ({len(places) / len(texts):.1%}) share the words {phrase!r}",
                    numbered(part, places),
                    "note",
                    "Cut what all rows say.",
                    side,
                    effect="It uses up tokens that the backbone reads.",
                )
                for phrase, places in _phrases(texts)
            )


def _phrases(texts: pl.Series) -> Iterator[tuple[str, list[int]]]:
    """The most frequent opening, closing and line of texts that are not equal, where enough share it."""
    frame = pl.DataFrame({"place": range(len(texts)), "text": texts}).filter(pl.col("text").str.len_chars() > 2 * LONG)
    if frame.height < FEWEST:
        return
    least = max(FEWEST, SHARED * len(texts))
    lines = frame.with_columns(piece=pl.col("text").str.split("\n")).explode("piece")
    told: set[int] = set()
    for pieces in (
        frame.with_columns(piece=pl.col("text").str.head(LONG)),
        frame.with_columns(piece=pl.col("text").str.tail(LONG)),
        lines.with_columns(pl.col("piece").str.strip_chars()).filter(pl.col("piece").str.len_chars() >= LONG),
    ):
        counts = pieces.group_by("piece").agg(pl.col("place").unique(), pl.col("text").n_unique().alias("differ"))
        common = counts.filter(
            (pl.col("place").list.len() >= least) & (pl.col("differ") > pl.col("place").list.len() / 2)
        )
        for phrase, places in common.sort("piece").select("piece", "place").iter_rows():
            if not told >= set(places):
                told |= set(places)
                yield phrase[: 2 * LONG].strip(), sorted(places)
