"""The nouns that walk between rooms: roles, tasks, targets, findings, plans of rows, rows, inputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

LabelKind = Literal["string", "integer", "number", "boolean"]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Role(StrEnum):
    """What a column is to the task."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    SERIES = "series"
    NUMBER = "number"
    CATEGORY = "category"
    DATETIME = "datetime"
    GROUP = "group"
    ID = "id"
    TARGET = "target"
    IGNORE = "ignore"


MEDIA = (Role.IMAGE, Role.AUDIO, Role.SERIES)
EMBEDDED = (Role.TEXT, *MEDIA)  # what a backbone reads
FEATURES = (*EMBEDDED, Role.NUMBER, Role.CATEGORY, Role.DATETIME)
TABLE_FEATURES = (Role.NUMBER, Role.CATEGORY, Role.DATETIME)


class Task(StrEnum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"
    REGRESSION = "regression"

    @property
    def one_label(self) -> bool:
        """True when each row has exactly one class (binary, multiclass)."""
        return self in (Task.BINARY, Task.MULTICLASS)


@dataclass(frozen=True)
class Column:
    """One column of the table with its role and the reason for it.

    form: the strptime form of a datetime column of strings, so that later tables are read alike; of a series, "wide" or
    "long" where it was gathered from the columns `source` (long: id, time or "", values).
    """

    name: str
    role: Role
    why: str = ""
    form: str = ""
    source: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Something in the data that will matter: which rows, how bad, how sure, what it does to the score, what to do."""

    check: str
    what: str
    rows: tuple[int, ...]
    severity: Literal["block", "warn", "note"]
    fix: str = ""
    part: Literal["data", "test"] = "data"
    names: tuple[str, ...] = ()  # what there is to say of each row: its file, what is wrong with it, its twin
    effect: str = ""  # what it will do to the score
    sure: Literal["certain", "likely", "possible"] = "certain"


@dataclass(frozen=True)
class Target:
    """The encoded target.

    value: int64 (N,) class indices for binary and multiclass, -1 where a label is unknown to `labels`;
    uint8 (N, L) for multilabel, with further columns for labels unknown to `labels`; float64 (N,) for regression.
    labels: the classes in index order; empty for regression. kind: what the labels were in the table, where it says.
    """

    task: Task
    value: NDArray[Any]
    labels: tuple[str, ...] = ()
    kind: LabelKind = "string"

    def __len__(self) -> int:
        return len(self.value)

    @property
    def outputs(self) -> int:
        """Columns of a prediction: classes, labels, or 1 for regression."""
        return len(self.labels) if self.labels else 1

    def take(self, index: Ints) -> "Target":
        """The same target for the rows of `index`."""
        return replace(self, value=self.value[index])


@dataclass(frozen=True)
class Fold:
    """Row indices (into the pool) that train and that judge, in one repeat."""

    train: Ints
    validation: Ints
    repeat: int = 0


@dataclass(frozen=True)
class Plan:
    """How the pool's rows decide: one validation share, or repeated folds.

    In each repeat the validation rows of all folds together are `judged`, once each.
    """

    kind: Literal["holdout", "folds"]
    folds: tuple[Fold, ...]
    cluster: Ints  # (N,) id of the unit each pool row belongs to: rows of a unit never straddle

    @property
    def repeats(self) -> int:
        """How often every judged row is judged."""
        return 1 + max(fold.repeat for fold in self.folds)

    @cached_property
    def judged(self) -> Ints:
        """Sorted pool indices of the rows that judge."""
        return np.sort(np.concatenate([fold.validation for fold in self.folds if fold.repeat == 0]))


@dataclass(frozen=True)
class Delta:
    """What training changed of a backbone, without the backbone.

    kind: "weights" (tensors holds each changed tensor under its own name), "peft" (files holds PEFT's own two files)
    or "bottleneck" (tensors of adapters that meta describes). meta is JSON-ready.
    """

    kind: Literal["weights", "peft", "bottleneck"]
    meta: Mapping[str, Any]
    tensors: Mapping[str, NDArray[Any]] = field(repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def size_bytes(self) -> int:
        """Bytes of tensors and files."""
        return sum(tensor.nbytes for tensor in self.tensors.values()) + sum(map(len, self.files.values()))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything in it: equal fingerprints change a backbone alike."""
        state = blake2b(repr((self.kind, sorted(self.meta.items()))).encode(), digest_size=16)
        for name in sorted(self.tensors):
            state.update(name.encode() + np.ascontiguousarray(self.tensors[name]).tobytes())
        for name in sorted(self.files):
            state.update(name.encode() + self.files[name])
        return state.hexdigest()


@dataclass(frozen=True)
class Clip:
    """A sound as numbers: samples (n,) float32 within about [-1, 1], so many a second."""

    samples: Floats = field(repr=False)
    rate: int


class Media(Protocol):
    """One image, sound or series of the user's, read when it is asked for. Equal content has equal keys."""

    @property
    def key(self) -> bytes:
        """128-bit hash of the content."""

    @property
    def name(self) -> str:
        """What the table calls it: a path, or its row."""

    def image(self) -> Any:
        """A PIL image in RGB, upright; raises UnreadableMedia with the reason."""

    def clip(self) -> Clip:
        """One channel of sound; raises UnreadableMedia with the reason."""

    def values(self) -> Floats:
        """Channels (C, T) of a series, not-a-number where a value is missing; raises UnreadableMedia."""


Item = str | Media  # what a backbone embeds


def missing(item: Item) -> bool:
    """Whether a row lacks it: an empty text, or what stands in the place of media (rung.core.blank)."""
    return not item.strip() if isinstance(item, str) else bool(getattr(item, "missing", False))


def _plain_less(name: str) -> Floats:
    raise ValueError(f"no handmade features of column {name!r} are at hand")


@dataclass(frozen=True)
class Inputs:
    """What a fitted model sees of N rows: texts by column, table columns, embeddings by column of text or media.

    tune: delta, items, kept (of `Embedder.tuned`) -> (N, D) of the backbone so changed; None where none can change.
    media: images, sounds and series by column. plain: handmade features, made once. read: columns that some backbone
    reads; lead: those of the backbone that can be trained. None means all texts, images, sounds and series.
    """

    texts: Mapping[str, Sequence[str]]
    table: "pl.DataFrame"
    embed: Callable[[str], Floats] = field(repr=False)  # column -> (N, D), embedded once
    n: int = 0
    rate: Callable[[str], float] | None = None  # seconds that embedding a column will still take
    tune: Callable[..., Floats] | None = field(default=None, repr=False)
    media: Mapping[str, Sequence[Media]] = field(default_factory=dict)
    plain: Callable[[str], Floats] = field(default=_plain_less, repr=False)
    read: tuple[str, ...] | None = None
    lead: tuple[str, ...] | None = None

    @cached_property
    def parts(self) -> dict[str, Sequence[Item]]:
        """What backbones are made for, by column."""
        return {**self.texts, **self.media}

    @property
    def embedded(self) -> tuple[str, ...]:
        """The columns that some backbone reads."""
        return tuple(self.parts) if self.read is None else self.read

    @property
    def own(self) -> dict[str, Sequence[Item]]:
        """What the backbone reads that can be trained, by column."""
        return {name: items for name, items in self.parts.items() if self.lead is None or name in self.lead}

    def there(self, name: str) -> NDArray[np.bool_]:
        """(N,) whether each row has that text, image or sound; an empty text is none."""
        return np.array([not missing(item) for item in self.parts[name]], np.bool_)

    def take(self, index: Ints) -> "Inputs":
        """The same inputs for the rows of `index`, in that order; embeddings are sliced, not made again."""
        return replace(
            self,
            texts={name: [values[i] for i in index] for name, values in self.texts.items()},
            media={name: [values[i] for i in index] for name, values in self.media.items()},
            table=self.table[index],
            embed=lambda name: self.embed(name)[index],
            plain=lambda name: self.plain(name)[index],
            n=len(index),
        )

    def through(self, delta: Delta) -> "Inputs":
        """The same rows, embedded by the backbone that `delta` changed; raises ValueError where there is none."""
        if self.tune is None:
            raise ValueError("these inputs know no backbone that a delta could change")
        return replace(self, embed=partial(self._tuned, delta), rate=None)

    def _tuned(self, delta: Delta, name: str) -> Floats:
        return self.tune(delta, self.parts[name]) if self.tune and name in self.own else self.embed(name)


@dataclass(frozen=True)
class Cost:
    """What a rung will take: seconds and peak bytes; mapped: of files beside them; settings: the only ones in time."""

    seconds: float
    memory: int = 0
    mapped: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """One beat of a long wait. total may be 0 where it is unknown."""

    what: str
    done: int
    total: int
    unit: str = "rows"


Tell = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Listen to progress and say nothing."""
