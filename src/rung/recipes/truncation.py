"""Which texts the backbone will not read to the end."""

from rung.core.audited import Part
from rung.core.contracts import Embedder
from rung.core.types import Finding, Role
from rung.recipes.prepare import Prepared

COMMON = 0.05  # share of cut texts from which it is more than a note


def truncated(prepared: Prepared, embedder: Embedder) -> tuple[Finding, ...]:
    """One finding a text column that holds rows over the backbone's limit, training side only."""
    found = []
    for column in prepared.columns:
        if column.role is Role.TEXT:
            found.extend(_column(prepared.pool, column.name, embedder))
    return tuple(found)


def _column(part: Part, name: str, embedder: Embedder) -> list[Finding]:
    texts = part.frame[name].cast(str).fill_null("").to_list()
    cut = embedder.truncated(texts)
    if not len(cut):
        return []
    share = len(cut) / len(texts)
    what = f"{len(cut)} texts of {name!r} ({share:.1%}) are longer than the {embedder.card.limit} tokens read"
    rows = tuple(int(part.row[i]) for i in cut)
    fix = "Shorten them, or choose a backbone with a longer limit."
    return [Finding("truncation", what, rows, "warn" if share > COMMON else "note", fix)]
