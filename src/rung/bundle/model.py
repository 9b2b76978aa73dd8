"""A fitted rung: encoders of the columns and a head, which a bundle holds as JSON, tensors and text files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rung.bundle.codes import Codes
from rung.bundle.heads import KINDS, Features
from rung.bundle.kernels import TENSORS, Kernels
from rung.bundle.parts import PartEncoder
from rung.bundle.table import TableEncoder
from rung.bundle.tfidf import Tfidf
from rung.bundle.trees import FILE, TreesHead
from rung.core.contracts import Head
from rung.core.types import Delta, Floats, Inputs

DELTA, ADAPTER = "delta.", "adapter/"  # where a bundle keeps what training changed of the backbone
MEMBER = "member"  # folders of models that answer together


@dataclass(frozen=True)
class Parts:
    """What a fitted model is made of: JSON-ready meta, tensors and text files by name; models that answer together."""

    meta: dict[str, Any]
    tensors: dict[str, NDArray[Any]]
    files: dict[str, bytes]
    members: tuple["Parts", ...] = ()


@dataclass(frozen=True)
class Encoders:
    """Columns to features, side by side: codes of the table, TF-IDF, embeddings, handmade features, kernels, the table.

    kernels read series; codes come first, so that categories keep their place. parts: one column among several. scale
    multiplies the table's features, so that they weigh about as much as an embedding's; weight an embedding's, so that
    they weigh about as much as the word counts beside them. root: of embeddings that have no negative values.
    """

    tfidf: tuple[Tfidf, ...] = ()
    embedded: tuple[str, ...] = ()
    table: TableEncoder | None = None
    scale: float = 1.0
    weight: float = 1.0
    plain: tuple[str, ...] = ()
    root: bool = False
    parts: tuple[PartEncoder, ...] = ()
    codes: Codes | None = None
    kernels: tuple[Kernels, ...] = ()

    def apply(self, inputs: Inputs) -> Features:
        """(N, D) float32: sparse where there is TF-IDF, else dense."""
        weight = np.float32(self.weight)
        dense = [inputs.embed(name) * weight if weight != 1 else inputs.embed(name) for name in self.embedded]
        if self.root:
            dense = [np.sqrt(np.maximum(each, 0)) for each in dense]
        if self.codes is not None:
            dense = [self.codes.apply(inputs.table), *dense]
        dense += [part.apply(inputs) for part in self.parts]
        dense += [inputs.plain(name) for name in self.plain]
        dense += [kernels.apply(inputs.media[kernels.column]) for kernels in self.kernels]
        if self.table is not None:
            dense.append(self.table.apply(inputs.table) * np.float32(self.scale))
        if not self.tfidf:
            return np.concatenate(dense, axis=1) if dense else np.zeros((inputs.n, 0), np.float32)
        views = [view.apply(inputs.texts[view.column]) for view in self.tfidf]
        return sparse.csr_array(sparse.hstack([*views, *map(sparse.csr_array, dense)], format="csr"))


@dataclass(frozen=True)
class FittedModel:
    """Encoders, then a head; `shift` and `spread` bring a regression head back to the target's units.

    delta: what training changed of the backbone that embeds.
    """

    encoders: Encoders
    head: Head
    shift: float = 0.0
    spread: float = 1.0
    delta: Delta | None = None

    def predict(self, inputs: Inputs) -> Floats:
        """(N, C) probabilities, or (N, 1) values in the target's units; row order kept."""
        if self.delta is not None:
            inputs = inputs.through(self.delta)
        said = self.head(self.encoders.apply(inputs))
        if (self.shift, self.spread) == (0.0, 1.0):
            return said
        return (said * np.float32(self.spread) + np.float32(self.shift)).astype(np.float32)

    @property
    def uses_embedding(self) -> bool:
        """Whether predicting needs the backbone."""
        return bool(self.encoders.embedded or self.encoders.parts)

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns whose embeddings it takes."""
        return (*self.encoders.embedded, *(part.column for part in self.encoders.parts))

    @property
    def replaced(self) -> int:
        """Parameters of the backbone that come in another version: they take no room of their own."""
        if self.delta is None or self.delta.kind != "weights":
            return 0
        return sum(tensor.size for tensor in self.delta.tensors.values())

    @property
    def trained(self) -> int:
        """Numbers that training found: weights and biases of the head, leaves of trees; none where rows are kept."""
        head = self.head
        if head.kind == "knn":
            return 0
        if isinstance(head, TreesHead):
            return sum(content.count(b"leaf_value") for content in head.files().values())
        return sum(tensor.size for tensor in head.tensors().values())  # type: ignore[attr-defined]  # see parts

    @property
    def size_bytes(self) -> int:
        """Bytes of the fitted parts, backbone aside."""
        parts = self.parts()
        return sum(t.nbytes for t in parts.tensors.values()) + sum(map(len, parts.files.values()))

    def parts(self) -> Parts:
        """Everything that from_parts needs, exactly."""
        encoders, head = self.encoders, self.head
        tensors = {f"head.{name}": tensor for name, tensor in head.tensors().items()}  # type: ignore[attr-defined]  # every head of this room has them
        files: dict[str, bytes] = head.files() if isinstance(head, TreesHead) else {}
        for i, view in enumerate(encoders.tfidf):
            tensors[f"tfidf.{i}.idf"] = view.idf
            files |= {f"tfidf.{i}.{name}": content for name, content in view.files().items()}
        for i, part in enumerate(encoders.parts):
            tensors |= {f"part.{i}.{name}": tensor for name, tensor in part.tensors().items()}
        for i, kernels in enumerate(encoders.kernels):
            tensors |= {f"kernels.{i}.{name}": tensor for name, tensor in kernels.tensors().items()}
        if self.delta is not None:
            tensors |= {f"{DELTA}{name}": tensor for name, tensor in self.delta.tensors.items()}
            files |= {f"{ADAPTER}{name}": content for name, content in self.delta.files.items()}
        meta = {
            "head": {"kind": head.kind, **head.meta()},  # type: ignore[attr-defined]  # see above
            "tfidf": [{"column": view.column, "view": view.view} for view in encoders.tfidf],
            "embedded": list(encoders.embedded),
            "plain": list(encoders.plain),
            "root": encoders.root,
            "kernels": [kernels.column for kernels in encoders.kernels],
            "table": encoders.table.meta() if encoders.table else None,
            "parts": [part.meta() for part in encoders.parts],
            "codes": encoders.codes.meta() if encoders.codes else None,
            "scale": encoders.scale,
            "weight": encoders.weight,
            "shift": self.shift,
            "spread": self.spread,
            "delta": None if self.delta is None else {"kind": self.delta.kind, "meta": dict(self.delta.meta)},
        }
        return Parts(json.loads(json.dumps(meta)), tensors, files)

    @staticmethod
    def from_parts(parts: Parts) -> "FittedModel":
        """The model that `parts` was taken from: it predicts the same, bit for bit."""
        meta = parts.meta
        views = tuple(
            Tfidf(
                each["column"],
                each["view"],
                tuple(json.loads(parts.files[f"tfidf.{i}.terms.json"])),
                parts.tensors[f"tfidf.{i}.idf"],
            )
            for i, each in enumerate(meta["tfidf"])
        )
        table = _table(meta["table"]) if meta["table"] is not None else None
        plain = tuple(meta.get("plain", ()))
        codes = None if meta.get("codes") is None else Codes.from_meta(meta["codes"])
        kernels = tuple(
            Kernels(name, *(parts.tensors[f"kernels.{i}.{each}"] for each in TENSORS))
            for i, name in enumerate(meta.get("kernels", ()))
        )
        rest = (meta["scale"], meta["weight"], plain, meta.get("root", False), _parts(parts), codes, kernels)
        encoders = Encoders(views, tuple(meta["embedded"]), table, *rest)
        return FittedModel(encoders, _head(meta["head"], parts), meta["shift"], meta["spread"], _delta(parts))


def _delta(parts: Parts) -> Delta | None:
    known = parts.meta.get("delta")
    if known is None:
        return None
    tensors = {name.removeprefix(DELTA): each for name, each in parts.tensors.items() if name.startswith(DELTA)}
    files = {name.removeprefix(ADAPTER): each for name, each in parts.files.items() if name.startswith(ADAPTER)}
    return Delta(known["kind"], known["meta"], tensors, files)


def _parts(parts: Parts) -> tuple[PartEncoder, ...]:
    found = []
    for i, meta in enumerate(parts.meta.get("parts", ())):
        start = f"part.{i}."
        own = {name.removeprefix(start): each for name, each in parts.tensors.items() if name.startswith(start)}
        found.append(PartEncoder.of(meta, own))
    return tuple(found)


def _table(meta: Mapping[str, Any]) -> TableEncoder:
    return TableEncoder(
        {name: tuple(how) for name, how in meta["numbers"].items()},
        {name: tuple(known) for name, known in meta["categories"].items()},
        {name: tuple(how) for name, how in meta["datetimes"].items()},
    )


def _head(meta: Mapping[str, Any], parts: Parts) -> Head:
    own = {name.removeprefix("head."): tensor for name, tensor in parts.tensors.items() if name.startswith("head.")}
    rest = {key: value for key, value in meta.items() if key != "kind"}
    if meta["kind"] == "trees":
        names: Sequence[str] = [name for name in parts.files if name.endswith(FILE)]
        ordered = sorted(names, key=lambda name: int(name.split(".")[0]))
        return TreesHead(tuple(parts.files[name].decode() for name in ordered), **rest)
    head: Head = KINDS[meta["kind"]](**own, **rest)
    return head
