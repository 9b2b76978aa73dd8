"""From the candidates of one fit to the backbone that goes up the ladder: the only one, or the first of a ranking."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter

from rung.core.contracts import BackboneCard, Embedder, Embedders, Note, Notebook, Rung
from rung.core.errors import BadOption, NoBackbone
from rung.core.evidence import Ranking
from rung.core.processes import leads, several
from rung.core.types import Finding, Role, Tell
from rung.recipes.choice import default_backbone, kinds_of, loaded, on_this_machine, only, read_by
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
    """The backbones for the climb, none where the rungs need none, and the ranking that one leads, if there was one."""

    embedders: Embedders
    rankings: Mapping[Role, Ranking]

    @property
    def ranking(self) -> Ranking | None:
        """Of the first kind of column for which there were several backbones."""
        return next(iter(self.rankings.values()), None)

    def findings(self) -> tuple[Finding, ...]:
        """What to tell of the rankings."""
        return tuple(map(_told, self.rankings.values()))

    def keep(self, notebook: Notebook) -> None:
        """Write the rankings down."""
        for role, found in self.rankings.items():
            notebook.put(f"{PAGE} {role}", Note({}, {PAGE: asdict(found)}))


def pick(
    options: FitOptions,
    prepared: Prepared,
    chosen: Sequence[Rung],
    notebook: Notebook,
    around: tuple[Callable[[], float], Tell],
) -> Picked:
    """Load the one backbone of each kind of column that was named or is here; of several, the first of a ranking.

    The kinds of the backbones that were named come first, then text, image, audio; the first backbone is the one that
    may be trained. A kind without a backbone on this machine is left to the rungs that need none.
    around: seconds of the budget that are left, and who hears of progress. Raises BadOption, NoBackbone.
    """
    if several() and options.storage:
        fix = "Start one process a machine, or leave --storage out."
        raise BadOption("--storage", wanted="one process", got="several that train together", fix=fix)
    limits, kinds = Limits.of(options), kinds_of(prepared.columns)
    option = f"--backbone {options.backbone[0]}" if options.backbone else "limits of a backbone"
    if (options.backbone or limits) and not kinds:
        wanted = "a column of text, images, sounds or series for it to read"
        fix = "Leave it out, or say which column is one with --column NAME=text."
        raise BadOption(option, wanted=wanted, got="numbers, categories, dates", fix=fix)
    if not any(getattr(rung, "needs_backbone", False) for rung in chosen):
        if options.backbone or limits:
            fix = "Leave it out, or let the climb go higher."
            raise BadOption(option, wanted="a rung that uses one", got=", ".join(r.name for r in chosen), fix=fix)
        return Picked({}, {})
    embedders: dict[Role, Embedder] = {}
    rankings: dict[Role, Ranking] = {}
    given = _named(options, kinds)
    for role in (*given, *(role for role in kinds if role not in given)):
        names = given.get(role) or on_this_machine(role)
        if len(names) > 1:
            rankings[role] = _ranked(options, _for(prepared, role), names, (notebook, role), around)
            embedders[role] = loaded(rankings[role].chosen, options.device)
        elif (name := names[0] if names else default_backbone(role)) is not None:
            embedders[role] = _alone(name, options, prepared, role, limits)
    return Picked(embedders, rankings)


def embedders_here(options: FitOptions, prepared: Prepared) -> Embedders:
    """The backbones that were named, and for every other kind of column the default where it is on this machine.

    Of several for one kind the first. Raises BadOption and NoBackbone for one that was named and can't serve.
    """
    kinds = kinds_of(prepared.columns)
    given = _named(options, kinds)
    if options.backbone and not given:
        wanted, fix = "a column for it to read", "Leave it out, or say which column is one with --column NAME=text."
        raise BadOption(f"--backbone {options.backbone[0]}", wanted=wanted, got="a table alone", fix=fix)
    found: dict[Role, Embedder] = {}
    for role in kinds:
        if role in given:
            found[role] = _alone(given[role][0], options, prepared, role, Limits.of(options))
        elif names := on_this_machine(role):
            found[role] = loaded(names[0], options.device)
    return found


def _named(options: FitOptions, kinds: Sequence[Role]) -> dict[Role, tuple[str, ...]]:
    """The backbones that were named, by what they are to read."""
    names = tuple(dict.fromkeys(options.backbone))
    if len(kinds) == 1:
        return {kinds[0]: names} if names else {}
    found: dict[Role, tuple[str, ...]] = {}
    for name in names:
        card = loaded(name, options.device).card
        role = read_by(card, kinds)
        if role is None:
            raise _foreign(name, card, kinds)
        found[role] = (*found.get(role, ()), name)
    return found


def _alone(name: str, options: FitOptions, prepared: Prepared, role: Role, limits: Limits) -> Embedder:
    embedder = loaded(name, options.device)
    if read_by(embedder.card, [role]) is None:
        raise _foreign(name, embedder.card, [role])
    if limits and (why := agreed(admitted(name, embedder, _for(prepared, role), limits).why)):
        raise NoBackbone(f"backbone {name}", wanted="one within the limits", got=why, fix="Name others, or allow more.")
    return embedder


def _foreign(name: str, card: BackboneCard, kinds: Sequence[Role]) -> BadOption:
    fix = "Name another one, or say what the columns are with --column NAME=ROLE."
    wanted = f"one for {' or '.join(kinds)}, as the data is"
    return BadOption(f"--backbone {name}", wanted=wanted, got=f"one for {card.modality}", fix=fix)


def _for(prepared: Prepared, role: Role) -> Prepared:
    return replace(prepared, columns=only(prepared.columns, role))


def _told(found: Ranking) -> Finding:
    left_out = [f"{each.id}: {each.why.rstrip('.')}." for each in found.backbones if each.status != "ranked"]
    what = f"{len(found.backbones)} backbones were compared on {found.rows:,} rows that train. {found.why}"
    return Finding("backbones", what, (), "note", " ".join(left_out))


def _ranked(
    options: FitOptions,
    prepared: Prepared,
    names: Sequence[str],
    where: tuple[Notebook, Role],
    around: tuple[Callable[[], float], Tell],
) -> Ranking:
    (left, tell), (notebook, role) = around, where
    page = notebook.get(f"{PAGE} {role}")
    found = None if page is None else _RANKING.validate_python(page.facts[PAGE])
    if found is None and leads():
        ends = left() * (1 - SHARE)
        found = ranking(prepared, options, names, left=lambda: left() - ends, tell=tell)
    best: Ranking = taken(agreed(found))  # type: ignore[arg-type]  # the process that leads has one, and tells the others
    return best
