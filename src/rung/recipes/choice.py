"""Which rungs and backbones a verb may take, how one is loaded, and what has to be said of it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from rung.adapt.ladder import rungs
from rung.backbones.catalog import catalog, here
from rung.core.contracts import BackboneCard, Embedder, Embedders, Rung
from rung.core.errors import BadOption, NoSuchName
from rung.core.processes import leads
from rung.core.types import EMBEDDED, MEDIA, Column, Finding, Role, Task
from rung.metrics.base import Metric
from rung.metrics.table import default, named
from rung.predict.earlier import load_backbone
from rung.recipes.options import FitOptions
from rung.recipes.together import agreed

NOT_COMMERCIAL = re.compile(r"(^|[^a-z])(nc|non-?commercial|research-only)([^a-z]|$)", re.IGNORECASE)


def default_backbone(modality: str) -> str | None:
    """The first of the catalog that reads `modality` and is on this machine; nothing is downloaded unasked."""
    known = [entry for entry in catalog() if entry.modality == modality]
    return next((entry.id for entry in known if here(entry) is not None), known[0].id if modality == "text" else None)


def kinds_of(columns: Sequence[Column]) -> tuple[Role, ...]:
    """What backbones will have to read: text, image, audio, series, in this order; nothing in a table alone."""
    return tuple(role for role in EMBEDDED if any(column.role is role for column in columns))


def read_by(card: BackboneCard, kinds: Sequence[Role]) -> Role | None:
    """Which of these kinds of columns the backbone reads; None where it reads none."""
    shown = Role.SERIES in kinds and card.modality in (Role.IMAGE, Role.AUDIO)  # a series as a picture, or as a sound
    return next((role for role in kinds if role == card.modality), Role.SERIES if shown else None)


def rungs_of(options: FitOptions) -> tuple[Rung, ...]:
    """The rungs that the options allow; raises NoSuchName, or BadOption where all that are named lie above the last."""
    every = rungs()
    known = [rung.name for rung in every]
    for name in (*options.rungs, *([options.max_rung] if options.max_rung else ())):
        if name not in known:
            raise NoSuchName("rung", name, among=known)
    allowed = known[: known.index(options.max_rung) + 1] if options.max_rung else known
    wanted = [name for name in allowed if not options.rungs or name in options.rungs or name == "prior"]
    if options.rungs and not set(options.rungs) & set(allowed):
        raise BadOption("--rungs", wanted=f"one up to {options.max_rung}", got=", ".join(options.rungs))
    named = {*options.rungs, options.max_rung}
    return tuple(
        rung for rung in every if rung.name in wanted and (rung.name in named or not getattr(rung, "only_asked", False))
    )


def for_columns(chosen: Sequence[Rung], columns: Sequence[Column], asked: Collection[str]) -> tuple[Rung, ...]:
    """The rungs for these columns: where no backbone reads any, those that need none or were named all the same."""
    some = bool(kinds_of(columns))
    return tuple(rung for rung in chosen if some or rung.name in asked or not getattr(rung, "needs_backbone", False))


def only(columns: Sequence[Column], role: Role) -> tuple[Column, ...]:
    """The columns, those that backbones for other roles would read left out."""
    others = [column.role in EMBEDDED and column.role is not role for column in columns]
    return tuple(
        replace(column, role=Role.IGNORE) if other else column for column, other in zip(columns, others, strict=True)
    )


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
    for role in kinds_of(columns):
        if role not in embedders:
            known = [entry.id for entry in catalog() if entry.modality == role][:2]
            named = (
                f"--backbone {' or '.join(known)}, or a local folder" if known else "a local folder, with --backbone"
            )
            if role is Role.SERIES:
                named = "a local folder with PatchTST, PatchTSMixer or TimesFM, or a backbone for images or sounds"
            left = "only the rungs that need none are tried"
            if embedders:  # frozen takes handmade features beside what other backbones read
                left = "handmade features alone read these columns"
                left = left if role in MEDIA else "only the rungs that need none read these columns"
            what = f"no {role} backbone is on this machine: {left}"
            found.append(Finding("no_backbone", what, (), "warn", f"Name one: {named}."))
    return tuple(found)
