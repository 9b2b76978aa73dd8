"""Sounds unlike the others: another rate, telephone band, far shorter or longer, mostly silence, off their zero."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rung.audit.base import check, numbered
from rung.audit.offside import FEWEST
from rung.core.audited import Audited, Part
from rung.core.types import Finding, Role
from rung.data.looks import Heard
from rung.data.media import QUIET
from rung.data.watched import heard_of

TIMES = 4.0  # shorter or longer than the median
HIGH, CLIFF = -60.0, 30.0  # dB over, and at, 4 kHz: what a telephone's band leaves
HUSH = 0.9  # share of a sound that is silence
OFFSET = 0.05  # of full scale
COMMON = 0.25  # share of the sounds from which it is how the set is
MUCH = 0.01
SAYS = ("mixed_rates", "telephone_band", "short_sound", "long_sound", "mostly_silent", "offset_sound")


@check("sounds", "Sounds unlike the others", says=SAYS)
def sounds(seen: Audited) -> Iterator[Finding]:
    """Sounds that stand out from their own set; a set of short ones, or of telephone calls, is left alone."""
    for name in seen.names(Role.AUDIO):
        for side, part in seen.sides():
            if name in part.frame.columns:
                yield from _found(part, name, side)


def _found(part: Part, name: str, side: str) -> Iterator[Finding]:
    known = [(i, file, heard) for i, (file, heard) in enumerate(heard_of(part.frame[name])) if file and heard]
    if len(known) < FEWEST:
        return
    place = np.array([i for i, _, _ in known])
    for says, (marks, what) in _marks([heard for _, _, heard in known]).items():
        if not marks.any() or marks.mean() > COMMON:
            continue
        effect, fix = WORDS[says]
        rows = numbered(part, place[marks])
        names = tuple("/".join(Path(known[i][1].name).parts[-2:]) for i in np.flatnonzero(marks))
        some = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
        count = "1 sound" if len(rows) == 1 else f"{len(rows):,} sounds"
        verb = what
        if len(rows) > 1:
            verb = what.replace("is ", "are ", 1).replace("has ", "have ", 1).replace("its ", "their ")
        yield Finding(
            says,
            f"{count} {verb}: {some}",
            rows,
            "warn" if len(rows) >= MUCH * len(known) else "note",
            fix,
            "test" if side == "test" else "data",
            names,
            effect,
            "likely" if says == "telephone_band" else "certain",
        )


def _marks(heard: list[Heard]) -> dict[str, tuple[NDArray[np.bool_], str]]:
    """Which sounds are what, and how that is said of one; one that is silent from end to end is nothing beside."""
    seconds, peak, offset, quiet, high, cliff = (
        np.array([getattr(each, name) for each in heard], np.float64)
        for name in ("seconds", "peak", "offset", "quiet", "high", "cliff")
    )
    rate = np.array([each.rate for each in heard], np.int64)
    rates, counts = np.unique(rate, return_counts=True)
    usual = int(rates[counts.argmax()])
    filled, middle = peak >= QUIET, float(np.median(seconds))
    others = ", ".join(f"{int(each):,} Hz" for each in rates if each != usual)
    return {
        "mixed_rates": (rate != usual, f"is at {others} where the others are at {usual:,} Hz"),
        "telephone_band": (
            filled & (high < HIGH) & (cliff > CLIFF),
            f"has nothing over 4 kHz though sampled for more (mostly {usual:,} Hz)",
        ),
        "short_sound": (
            seconds * TIMES < middle,
            f"is over {TIMES:.0f} times shorter than the usual {middle:.2g} s",
        ),
        "long_sound": (seconds > TIMES * middle, f"is over {TIMES:.0f} times longer than the usual {middle:.2g} s"),
        "mostly_silent": (filled & (quiet > HUSH) & (np.median(quiet) < HUSH), "is silence for over 90 % of its time"),
        "offset_sound": (filled & (np.abs(offset) > OFFSET), "is off its zero line by over 5 % of full scale"),
    }


WORDS = {
    "mixed_rates": (
        "They are resampled; what a class is recorded with may tell it.",
        "Record alike, or look whether the rate goes with the label.",
    ),
    "telephone_band": (
        "They sound duller than the rest, whatever they say; a class recorded so is told by that.",
        "Find the originals, or bring all to 8 kHz.",
    ),
    "short_sound": ("They may be cut off before what counts.", "Listen to them; record again or delete them."),
    "long_sound": ("What counts may be a small part of them.", "Listen to them; cut them to what counts."),
    "mostly_silent": ("Little can be told from them.", "Listen to them; cut the silence, or record again."),
    "offset_sound": ("Their level is misread by whatever looks at loudness.", "Subtract their mean, as an editor can."),
}
