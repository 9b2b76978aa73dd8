"""Which backbones read the columns of a fit: one a kind of column, the first the one that may be trained."""

from collections.abc import Sequence

from rung.core.contracts import Embedder, Embedders, Rung
from rung.core.errors import BadOption
from rung.core.processes import leads, several
from rung.core.types import EMBEDDED, Column, Role
from rung.predict.earlier import load_backbone
from rung.recipes.choice import default_backbone
from rung.recipes.options import FitOptions
from rung.recipes.together import agreed


def embedders_for(options: FitOptions, chosen: Sequence[Rung], columns: Sequence[Column]) -> Embedders:
    """The backbones that were named, then the defaults for kinds of columns that none of them reads; {} without.

    Kinds come in the order of their names, then text, image, audio. A kind without a backbone on this machine is left
    out: the rungs that need none still read it. Raises BadOption for a backbone that reads no column, or with which no
    rung that was asked for would do anything.
    """
    if several() and options.storage:
        fix = "Start one process a machine, or leave --storage out."
        raise BadOption("--storage", wanted="one process", got="several that train together", fix=fix)
    kinds = [role for role in EMBEDDED if any(column.role is role for column in columns)]
    _refuse(options, chosen, kinds)
    if not any(getattr(rung, "needs_backbone", False) for rung in chosen):
        return {}
    found: dict[Role, Embedder] = {}
    for name in options.backbone:
        embedder = _loaded(name, options)
        role = Role(embedder.card.modality)
        if role not in kinds:
            fix = "Name another one, or say what the columns are with --column NAME=ROLE."
            got, wanted = f"one for {role}", f"one for {' or '.join(kinds)}, as the data is"
            raise BadOption(f"--backbone {name}", wanted=wanted, got=got, fix=fix)
        if role in found:
            fix = "Ranking several comes later."
            raise BadOption("--backbone", wanted=f"one backbone for {role}", got="several", fix=fix)
        found[role] = embedder
    for role in kinds:
        if role not in found and (usual := default_backbone(role)) is not None:
            found[role] = _loaded(usual, options)
    return found


def _refuse(options: FitOptions, chosen: Sequence[Rung], kinds: Sequence[Role]) -> None:
    if not options.backbone:
        return
    what = f"--backbone {options.backbone[0]}"
    if not kinds:
        wanted = "a column of text, images or sounds for it to read"
        fix = "Leave --backbone out, or say which column is one with --column NAME=text."
        raise BadOption(what, wanted=wanted, got="numbers, categories, dates", fix=fix)
    if not any(getattr(rung, "needs_backbone", False) for rung in chosen):
        got = ", ".join(rung.name for rung in chosen)
        fix = "Leave --backbone out, or let the climb go higher."
        raise BadOption(what, wanted="a rung that uses one", got=got, fix=fix)


def _loaded(name: str, options: FitOptions) -> Embedder:
    first = load_backbone(name, device=options.device) if leads() else None
    precision = agreed(first.precision if first else "")  # measured once: all must compute alike
    return first or load_backbone(name, device=options.device, precision=precision)
