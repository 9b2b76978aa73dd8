"""Images that show nothing, or far less than the others: blank, blurry, dark, washed out, tiny, of an odd shape."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rung.audit.base import check, numbered
from rung.audit.offside import FEWEST, below
from rung.core.audited import Audited, Part
from rung.core.types import Finding, Role
from rung.data.looks import Look
from rung.data.media import File
from rung.data.watched import looks_of

BLANK = 3  # levels of 255 between the darkest and the lightest pixel: what compression makes of one colour
NIGHT, GLARE = 50, 215  # levels that 95 % of the pixels lie under, or over
APART = 30  # levels by which the mean is off the usual one, too
SMALL, SMALLER = 112, 3  # pixels of the shorter side: half of what most backbones see; times smaller than the others'
LONG, LONGER = 3.0, 2.0  # sides of an odd shape; times longer than the others'
EDGES, OCTAVE = 2.5, 0.9  # drops, in logarithms, that sharp pictures of one set do not show
COMMON = 0.1  # share of the images from which it is how the set is
MUCH = 0.01
SAYS = ("blank_image", "blurry_image", "dark_image", "bright_image", "tiny_image", "odd_shape")
Marks = NDArray[np.bool_]


@check("images", "Images that show too little", says=SAYS)
def images(seen: Audited) -> Iterator[Finding]:
    """Images of one colour, and those that stand out from their own set: dark sets and small ones are left alone."""
    for name in seen.names(Role.IMAGE):
        for side, part in seen.sides():
            if name in part.frame.columns:
                yield from _found(part, name, side)


def _found(part: Part, name: str, side: str) -> Iterator[Finding]:
    known = [(i, file, look) for i, (file, look) in enumerate(looks_of(part.frame[name])) if file and look]
    if not known:
        return
    place = np.array([i for i, _, _ in known])
    files, looks = [file for _, file, _ in known], [look for _, _, look in known]
    for says, marks in _marks(files, looks).items():
        if not marks.any():
            continue
        rows = numbered(part, place[marks])
        names = tuple(_short(files[i]) for i in np.flatnonzero(marks))
        what, effect, fix = WORDS[says]
        blank = says == "blank_image"
        count = "1 image is" if len(rows) == 1 else f"{len(rows):,} images are"
        some = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
        yield Finding(
            says,
            f"{count} {what}: {some}",
            rows,
            "warn" if blank or len(rows) >= MUCH * len(known) else "note",
            fix,
            "test" if side == "test" else "data",
            names,
            effect,
            "certain" if blank or says in ("tiny_image", "odd_shape") else "likely",
        )


def _marks(files: list[File], looks: list[Look]) -> dict[str, Marks]:
    """Which images are what; a blank one is nothing beside."""
    values = {
        name: np.array([getattr(look, name) for look in looks], np.float64)
        for name in ("width", "height", "dark", "light", "level", "spread", "edges", "octave")
    }
    blank = values["spread"] <= BLANK
    blank[blank] = [_one_colour(files[i]) for i in np.flatnonzero(blank)]
    if len(looks) - blank.sum() < FEWEST:
        return {"blank_image": blank}
    filled = ~blank
    usual = float(np.median(values["level"][filled]))
    short = np.minimum(values["width"], values["height"])
    shape = np.maximum(values["width"], values["height"]) / np.maximum(short, 1)
    blurry = below(values["edges"], filled, EDGES) | below(values["octave"], filled, OCTAVE)
    found = {
        "dark_image": (values["light"] <= NIGHT) & (values["level"] <= usual - APART),
        "bright_image": (values["dark"] >= GLARE) & (values["level"] >= usual + APART),
        "tiny_image": (short < SMALL) & (short * SMALLER < np.median(short)),
        "odd_shape": (shape > LONG) & (shape > LONGER * np.median(shape)),
    }
    plain = filled & ~found["dark_image"] & ~found["bright_image"] & ~found["tiny_image"]
    found = {"blurry_image": blurry & plain, **found}
    kept = {says: marks & filled for says, marks in found.items()}
    return {"blank_image": blank, **{says: marks for says, marks in kept.items() if marks.mean() <= COMMON}}


def _one_colour(file: File) -> bool:
    """Whether an image of one grey is of one colour, too."""
    return all(high - low <= BLANK for low, high in file.image().getextrema())


def _short(file: File) -> str:
    return "/".join(Path(file.name).parts[-2:])


WORDS = {
    "blank_image": ("of one colour", "They can only be guessed.", "Replace or delete them."),
    "blurry_image": (
        "far less sharp than the others",
        "What tells classes apart may be lost in them.",
        "Look at them; replace or delete those that show too little.",
    ),
    "dark_image": ("almost black, unlike the others", "Little can be told from them.", "Brighten or delete them."),
    "bright_image": ("almost white, unlike the others", "Little can be told from them.", "Replace or delete them."),
    "tiny_image": (
        "tiny beside the others",
        "Enlarged to what a backbone sees, they hold little detail.",
        "Find the originals: these may be thumbnails.",
    ),
    "odd_shape": (
        "far longer than wide, unlike the others",
        "Squeezed into a square or cut, they show little of what they are.",
        "Crop them, or look whether they are what they should be.",
    ),
}
