"""Which backbones a verb may take, how one is loaded, and what has to be said of it."""

import re
from collections.abc import Sequence

from rung.backbones.catalog import catalog, here
from rung.core.contracts import Embedder, Rung
from rung.core.errors import BadOption
from rung.core.processes import leads
from rung.core.types import EMBEDDED, Column, Finding, Task
from rung.metrics.base import Metric
from rung.metrics.table import default, named
from rung.predict.earlier import load_backbone
from rung.recipes.together import agreed

TABLE = "table"
NOT_COMMERCIAL = re.compile(r"(^|[^a-z])(nc|non-?commercial|research-only)([^a-z]|$)", re.IGNORECASE)


def modality_of(columns: Sequence[Column]) -> str:
    """text, image or audio: what a backbone will have to read; table where there is nothing for one."""
    return next((column.role.value for column in columns if column.role in EMBEDDED), TABLE)


def default_backbone(modality: str) -> str | None:
    """The first of the catalog that reads `modality` and is on this machine; nothing is downloaded unasked."""
    known = [entry for entry in catalog() if entry.modality == modality]
    return next((entry.id for entry in known if here(entry) is not None), known[0].id if modality == "text" else None)


def on_this_machine(modality: str) -> tuple[str, ...]:
    """Every backbone of the catalog that reads `modality` and is here, weights and all, in the catalog's order."""
    known = {entry.id: here(entry) for entry in catalog() if entry.modality == modality}
    return tuple(name for name, folder in known.items() if folder is not None and any(folder.glob("*.safetensors")))


def loaded(name: str, device: str, *, alone: bool = False) -> Embedder:
    """The backbone by that name; processes that train together compute alike. Raises NoBackbone, BadOption.

    alone: only this process asks.
    """
    if alone:
        return load_backbone(name, device=device)
    first = load_backbone(name, device=device) if leads() else None
    precision = agreed(first.precision if first else "")  # measured once
    return first or load_backbone(name, device=device, precision=precision)


def deciding(name: str | None, task: Task) -> Metric:
    """Metric that decides; raises NoSuchName, and BadOption for one that does not fit or can't tell models apart."""
    if name == "ece":
        fix = "Calibration is measured and mended in every fit; decide by log_loss to weigh it too."
        raise BadOption("--metric", wanted="a score that tells rungs apart", got="ece, where guessing wins", fix=fix)
    return named(name, task) if name else default(task)


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
    what = f"no {modality} backbone is on this machine: only the rungs that need none are tried"
    return (Finding("no_backbone", what, (), "warn", f"Name one: --backbone {' or '.join(known)}, or a local folder."),)
