"""The Protocols through which rooms meet without importing each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rung.core.evidence import LEAST, SURE
from rung.core.named import Named
from rung.core.pieces import Pieces
from rung.core.types import Column, Cost, Delta, Floats, Inputs, Ints, Item, Plan, Role, Target, Tell, silent


@dataclass(frozen=True)
class BackboneCard:
    """Who a backbone is: identity, licence, shape. `revision` and `sha256` pin it."""

    id: str
    family: str
    modality: str
    revision: str
    sha256: str
    licence: str
    width: int
    limit: int  # tokens that a text may have; 0 where nothing is cut
    parameters: int
    size_bytes: int
    blocks: tuple[str, ...]  # freezable groups, in forward order, input first
    pooling: str
    lineage: tuple[str, ...] = ()  # ids of what it was made from, the first ancestor first


@dataclass(frozen=True)
class Prepared:
    """Rows after the backbone's own preprocessing, and which were cut at the limit.

    ids: what a row became, its length being what it costs: token ids of a text, windows (W, ...) of image or sound.
    """

    ids: Sequence[Any]
    truncated: NDArray[np.bool_]

    def take(self, rows: Sequence[int]) -> "Prepared":
        """These rows, in that order."""
        return Prepared(tuple(self.ids[row] for row in rows), self.truncated[list(rows)])


@runtime_checkable
class Backbone(Protocol):
    """A pretrained encoder with its preprocessing: the one seam between Rung and model code."""

    card: BackboneCard

    @property
    def fingerprint(self) -> str:
        """Hash of weights and preprocessing: equal fingerprints embed equally."""

    def prepare(self, items: Sequence[Item]) -> Prepared:
        """Tokenise, resize or cut into windows, as the checkpoint wants it; say which were cut."""

    def embed(self, prepared: Prepared) -> Floats:
        """One forward pass over one batch: (n, width) float32."""

    def save_preprocessing(self, folder: str) -> None:
        """Write tokenizer or processor files as Hugging Face does."""


class Embedder(Protocol):
    """Backbone + cache: every distinct item (a text, an image, a sound) passes the backbone once."""

    card: BackboneCard
    fingerprint: str
    precision: str  # "float32" or "bfloat16"

    def __call__(self, items: Sequence[Item], *, tell: Tell = silent) -> Floats:
        """(N, width) float32, row n for items[n]."""

    def uncached(self, items: Sequence[Item]) -> Floats:
        """As a call, but the cache is neither read nor written: for measuring latency."""

    def seconds_for(self, items: Sequence[Item]) -> float:
        """How long a call will take, from a few measured rows; 0 when all are cached."""

    def truncated(self, items: Sequence[Item]) -> Ints:
        """Indices of the items that the limit cuts."""

    def pieces(self, texts: Sequence[str]) -> Pieces | None:
        """How well the tokenizer knows these texts; None where there is none."""

    @property
    def tunable(self) -> "Tunable | None":
        """The backbone for training; None where it has no weights to train."""

    @property
    def prompted(self) -> "Callable[[Sequence[str]], Prompted] | None":
        """What the backbone's text side makes of class names; None where it has no text side."""

    def tuned(self, delta: Delta, *, kept: int = 1) -> "Embedder":
        """An embedder of this backbone as `delta` changed it; so many of the last ones asked for stay loaded."""

    def save_preprocessing(self, folder: str) -> None:
        """Write tokenizer or processor files as Hugging Face does."""


Embedders = Mapping[Role, Embedder]  # by what they read; the first is the one whose backbone can be trained


class Tunable(Protocol):
    """A backbone whose weights can change: modules to train, batches of prepared rows, one vector a row.

    Modules, batches and vectors are those of its own library (torch): only the rungs that train look inside.
    """

    @property
    def card(self) -> BackboneCard:
        """Identity, licence, shape."""

    @property
    def precision(self) -> str:
        """What this machine computes fastest in: float32 or bfloat16."""

    @property
    def path(self) -> str:
        """Where the bare model has its list of blocks."""

    def module(self, *, random: int | None = None) -> Any:
        """A copy of the bare model, every parameter frozen; random: weights drawn from that seed."""

    @property
    def at_once(self) -> int:
        """How many rows pass together where nothing is learnt."""

    @property
    def a_pass(self) -> int:
        """What one more pass costs beside its tokens, in tokens."""

    @property
    def padded(self) -> bool:
        """Whether the rows of a batch are filled up to the longest; else their windows stand one after another."""

    def prepare(self, items: Sequence[Item]) -> Prepared:
        """Tokenise, resize or cut into windows, as the checkpoint wants it; say which were cut."""

    def batch(self, prepared: Prepared, rows: Ints, *, hollow: bool = False) -> Any:
        """Tensors of these rows. hollow: shapes suffice, for a pass that is handed what it would compute of them."""

    def vectors(self, module: Any, batch: Any) -> Any:
        """(n, width), differentiable: what embed would give, by `module`."""

    @property
    def count(self) -> int:
        """How many blocks there are."""

    def depth(self, parameter: str) -> int:
        """0 for input embeddings, 1 ... L for the blocks, L + 1 for what comes after them."""

    def blocks(self, module: Any) -> Any:
        """The module's list of blocks, in forward order."""

    def insert(self, module: Any, meta: Mapping[str, Any]) -> None:
        """Put bottleneck adapters into every block: places, width, size and seed by meta."""

    def keep_blocks(self, module: Any, kept: Any) -> None:
        """Put the list `kept` in the place of the module's blocks."""


@dataclass(frozen=True)
class Prompted:
    """Class names as a backbone's text side reads them: scale * cos(x projection_DP, class_PC) are the logits of x."""

    projection_DP: Floats
    class_PC: Floats  # unit columns
    scale: float


class Notebook(Protocol):
    """Where unfinished work is written down, so that nothing is done twice after an interruption."""

    def get(self, name: str) -> "Note | None":
        """What was written under that name, or None."""

    def put(self, name: str, note: "Note") -> None:
        """Write, atomically; replaces what was there."""

    def drop(self, name: str) -> None:
        """Forget, where there is something."""


@dataclass(frozen=True)
class Note:
    """Arrays and JSON-ready facts of unfinished work."""

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]


class Head(Protocol):
    """A fitted map from features to predictions, applied with numpy alone."""

    @property
    def kind(self) -> str:
        """The name under which a bundle knows it."""

    def __call__(self, x: Any) -> Floats:
        """(N, C) probabilities, or (N, 1) values for regression."""


class Model(Protocol):
    """A fitted rung that can predict and be written to a bundle."""

    def predict(self, inputs: Inputs) -> Floats:
        """(N, C) probabilities, or (N, 1) values for regression, row order kept."""


def endless() -> float:
    """Seconds that remain without a budget."""
    return float("inf")


@dataclass(frozen=True)
class Job:
    """All that a rung may look at: the pool rows and who judges them. The test rows are not here.

    strength_hint etc. do not exist on purpose: a rung decides from the training side of each fold.
    """

    inputs: Inputs
    columns: tuple[Column, ...]
    target: Target
    plan: Plan
    metric: Any  # rung.metrics.base.Metric; the ground does not know the floor above
    seed: int = 0
    tell: Tell = field(default=silent, repr=False)
    backbone: BackboneCard | None = None
    tunable: Tunable | None = field(default=None, repr=False)
    notebook: Notebook | None = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)  # "rung.option" -> value, as the user set them
    asked: frozenset[str] = frozenset()  # rungs that the user named
    search: int = 0  # settings that each rung that trains may try
    storage: str | None = None  # where several machines share one search
    prompted: Callable[[Sequence[str]], Prompted] | None = field(default=None, repr=False)  # of class names
    rate: float | str | None = None  # learning rate of the body for every rung that trains; "find": by a range test
    left: Callable[[], float] = field(default=endless, repr=False)  # seconds of the budget that remain
    beside: Mapping[Role, BackboneCard] = field(default_factory=dict)  # backbones of other kinds of columns
    named: Named | None = None  # the classes as texts, where their names may tell something
    confidence: float = SURE  # of the bound that a challenger's gain must have above 0
    min_gain: float = LEAST  # points that it must gain at over twice the latency or size

    @property
    def widths(self) -> dict[str, int]:
        """How many numbers the embedding of each embedded column has."""
        own = self.backbone.width if self.backbone else 0
        roles = {column.name: column.role for column in self.columns}
        known = {role: card.width for role, card in self.beside.items()}
        return {name: known.get(roles[name], own) for name in self.inputs.embedded}

    def names(self, *roles: Role) -> tuple[str, ...]:
        """Names of the columns with one of these roles, in table order."""
        return tuple(column.name for column in self.columns if column.role in roles)


@dataclass(frozen=True)
class Trial:
    """What one rung showed on the rows that judge.

    prediction: float32 (R, V, C): repeat, judged row (order of plan.judged), output.
    choice: the settings found on training rows, JSON-ready; `refit` takes them back.
    train_rows / train_prediction: the first fold's training rows, predicted by the model trained on them.
    """

    prediction: Floats
    choice: dict[str, Any]
    trained: int
    train_rows: Ints
    train_prediction: Floats
    notes: tuple[str, ...] = ()
    model: "Model | None" = None  # trained on train_rows' fold, where refitting costs too much for a rung that may lose
    again: float | None = None  # seconds of one training, where a budget counts them


class Rung(Protocol):
    """One adaptation strategy. `order` is its place on the ladder, cheapest first."""

    name: str
    order: int
    title: str

    def applies(self, job: Job) -> str:
        """Empty when the rung can serve this job, else the reason why not."""

    def predict_cost(self, job: Job) -> Cost:
        """Seconds and bytes for `climb` + `refit`, from a few measured steps."""

    def climb(self, job: Job) -> Trial:
        """Predict every judged row by models that never saw it."""

    def refit(self, job: Job, choice: dict[str, Any]) -> Model:
        """Train on all pool rows with the settings found."""
