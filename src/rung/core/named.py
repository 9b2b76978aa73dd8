"""Classes by their names: what a backbone of texts makes of what the classes are called."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rung.core.types import Floats, Ints

TEMPLATES = ("{}", "This is {}.")
WORD = re.compile(r"[^\W\d_]{2}")  # two letters in a row


@dataclass(frozen=True)
class Named:
    """Texts that say the classes, one a template and class; embed: what the backbone makes of them, (M, D)."""

    texts: tuple[str, ...]
    label: Ints  # (M,) class of each
    embed: Callable[[], Floats] = field(repr=False)


def named(labels: Sequence[str], embed: Callable[[Sequence[str]], Floats]) -> Named | None:
    """The classes by their names; None where one of them has none, such as 3 or C.

    >>> found = named(["card_lost", "refund"], lambda texts: np.zeros((len(texts), 8), np.float32))
    >>> found.texts, found.label.tolist()
    (('card lost', 'This is card lost.', 'refund', 'This is refund.'), [0, 0, 1, 1])
    >>> named(["a", "b"], len) is None
    True
    """
    if not all(WORD.search(label) for label in labels):
        return None
    texts = tuple(template.format(label.replace("_", " ")) for label in labels for template in TEMPLATES)
    return Named(texts, np.repeat(np.arange(len(labels)), len(TEMPLATES)), lambda: embed(texts))
