"""Labels that are no class of their own: another spelling of one, or a word for none."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rung.core.types import Finding, Ints
from rung.data.units import spelling
from rung.data.words import reads_as_none

PLAUSIBLE = 0.5  # of the rows that the others have (their median), from which such a word may be a class
NAMED = 8


def respelt(labels: Sequence[str], count_C: Ints) -> NDArray[np.bool_]:
    """(C,) whether a label is a rarer spelling of another; of equally frequent ones, the first by name is the other.

    >>> respelt(["Spam", "ham", "spam"], np.array([2, 40, 38])).tolist()
    [True, False, False]
    """
    first: dict[str, int] = {}
    for place in sorted(range(len(labels)), key=lambda place: (-count_C[place], labels[place])):
        first.setdefault(spelling(labels[place]), place)
    return np.array([first[spelling(label)] != place for place, label in enumerate(labels)], np.bool_)


def meanings(labels: Sequence[str]) -> Ints:
    """(C,) the number of what each label means: the same for all spellings of one.

    >>> meanings(["Spam", "ham", "spam "]).tolist()
    [1, 0, 1]
    """
    return np.asarray(np.unique([spelling(label) for label in labels], return_inverse=True)[1], np.int64)


def said_for_none(labels: Sequence[str], value_N: Ints) -> tuple[Finding, ...]:
    """The finding about labels such as "n/a": a warning, or a note where they have as many rows as a class.

    value_N: the place in `labels` of each row's label, -1 where there is none.

    >>> [finding] = said_for_none(["?", "ham", "spam"], np.array([1, 2] * 20 + [0]))
    >>> finding.severity, finding.rows
    ('warn', (40,))
    """
    count_C = np.bincount(value_N[value_N >= 0], minlength=len(labels))
    is_none = np.array([reads_as_none(label) for label in labels], np.bool_)
    if not is_none.any():
        return ()
    others = count_C[~is_none]
    doubtful = len(others) < 2 or bool((count_C[is_none] >= PLAUSIBLE * np.median(others)).all())
    found = np.flatnonzero(is_none)
    some = ", ".join(f"{labels[k]!r} ({count_C[k]:,})" for k in found[:NAMED].tolist())
    noun = "1 label reads" if len(found) == 1 else f"{len(found)} labels read"
    what = f"{noun} like a word for none, and count as classes: {some}"
    rows = tuple(np.flatnonzero(np.isin(value_N, found)).tolist())
    fix = "If nothing is known of these rows, empty their cells: they are set aside then. Else name what is meant."
    effect = "A model learns, and is scored on, a class that says that nobody knew."
    if doubtful:
        return (Finding("none_label", what, rows, "note", fix, effect=effect, sure="possible"),)
    return (Finding("none_label", what, rows, "warn", fix, effect=effect, sure="likely"),)
