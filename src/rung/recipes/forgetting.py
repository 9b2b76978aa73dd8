"""What training cost the backbone: the winner's features against the pretrained ones."""

import numpy as np

from rung.bundle.blend import Blended
from rung.core.contracts import Embedder, Job, Model
from rung.core.evidence import Verdict
from rung.core.types import Delta
from rung.evaluate.forgetting import forgetting, moved, probe
from rung.recipes.climb import Climbed, Step
from rung.recipes.ensemble import NAME as BLEND
from rung.recipes.ensemble import members_of

MOST_ROWS = 500  # of the user's: alikeness of neighbours needs no more


def measure_forgetting(job: Job, climbed: Climbed, embedder: Embedder | None) -> tuple[Verdict, ...]:
    """One verdict where the winner changed the backbone, none where it did not."""
    winner = climbed.step(climbed.winner)
    delta = _delta(winner.model)
    if delta is None or embedder is None:
        return ()
    changed = embedder.tuned(delta)
    items = next(iter(job.inputs.own.values()))
    some = np.random.default_rng(job.seed).permutation(len(items))[:MOST_ROWS]
    rows = [items[row] for row in np.sort(some)]
    general = probe().texts if embedder.card.modality == "text" else None
    both = None if general is None else (embedder(general), changed(general))
    found = moved((embedder(rows), changed(rows)), both, seed=job.seed)
    return (forgetting(found, measured_rung(climbed, winner)),)


def measured_rung(climbed: Climbed, winner: Step) -> str:
    """The rung whose change was measured."""
    if climbed.winner != BLEND:
        return climbed.winner
    moved_it = {name: w for name, w in members_of(winner).items() if _delta(climbed.step(name).model) is not None}
    return f"{max(moved_it, key=moved_it.__getitem__)} (in the blend)"


def _delta(model: Model | None) -> Delta | None:
    """What the model changed of the backbone; of a blend, what its weightiest such member did."""
    if isinstance(model, Blended):
        pairs = [(w, m.delta) for w, m in zip(model.weights, model.members, strict=True) if m.delta is not None]
        return max(pairs, key=lambda pair: pair[0])[1] if pairs else None
    return getattr(model, "delta", None)
