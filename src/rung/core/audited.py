"""What an audit looks at and what a check is: the words through which the room of checks meets the others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl

from rung.core.types import Column, Finding, Floats, Ints, Role, Target

Need = Literal["test", "test labels", "embeddings", "judgements"]


@dataclass(frozen=True)
class Near:
    """Which rows are nearly the same: equal numbers, on both sides alike.

    whole: (N,) by all that is in them. label: (N,) by that, or by a text, an image or a sound beside other values.
    """

    label: Ints
    whole: Ints

    def take(self, index: Ints) -> "Near":
        """Of these rows."""
        return Near(self.label[index], self.whole[index])


@dataclass(frozen=True)
class Part:
    """Rows of one side: row (N,) their numbers in the file they came from, cluster (N,) their unit."""

    row: Ints
    frame: pl.DataFrame
    keys: tuple[bytes, ...]
    cluster: Ints
    near: Near

    def take(self, index: Ints) -> "Part":
        """The rows at these places."""
        keys = tuple(self.keys[place] for place in index)
        return Part(self.row[index], self.frame[index], keys, self.cluster[index], self.near.take(index))


@dataclass(frozen=True)
class Vectors:
    """Embeddings x_ND (n, D) of some rows of a part; rows (n,): their sorted places in it."""

    rows: Ints
    x_ND: Floats


@dataclass(frozen=True)
class Judged:
    """What models say of rows that they never saw, calibrated on rows that they never saw either.

    rows: (n,) sorted places in the pool. p_NC: (n, C) probabilities, or (n, 1) values for regression.
    """

    rows: Ints
    p_NC: Floats


def _nothing(*_: object) -> None:
    """Say that there is none."""


@dataclass(frozen=True)
class Audited:
    """All that a check may look at. What costs something is a call, and made once.

    columns: with their roles, the target among them. pool: the rows to learn from; target: theirs, row for row. test:
    the test rows, none of them where there are none; test_given: they came of their own, so that a row of both sides
    is no doing of ours. test_target: their target with the pool's labels, -1 where unknown; None while it is closed.
    vectors: "data" or "test" and a column -> its embeddings, of a sample where there are many; None where no backbone
    reads it. judged: out-of-fold predictions; None where there are none.
    """

    columns: tuple[Column, ...]
    pool: Part
    target: Target
    test: Part
    test_given: bool = False
    test_target: Target | None = None
    time: str | None = None
    seed: int = 0
    vectors: Callable[[Literal["data", "test"], str], Vectors | None] = field(default=_nothing, repr=False)
    judged: Callable[[], Judged | None] = field(default=_nothing, repr=False)

    def names(self, *roles: Role) -> tuple[str, ...]:
        """Names of the columns with one of these roles, in table order."""
        return tuple(column.name for column in self.columns if column.role in roles)

    @property
    def target_name(self) -> str:
        """The column to predict."""
        return self.names(Role.TARGET)[0]

    @property
    def group(self) -> str | None:
        """The column whose rows stay together; None where none does."""
        return next(iter(self.names(Role.GROUP)), None)

    def sides(self) -> list[tuple[Literal["data", "test"], Part]]:
        """The rows of the data, those kept closed too, and the test rows where they came of their own.

        What a check of single rows looks at.
        """
        if self.test_given:
            return [("data", self.pool), ("test", self.test)]
        return [("data", self._data if len(self.test.row) else self.pool)]

    @cached_property
    def _data(self) -> Part:
        """Both sides of a split of our own, in the order of the file."""
        both = Part(
            np.concatenate([self.pool.row, self.test.row]),
            pl.concat([self.pool.frame, self.test.frame]),
            (*self.pool.keys, *self.test.keys),
            np.concatenate([self.pool.cluster, self.test.cluster]),
            Near(
                np.concatenate([self.pool.near.label, self.test.near.label]),
                np.concatenate([self.pool.near.whole, self.test.near.whole]),
            ),
        )
        return both.take(np.argsort(both.row, kind="stable"))


@dataclass(frozen=True)
class Change:
    """One change that mends a table. row: its number in the file, None: a whole column; column: None: a whole row.

    before and after: the cell. Where row or column is left out, after is None, and before says which row it was like.
    """

    check: str
    row: int | None
    column: str | None
    before: Any = None
    after: Any = None


Find = Callable[[Audited], Iterable[Finding]]


@dataclass(frozen=True)
class Check:
    """One thing to look for. says: the names under which its findings go; needs: without which it is not run."""

    name: str
    title: str
    find: Find = field(repr=False)
    says: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
