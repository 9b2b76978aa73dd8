"""Words that are misspellings of one another."""

from collections.abc import Sequence
from typing import Any

from rung.core.types import Ints

FEWEST = 4  # letters
RARER = 10  # times that a misspelling is rarer than the word: "send" for "lend" is none
SO_RARE = 2


class Typos:
    """Which words are one edit apart, where one of the two is rare: each pair looked at once.

    known: words. often: how often each stands in the texts.

    >>> import numpy as np
    >>> Typos(["back", "bakc", "lend", "send"], np.array([40, 1, 30, 50])).matched([0, 2], [1, 3])
    [(0, 1)]
    """

    def __init__(self, known: Sequence[str] | Any, often: Ints) -> None:
        """Look at nothing yet."""
        self._known, self._often = known, often
        self._found: dict[tuple[int, int], bool] = {}

    def matched(self, first: Sequence[int], second: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs of words, each used once."""
        free, pairs = list(second), []
        for i in first:
            for j in free:
                if self._one(i, j):
                    pairs.append((i, j))
                    free.remove(j)
                    break
        return pairs

    def _one(self, i: int, j: int) -> bool:
        key = (min(i, j), max(i, j))
        if key not in self._found:
            self._found[key] = self._look(*key)
        return self._found[key]

    def _look(self, i: int, j: int) -> bool:
        a, b = self._known[i], self._known[j]
        if min(len(a), len(b)) < FEWEST or abs(len(a) - len(b)) > 1 or not (a.isalpha() and b.isalpha()):
            return False
        few, many = sorted((int(self._often[i]), int(self._often[j])))
        if few > SO_RARE and few * RARER > many:
            return False
        return edits(a, b) <= 1


def edits(a: str, b: str) -> int:
    """Letters to add, leave out, replace or swap with the next one to make one word the other.

    Source: Damerau 1964, A technique for computer detection and correction of spelling errors (optimal string
    alignment).

    >>> edits("receive", "recieve"), edits("cat", "carts")
    (1, 2)
    """
    before, last = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        now = [i]
        for j, y in enumerate(b, 1):
            least = min(last[j] + 1, now[-1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                least = min(least, before[j - 2] + 1)
            now.append(least)
        before, last = last, now
    return last[-1]
