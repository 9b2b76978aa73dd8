"""From scores to an order: the probe decides, and among those that noise can't tell apart, LogME."""

import math
from collections.abc import Callable, Sequence


def ordered(score_A: Sequence[float], logme_A: Sequence[float], noise: Callable[[int, int], bool]) -> list[list[int]]:
    """Indices of A candidates in groups, best first; inside a group LogME orders what the probe can't tell apart.

    score_A: higher is better. noise(a, b): whether what a scores above b may be chance. Noise is not transitive (a may
    tie with b, b with c, and a lead c), so nothing is chained: the best score left opens a group, takes in all that
    noise does not tell from it alone, and the next group begins with the best score that is left then. NaN for LogME
    comes last.

    >>> ordered([0.9, 0.5, 0.89], [0.1, 0.9, 0.3], lambda a, b: abs(a - b) == 2)
    [[2, 0], [1]]
    >>> ordered([0.90, 0.88, 0.86], [0.1, 0.2, 0.3], lambda a, b: abs(a - b) == 1)
    [[1, 0], [2]]
    """
    left = sorted(range(len(score_A)), key=lambda a: -score_A[a])
    groups = []
    while left:
        best = left[0]
        group = [best, *(other for other in left[1:] if noise(best, other))]
        left = [other for other in left if other not in group]
        known = {a: logme_A[a] if math.isfinite(logme_A[a]) else -math.inf for a in group}
        groups.append(sorted(group, key=lambda a: -known[a]))
    return groups
