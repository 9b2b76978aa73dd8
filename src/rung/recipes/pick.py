"""From the candidates of one fit to the backbone that goes up the ladder: the only one, or the first of a ranking."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from rung.core.contracts import Embedder, Note, Notebook, Rung
from rung.core.errors import BadOption, NoBackbone
from rung.core.evidence import Ranking
from rung.core.processes import leads, several
from rung.core.types import Finding, Tell
from rung.recipes.choice import TABLE, default_backbone, loaded, modality_of, on_this_machine
from rung.recipes.limits import Limits
from rung.recipes.options import FitOptions
from rung.recipes.prepare import Prepared
from rung.recipes.rank import admitted, ranking, taken
from rung.recipes.together import agreed

SHARE = 0.5  # of the budget that is left, which a ranking may take
PAGE = "ranking"  # of the notebook, so that a resumed fit climbs with the same backbone
_RANKING = TypeAdapter(Ranking)


@dataclass(frozen=True)
class Picked:
    """The backbone for the climb, None where the rungs need none, and the ranking that it leads, if there was one."""

    embedder: Embedder | None
    ranking: Ranking | None = None

    def findings(self) -> tuple[Finding, ...]:
        """What to tell of the ranking."""
        found = self.ranking
        if found is None:
            return ()
        left_out = [f"{each.id}: {each.why.rstrip('.')}." for each in found.backbones if each.status != "ranked"]
        what = f"{len(found.backbones)} backbones were compared on {found.rows:,} rows that train. {found.why}"
        return (Finding("backbones", what, (), "note", " ".join(left_out)),)

    def keep(self, notebook: Notebook) -> None:
        """Write the ranking down."""
        if self.ranking is not None:
            notebook.put(PAGE, Note({}, {PAGE: asdict(self.ranking)}))


def pick(
    options: FitOptions,
    prepared: Prepared,
    chosen: Sequence[Rung],
    notebook: Notebook,
    around: tuple[Callable[[], float], Tell],
) -> Picked:
    """Load the one backbone that was named or is here; of several, the first of a ranking on the pool's rows.

    around: seconds of the budget that are left, and who hears of progress. Raises BadOption, NoBackbone.
    """
    if several() and options.storage:
        fix = "Start one process a machine, or leave --storage out."
        raise BadOption("--storage", wanted="one process", got="several that train together", fix=fix)
    limits = Limits.of(options)
    if not any(getattr(rung, "needs_backbone", False) for rung in chosen):
        if options.backbone or limits:
            option = f"--backbone {options.backbone[0]}" if options.backbone else "limits of a backbone"
            fix = "Leave it out, or let the climb go higher."
            raise BadOption(option, wanted="a rung that uses one", got=", ".join(r.name for r in chosen), fix=fix)
        return Picked(None)
    modality = modality_of(prepared.columns)
    names = tuple(dict.fromkeys(options.backbone)) or on_this_machine(modality)
    if len(names) > 1:
        return _ranked(options, prepared, names, notebook, around)
    name = names[0] if names else default_backbone(modality)
    if name is None or modality == TABLE:
        return Picked(None)
    embedder = loaded(name, options.device)
    if embedder.card.modality != modality:
        fix = "Name another one, or say what the columns are with --column NAME=ROLE."
        got = f"one for {embedder.card.modality}"
        raise BadOption(f"--backbone {name}", wanted=f"one for {modality}, as the data is", got=got, fix=fix)
    if limits and (why := agreed(admitted(name, embedder, prepared, limits).why)):
        raise NoBackbone(f"backbone {name}", wanted="one within the limits", got=why, fix="Name others, or allow more.")
    return Picked(embedder)


def _ranked(
    options: FitOptions,
    prepared: Prepared,
    names: Sequence[str],
    notebook: Notebook,
    around: tuple[Callable[[], float], Tell],
) -> Picked:
    left, tell = around
    page = notebook.get(PAGE)
    found = None if page is None else _RANKING.validate_python(page.facts[PAGE])
    if found is None and leads():
        ends = left() * (1 - SHARE)
        found = ranking(prepared, options, names, left=lambda: left() - ends, tell=tell)
    best: Ranking = taken(agreed(found))  # type: ignore[arg-type]  # the process that leads has one, and tells the others
    return Picked(loaded(best.chosen, options.device), best)
