"""Which backbone a fit takes when none is named, and what has to be said of the one that it takes."""

import re
from collections.abc import Sequence

from rung.backbones.catalog import catalog, here
from rung.core.contracts import Embedders, Rung
from rung.core.types import EMBEDDED, Column, Finding

NOT_COMMERCIAL = re.compile(r"(^|[^a-z])(nc|non-?commercial|research-only)([^a-z]|$)", re.IGNORECASE)


def default_backbone(modality: str) -> str | None:
    """The first of the catalog that reads `modality` and is on this machine; nothing is downloaded unasked."""
    known = [entry for entry in catalog() if entry.modality == modality]
    return next((entry.id for entry in known if here(entry) is not None), known[0].id if modality == "text" else None)


def said_of(embedders: Embedders, columns: Sequence[Column], chosen: Sequence[Rung]) -> tuple[Finding, ...]:
    """That rungs go without a backbone, or that its licence forbids what the user may have in mind."""
    found = []
    for embedder in embedders.values():
        licence = embedder.card.licence
        if NOT_COMMERCIAL.search(licence):
            whose = f"the licence of {embedder.card.id}, {licence}"
            what = f"{whose}, forbids commercial use; so does that of what is made of it"
            fix = "Choose another backbone, or keep to what it allows."
            found.append(Finding("licence", what, (), "warn", fix))
    if not any(getattr(rung, "needs_backbone", False) for rung in chosen):
        return tuple(found)
    for role in EMBEDDED:
        if role not in embedders and any(column.role is role for column in columns):
            known = [entry.id for entry in catalog() if entry.modality == role][:2]
            what = f"no {role} backbone is on this machine: only the rungs that need none "
            what += f"read {'these columns' if embedders else 'the data'}"
            fix = f"Name one: --backbone {' or '.join(known)}, or a local folder."
            found.append(Finding("no_backbone", what, (), "warn", fix))
    return tuple(found)
