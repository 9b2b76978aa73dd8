"""float32 or bfloat16: measured on the backbone itself, once a machine."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import numpy as np
import torch

from rung.core.contracts import Prepared
from rung.core.errors import BadOption
from rung.core.types import Floats

log = logging.getLogger(__name__)
PRECISIONS = ("float32", "bfloat16")
VARIABLE = "RUNG_PRECISION"
FASTER = 1.1  # bfloat16 has to save a tenth of the time
ALIKE = 0.999  # and keep every probe's direction

PROBES = (
    "I still have not received my new card, although I ordered it more than a week ago.",
    "The plot is thin, but two wonderful performances make up for most of it.",
    "Why was I charged twice for the same purchase?",
    "Return the indices of the maximum values along an axis of the array.",
    "The patient reports mild headache since Tuesday; no fever, no nausea.",
    "Call me back when you have a minute, please.",
    "Shipping to the islands takes three to five working days and costs 12.50 euros.",
    "What is the capital of the country that won the tournament in 1998?",
)


class Switchable(Protocol):
    """A backbone that can compute in either precision."""

    precision: str

    def prepare(self, texts: list[str]) -> Prepared:
        """Tokenise."""

    def embed(self, prepared: Prepared) -> Floats:
        """One forward pass."""


@dataclass(frozen=True)
class Measured:
    """What the probes showed: seconds a pass in each precision, and the lowest cosine between the two."""

    float32: float
    bfloat16: float
    cosine: float

    @property
    def choice(self) -> str:
        """bfloat16 only when it is clearly faster and means the same."""
        return "bfloat16" if self.float32 > FASTER * self.bfloat16 and self.cosine >= ALIKE else "float32"


def pinned(precision: str) -> str | None:
    """Return the precision that the caller or RUNG_PRECISION names, or None where it is to be measured.

    Raises BadOption for any other word.

    >>> pinned("float32")
    'float32'
    """
    said = precision if precision != "auto" else os.environ.get(VARIABLE, "auto")
    if said not in (*PRECISIONS, "auto"):
        where = "precision" if precision != "auto" else VARIABLE
        raise BadOption(where, wanted=f"auto, {' or '.join(PRECISIONS)}", got=said)
    return None if said == "auto" else said


def measure(
    backbone: Switchable, *, clock: Callable[[], float] = perf_counter, rounds: int = 3, copies: int = 2
) -> Measured:
    """Pass `copies` of the packaged probe texts through `backbone` in both precisions: a fraction of a second.

    The best of `rounds` alternating passes counts, so that a busy moment of the machine does not decide.
    The backbone is left in the precision it came with.
    """
    before = backbone.precision
    prepared = backbone.prepare(list(PROBES) * copies)
    vectors: dict[str, Floats] = {}
    seconds = dict.fromkeys(PRECISIONS, float("inf"))
    try:
        for turn in range(rounds + 1):
            for precision in PRECISIONS:
                backbone.precision = precision
                begun = clock()
                vectors[precision] = backbone.embed(prepared)
                if turn:  # the first pass loads and warms up
                    seconds[precision] = min(seconds[precision], clock() - begun)
    finally:
        backbone.precision = before
    found = Measured(seconds["float32"], seconds["bfloat16"], _lowest_cosine(*vectors.values()))
    log.debug("precision probe: %s -> %s", found, found.choice)
    return found


def emulated(*, clock: Callable[[], float] = perf_counter) -> bool:
    """Whether this CPU has no units for bfloat16, so that one product of a block's shape is slower than in float32.

    Hundredths of a second, where passing the probes through emulated bfloat16 would take several seconds.
    """
    seconds = dict.fromkeys(PRECISIONS, float("inf"))
    x, weight = torch.ones(128, 384), torch.ones(1536, 384)
    for turn in range(4):
        for precision in PRECISIONS:
            kind = getattr(torch, precision)
            a, b = x.to(kind), weight.to(kind)
            begun = clock()
            torch.nn.functional.linear(a, b)
            taken = clock() - begun
            if turn:  # the first loads the kernel
                seconds[precision] = min(seconds[precision], taken)
    return seconds["bfloat16"] > seconds["float32"]


def _lowest_cosine(one_ND: Floats, other_ND: Floats) -> float:
    norms_N = np.linalg.norm(one_ND, axis=1) * np.linalg.norm(other_ND, axis=1)
    cosine = float(((one_ND * other_ND).sum(1) / np.maximum(norms_N, 1e-30)).min())
    return cosine if np.isfinite(cosine) else -1.0
