"""bundle.json: what a bundle is, sealed against change."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from math import inf
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from rung.core.types import Column, LabelKind, Task

FORMAT = 1


_AS: dict[LabelKind, Callable[[str], Any]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": "True".__eq__,
}


class BackboneReference(BaseModel):
    """Where the frozen part comes from: id, revision and hash pin it; precision pins its arithmetic."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    revision: str
    sha256: str
    fingerprint: str
    precision: str
    licence: str = ""
    reads: str = ""  # the role of its columns, where that is not its modality


class Manifest(BaseModel):
    """The head of a bundle. `files` maps each other file to its sha256; `seal` is the sha256 of all the rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    rung_version: str
    task: Task
    target: str
    labels: tuple[str, ...]
    label_kind: LabelKind = "string"
    columns: tuple[Column, ...]
    strategy: str
    choice: dict[str, Any]
    model: dict[str, Any]
    backbone: BackboneReference | None = None
    beside: tuple[BackboneReference, ...] = ()  # of other kinds of columns; what training changed is of the first
    temperature: float = 1.0
    half_width: float | None = None
    thresholds: tuple[float, ...] = ()
    trained_on: str = ""
    files: dict[str, str] = {}
    seal: str = ""

    @property
    def classes(self) -> tuple[Any, ...]:
        """The labels as the training table had them: strings, whole numbers, numbers or booleans."""
        return tuple(map(_AS[self.label_kind], self.labels))

    @property
    def reach(self) -> float | None:
        """Half of a regression's 90 % interval, infinite where too few rows judged to promise one; None for classes."""
        unknown = inf if self.task is Task.REGRESSION else None
        return unknown if self.half_width is None else self.half_width

    def sealed(self) -> "Manifest":
        """The same manifest with its seal computed."""
        return self.model_copy(update={"seal": self.expected_seal()})

    def expected_seal(self) -> str:
        """sha256 of the canonical JSON without the seal."""
        return seal_of(self.model_dump(mode="json"))


def seal_of(document: Mapping[str, Any]) -> str:
    """sha256 of a JSON document without its own seal.

    >>> seal_of({"a": 1, "seal": "x"}) == seal_of({"a": 1})
    True
    """
    rest = {key: value for key, value in document.items() if key != "seal"}
    return sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
