"""A backbone by its id, an earlier run's among them: what that run made of its own backbone, for others to build on."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rung.bundle.blend import fitted
from rung.bundle.model import FittedModel
from rung.bundle.verify import read_manifest, read_parts
from rung.core.errors import BundleError, NoBackbone

if TYPE_CHECKING:
    from rung.backbones.embedder import BackboneEmbedder
    from rung.backbones.pair import Pair

RUN, BETWEEN = "run:", " + "  # before an earlier run's folder; between the ids of two backbones side by side


def load_backbone(
    id: str | None = None,  # noqa: A002  # the word of every card and command
    *,
    precision: str = "auto",
    device: str = "auto",
) -> "BackboneEmbedder | Pair":
    """Load a backbone: run:FOLDER for that of an earlier run, "A + B" for two, else as rung.backbones.load.

    A run whose winner left its backbone as it was gives that backbone. Raises NoBackbone for one without, or whose
    winner put learnt tokens before each text; BundleError for a damaged run.
    """
    from rung.backbones.load import load  # noqa: PLC0415  # torch: a bundle without backbone starts fast

    if id is not None and BETWEEN in str(id) and not Path(str(id)).exists():
        from rung.backbones.pair import Pair  # noqa: PLC0415  # see above

        names, each = str(id).split(BETWEEN, 1), precision.split(BETWEEN)
        pair = [load_backbone(name, precision=p, device=device) for name, p in zip(names, 2 * each, strict=False)]
        return Pair(*pair)
    if id is None or not str(id).startswith(RUN):
        return load(id, precision=precision, device=device)
    folder = Path(str(id).removeprefix(RUN)).expanduser().resolve()
    manifest = read_manifest(folder / "model")
    if manifest.backbone is None:
        raise NoBackbone(f"backbone {id}", wanted="a run whose winner has a backbone", got=f"{manifest.strategy}")
    base = load_backbone(manifest.backbone.id, precision=precision, device=device)
    if base.fingerprint != manifest.backbone.fingerprint:
        raise BundleError(
            f"backbone {manifest.backbone.id} of run {folder}",
            wanted=f"fingerprint {manifest.backbone.fingerprint[:12]}…",
            got=f"{base.fingerprint[:12]}…",
            fix="The weights or their preprocessing changed since training: restore them.",
        )
    model = fitted(read_parts(folder / "model", manifest))
    delta = model.delta if isinstance(model, FittedModel) else None
    if delta is None:
        return base
    config = json.loads(delta.files.get("adapter_config.json", b"{}"))
    if config.get("num_virtual_tokens"):
        got = f"{manifest.strategy}, whose tokens stand before each text"
        raise NoBackbone(f"backbone {id}", wanted="a run that changed the backbone itself", got=got)
    if not hasattr(base, "named"):
        raise NoBackbone(f"backbone {id}", wanted="a run that changed one backbone", got=base.card.id)
    return base.named(f"{RUN}{folder}", delta)
