"""The register in which each check enters itself, and the words that checks share."""

from collections.abc import Callable, Iterable
from typing import Any

from numpy.typing import NDArray

from rung.core.audited import Audited, Check, Find, Need, Part
from rung.core.registry import Registry
from rung.data.spellings import meanings

CHECKS: Registry[Check] = Registry("check")


def check(name: str, title: str, *, says: tuple[str, ...] = (), needs: tuple[Need, ...] = ()) -> Callable[[Find], Find]:
    """Enter a function into the register under `name`; its findings go by `says`, or by that name."""

    def enter(find: Find) -> Find:
        CHECKS.add(name, Check(name, title, find, says or (name,), needs))
        return find

    return enter


def meant(seen: Audited) -> NDArray[Any]:
    """The target row for row, all spellings of a label as one."""
    target = seen.target
    return meanings(target.labels)[target.value] if target.task.one_label else target.value


def numbered(part: Part, places: Iterable[int]) -> tuple[int, ...]:
    """The numbers that these rows of a part have in their file, in the order given.

    >>> import numpy as np
    >>> numbered(Part(np.array([4, 7, 9]), None, (), np.array([]), None), [2, 0])
    (9, 4)
    """
    return tuple(int(part.row[place]) for place in places)


def rows_of(count: int) -> str:
    """A number of rows in words.

    >>> rows_of(1), rows_of(2000)
    ('1 row', '2,000 rows')
    """
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
