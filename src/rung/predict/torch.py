"""A bundle and new rows give probabilities, the same in any process."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from rung.bundle.blend import Blended, fitted
from rung.bundle.manifest import Manifest
from rung.bundle.model import FittedModel
from rung.bundle.temperature import apply_temperature
from rung.bundle.verify import read_manifest, read_parts
from rung.core.contracts import Embedder
from rung.core.errors import BundleError
from rung.core.types import Floats, Tell, silent
from rung.data.inputs import make_inputs
from rung.predict.earlier import load_backbone


@dataclass(frozen=True)
class Predictor:
    """A loaded bundle; `embedder` is None where the winner needs no backbone."""

    manifest: Manifest
    model: FittedModel | Blended
    embedder: Embedder | None = field(repr=False)

    def __call__(self, frame: pl.DataFrame, *, tell: Tell = silent) -> Floats:
        """Predict every row of `frame`, in its order.

        Returns (N, C) calibrated probabilities, or (N, 1) values for regression.
        Raises NoSuchColumn for a column that the model needs and `frame` has not.
        """
        embedder = self.embedder
        embed = None if embedder is None else lambda texts: embedder(texts, tell=tell)
        tune = None if embedder is None else lambda delta, texts: embedder.tuned(delta)(texts, tell=tell)
        raw = self.model.predict(make_inputs(frame, self.manifest.columns, embed, tune=tune))
        return apply_temperature(raw, self.manifest.temperature, self.manifest.task)


def load(folder: Path) -> Predictor:
    """Load the bundle in `folder`, every hash checked.

    Raises BundleError when a file or the backbone differs from what was written, NoBackbone when it can't be had.
    """
    manifest = read_manifest(folder)
    model = fitted(read_parts(folder, manifest))
    return Predictor(manifest, model, _backbone(folder, manifest))


def _backbone(folder: Path, manifest: Manifest) -> Embedder | None:
    wanted = manifest.backbone
    if wanted is None:
        return None
    embedder = load_backbone(wanted.id, precision=wanted.precision)
    if embedder.fingerprint != wanted.fingerprint:
        raise BundleError(
            f"backbone {wanted.id} of bundle {folder}",
            wanted=f"fingerprint {wanted.fingerprint[:12]}…",
            got=f"{embedder.fingerprint[:12]}…",
            fix="The weights or tokenizer changed since training: restore them, or fit again.",
        )
    return embedder
