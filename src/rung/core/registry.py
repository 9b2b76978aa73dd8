"""A table of names: each member registers itself, nobody keeps a twin list."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from rung.core.errors import NoSuchName

T = TypeVar("T")


class Registry(Generic[T]):
    """Members by name, in the order in which they registered.

    >>> colours = Registry("colour")
    >>> colours.add("red", 1)
    1
    >>> colours["red"], list(colours)
    (1, ['red'])
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._members: dict[str, T] = {}

    def add(self, name: str, member: T) -> T:
        """Register and return `member`; raises ValueError when the name is taken."""
        if name in self._members:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._members[name] = member
        return member

    def __getitem__(self, name: str) -> T:
        """Raise NoSuchName, with the nearest name, for a stranger."""
        if name not in self._members:
            raise NoSuchName(self.kind, name, among=list(self._members))
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def values(self) -> list[T]:
        """All members."""
        return list(self._members.values())
