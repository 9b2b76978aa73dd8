"""Hypothesis strategies for what metrics meet: few rows, ties, missing classes, zero weights, unknown labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from rung.core.types import Floats

RESAMPLES = 3


@dataclass(frozen=True)
class Case:
    """A target, what was predicted for it, and how often a bootstrap draws each row.

    target: (N,) classes, (N, L) uint8 labels or (N,) values. prediction: (N, C) float32. counts: (B, N) whole numbers,
    at least one row drawn in each resample.
    """

    target: NDArray[Any]
    prediction: Floats
    counts: NDArray[np.float64]

    @property
    def probability(self) -> Floats:
        """The prediction, by its name in classification."""
        return self.prediction

    @property
    def classes(self) -> int:
        """Columns of the prediction."""
        return int(self.prediction.shape[1])

    def repeated(self, b: int) -> NDArray[np.int64]:
        """Row indices of resample b, each row as often as it was drawn."""
        return np.repeat(np.arange(len(self.target)), self.counts[b].astype(np.int64))


@st.composite
def weights(draw: st.DrawFn, rows: int) -> NDArray[np.float64]:
    """Counts (B, N) from 0 to 3, no resample empty."""
    weight_BN = draw(hnp.arrays(np.int64, (RESAMPLES, rows), elements=st.integers(0, 3)))
    weight_BN[weight_BN.sum(axis=1) == 0, 0] = 1
    return weight_BN.astype(np.float64)


@st.composite
def targets_and_probabilities(
    draw: st.DrawFn, classes: int | None = None, *, unknown: bool = False, least_rows: int = 1
) -> Case:
    """Classes and probabilities that sum to 1; coarse numbers, so that ties and exact zeros come up.

    classes: fixed, or 2 to 5. unknown: some labels may be -1.
    """
    columns = classes or draw(st.integers(2, 5))
    rows = draw(st.integers(least_rows, 12))
    mass_NC = draw(hnp.arrays(np.int64, (rows, columns), elements=st.integers(0, 6)))
    mass_NC[mass_NC.sum(axis=1) == 0] = 1
    target_N = draw(hnp.arrays(np.int64, rows, elements=st.integers(-1 if unknown else 0, columns - 1)))
    probability_NC = (mass_NC / mass_NC.sum(axis=1, keepdims=True)).astype(np.float32)
    return Case(target_N, probability_NC, draw(weights(rows)))


@st.composite
def labels_and_probabilities(draw: st.DrawFn) -> Case:
    """Multilabel: (N, L) labels and independent probabilities in tenths."""
    shape = (draw(st.integers(1, 10)), draw(st.integers(2, 5)))
    target_NL = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 1)))
    tenth_NL = draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 10)))
    return Case(target_NL, (tenth_NL / 10).astype(np.float32), draw(weights(shape[0])))


@st.composite
def targets_and_values(draw: st.DrawFn, *, least_rows: int = 1) -> Case:
    """Regression: halves between -5 and 5 on both sides, so that ties come up."""
    rows = draw(st.integers(least_rows, 12))
    halves = hnp.arrays(np.int64, rows, elements=st.integers(-10, 10))
    value_N1 = (draw(halves) / 2).astype(np.float32)[:, None]
    return Case(draw(halves) / 2, value_N1, draw(weights(rows)))
