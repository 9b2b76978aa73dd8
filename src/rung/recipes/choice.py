"""Which backbone a fit takes when none is named, and what has to be said of the one that it takes."""

import re
from collections.abc import Sequence

from rung.backbones.catalog import catalog, here
from rung.core.contracts import Embedder, Rung
from rung.core.types import EMBEDDED, Column, Finding, Role

TABLE = "table"
NOT_COMMERCIAL = re.compile(r"(^|[^a-z])(nc|non-?commercial|research-only)([^a-z]|$)", re.IGNORECASE)


def modality_of(columns: Sequence[Column]) -> str:
    """text, image, audio or series: what a backbone will have to read; table where there is nothing for one."""
    return next((column.role.value for column in columns if column.role in EMBEDDED), TABLE)


def can_read(modality: str, data: str) -> bool:
    """Whether a backbone of one modality reads data of another: one for images or sounds gets a series as such.

    >>> can_read("image", "series"), can_read("series", "image")
    (True, False)
    """
    return modality == data or (data == Role.SERIES and modality in (Role.IMAGE, Role.AUDIO))


def default_backbone(modality: str) -> str | None:
    """The first of the catalog that reads `modality` and is on this machine; nothing is downloaded unasked."""
    known = [entry for entry in catalog() if entry.modality == modality]
    return next((entry.id for entry in known if here(entry) is not None), known[0].id if modality == "text" else None)


def said_of(embedder: Embedder | None, columns: Sequence[Column], chosen: Sequence[Rung]) -> tuple[Finding, ...]:
    """That rungs go without a backbone, or that its licence forbids what the user may have in mind."""
    if embedder is not None:
        licence = embedder.card.licence
        if not NOT_COMMERCIAL.search(licence):
            return ()
        what = (
            f"the licence of {embedder.card.id}, {licence}, forbids commercial use; so does that of what is made of it"
        )
        return (Finding("licence", what, (), "warn", "Choose another backbone, or keep to what it allows."),)
    waiting = [rung.name for rung in chosen if getattr(rung, "needs_backbone", False)]
    if not waiting:
        return ()
    modality = modality_of(columns)
    if modality == TABLE:
        return ()
    known = [entry.id for entry in catalog() if entry.modality == modality][:2]
    named = f"--backbone {' or '.join(known)}, or a local folder" if known else "a local folder, with --backbone"
    if modality == Role.SERIES:
        named = "a local folder with PatchTST, PatchTSMixer or TimesFM, or a backbone for images or sounds"
    what = f"no {modality} backbone is on this machine: only the rungs that need none are tried"
    return (Finding("no_backbone", what, (), "warn", f"Name one: {named}."),)
