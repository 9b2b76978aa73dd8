"""A bundle and new rows give probabilities, the same in any process."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from rung.bundle.blend import Blended, fitted
from rung.bundle.manifest import BackboneReference, Manifest
from rung.bundle.model import FittedModel
from rung.bundle.temperature import apply_temperature
from rung.bundle.verify import read_manifest, read_parts
from rung.core.contracts import Embedder, Embedders
from rung.core.errors import BundleError
from rung.core.types import Floats, Role, Tell, silent
from rung.data.inputs import make_inputs, readers_of
from rung.predict.earlier import load_backbone


@dataclass(frozen=True)
class Predictor:
    """A loaded bundle; `embedders` holds the backbones that the winner needs, by what they read."""

    manifest: Manifest
    model: FittedModel | Blended
    embedders: Embedders = field(repr=False)

    @property
    def embedder(self) -> Embedder | None:
        """The first of the backbones; None where the winner needs none."""
        return next(iter(self.embedders.values()), None)

    def __call__(self, frame: pl.DataFrame, *, tell: Tell = silent) -> Floats:
        """Predict every row of `frame`, in its order.

        Returns (N, C) calibrated probabilities, or (N, 1) values for regression.
        Raises NoSuchColumn for a column that the model needs and `frame` has not.
        """
        raw = self.model.predict(make_inputs(frame, self.manifest.columns, readers_of(self.embedders, tell)))
        return apply_temperature(raw, self.manifest.temperature, self.manifest.task)


def load(folder: Path, *, device: str = "auto") -> Predictor:
    """Load the bundle in `folder`, every hash checked; device: auto, cpu or cuda, where its backbones compute.

    Raises BundleError when a file or a backbone differs from what was written, NoBackbone when it can't be had.
    """
    manifest = read_manifest(folder)
    model = fitted(read_parts(folder, manifest))
    wanted = [each for each in (manifest.backbone, *manifest.beside) if each is not None]
    loaded = [(each, _backbone(folder, each, device)) for each in wanted]
    embedders = {Role(known.reads or embedder.card.modality): embedder for known, embedder in loaded}
    return Predictor(manifest, model, embedders)


def _backbone(folder: Path, wanted: BackboneReference, device: str) -> Embedder:
    embedder = load_backbone(wanted.id, precision=wanted.precision, device=device)
    if embedder.fingerprint != wanted.fingerprint:
        raise BundleError(
            f"backbone {wanted.id} of bundle {folder}",
            wanted=f"fingerprint {wanted.fingerprint[:12]}…",
            got=f"{embedder.fingerprint[:12]}…",
            fix="The weights or tokenizer changed since training: restore them, or fit again.",
        )
    return embedder
