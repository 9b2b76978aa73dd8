"""One trial from what the folds of a rung that trains wrote down."""

from collections.abc import Sequence

import numpy as np

from rung.adapt import tuned_fusion
from rung.adapt.notes import noted_model
from rung.adapt.runs import agreed, counted, rated, searched
from rung.adapt.views import summary
from rung.core.contracts import Job, Note, Trial
from rung.core.types import Fold


def trial_of(
    job: Job, folds: Sequence[Fold], notes: Sequence[Note], took: Sequence[float], told: Sequence[str]
) -> Trial:
    """Predictions of the rows that these folds judged, and what was said, `told` first. took: seconds a training."""
    judged = np.sort(np.concatenate([fold.validation for fold in folds if fold.repeat == 0]))
    prediction = np.zeros((1 + folds[-1].repeat, len(judged), job.target.outputs), np.float32)
    for fold, note in zip(folds, notes, strict=True):
        prediction[fold.repeat, np.searchsorted(judged, fold.validation)] = note.arrays["prediction"]
    first, choices = notes[0], [note.facts["choice"] for note in notes]
    said = [*counted([line for note in notes for line in note.facts["notes"]], len(notes))]
    views, trees, spent = ([note.facts.get(what, 0) for note in notes] for what in ("views", "fusion", "trials"))
    said += [*searched(spent), *rated(choices, job.rate), *summary(views), *tuned_fusion.told(trees)]
    return Trial(
        prediction,
        agreed(choices),
        int(first.facts["trained"]),
        first.arrays["train_rows"],
        first.arrays["train_prediction"],
        (*told, *said),
        noted_model(first),
        again=sum(took) / len(took) if took and not any((*views, *trees)) else None,
    )
