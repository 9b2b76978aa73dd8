"""Which texts pass the backbone together: sorted by length, cut by a budget of tokens."""

from collections.abc import Sequence


def batches(lengths: Sequence[int], *, budget: int = 1024) -> list[list[int]]:
    """Indices of the texts of each batch, longest first; every text once.

    A batch holds at most `budget` tokens, padding included (one text alone may be longer). Once it is half full it
    ends where the length changes, so that most batches need neither padding nor a mask.

    >>> batches([3, 5, 3, 5], budget=10)
    [[1, 3], [0, 2]]
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    found: list[list[int]] = []
    batch: list[int] = []
    width = 0
    for i in order:
        length = max(1, lengths[i])
        full = width * (len(batch) + 1) > budget
        turns = length != max(1, lengths[batch[-1]]) if batch else False
        if batch and (full or (turns and width * len(batch) * 2 >= budget)):
            found.append(batch)
            batch = []
        if not batch:
            width = length
        batch.append(i)
    if batch:
        found.append(batch)
    return found
