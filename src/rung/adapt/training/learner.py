"""Body and head as one module over prepared rows: what the loop trains, whatever a row is made of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from rung.adapt.prefix import TOKENS, Kept, frozen, in_passes
from rung.adapt.training.losses import Loss
from rung.adapt.training.mix import mix, mixed
from rung.backbones.dropout import use_bytes
from rung.bundle.heads import LinearHead, Link, linked
from rung.core.contracts import Prepared, Tunable
from rung.core.stops import Thawed
from rung.core.types import Floats, Ints

Vectors = Callable[..., Tensor]
NORMS = nn.modules.batchnorm._NormBase  # noqa: SLF001  # all that count statistics


class Net(nn.Module):
    """Rows to raw outputs: the body's vector of each column, table features beside them, then a linear head."""

    def __init__(self, body: nn.Module, vectors: Vectors, head: nn.Module) -> None:
        super().__init__()
        self.body, self.head = body, head
        use_bytes(body)
        self._vectors = vectors
        self.short = False  # cast to bfloat16 within
        self.fresh = False  # a body without pretrained statistics: its batch norms have to find their own

    def train(self, mode: bool = True) -> "Net":
        """As every module, but statistics of a pretrained batch norm stay as they are: one batch could replace them."""
        super().train(mode)
        if not self.fresh:
            self._hold_norms()
        return self

    def _hold_norms(self) -> None:
        for module in self.body.modules():
            if isinstance(module, NORMS):
                module.eval()

    def forward(self, parts: Sequence["Part"], back: Tensor) -> Tensor:
        """(N, C) raw outputs, float32, of rows that pass in parts of like length; back: where each row went."""
        lone = self.fresh and self.training and len(back) == 1  # one row has no spread that a norm could take
        if lone:
            self._hold_norms()
        z_NC: Tensor = self.head(torch.cat([self._features(part) for part in parts])[back])
        if lone:
            self.train()
        return z_NC

    def _features(self, part: "Part") -> Tensor:
        device = part.batches[0].device.type
        with torch.autocast(device, dtype=torch.bfloat16, enabled=self.short):
            if part.hidden is None:
                each = [self._vectors(self.body, batch) for batch in part.batches]
            else:
                each = [self.body(batch, given) for batch, given in zip(part.batches, part.hidden, strict=True)]
        return torch.cat([vector.float() for vector in each] + ([] if part.beside is None else [part.beside]), dim=1)


@dataclass(frozen=True)
class Part:
    """Rows that pass together: a batch a column, what a prefix kept of each, table features."""

    batches: Sequence[Any]
    hidden: Sequence[Tensor] | None
    beside: Tensor | None


@dataclass(frozen=True)
class Rows:
    """All rows that a net may see, prepared once: tokens or windows by column, what a prefix kept, table features."""

    tunable: Tunable = field(repr=False)
    columns: tuple[Prepared, ...] = field(repr=False)
    beside: Floats | None = field(default=None, repr=False)
    kept: tuple[Kept, ...] | None = field(default=None, repr=False)
    mixes: tuple[str, ...] = ()  # how rows that train are mixed with others of their batch
    view: Callable[[int], "Rows"] | None = field(default=None, repr=False)  # of an epoch, as they train

    @cached_property
    def length_N(self) -> Ints:  # noqa: N802  # shape letters
        """What a row costs: its tokens or windows over all columns."""
        each = [np.fromiter(map(len, column.ids), np.int64, len(column.ids)) for column in self.columns]
        return np.asarray(np.sum(each, axis=0), dtype=np.int64)

    def take(self, rows: Ints) -> dict[str, Any]:
        """The net's arguments for these rows: cut into parts of like length where that saves more than it costs."""
        cut = parts(self.length_N[rows], self.tunable.a_pass)
        order = np.concatenate(cut)
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        found = [self._part(rows[each]) for each in cut]
        return {"parts": found, "back": torch.from_numpy(back).to(found[0].batches[0].device)}

    def mixed(self, rows: Ints) -> tuple[dict[str, Any], Ints, Tensor]:
        """The net's arguments for these rows as they train, the row that each is mixed with, and its own share."""
        if not self.mixes:
            given = self.take(rows)
            return given, rows, torch.ones(len(rows), device=given["back"].device)
        part = self._part(rows)
        if part.hidden is None:
            batch, partner, share = mixed(part.batches[0], self.mixes)
            part = replace(part, batches=[batch])
        else:
            hidden, partner, share = mix(part.hidden[0], part.batches[0].count_N, self.mixes)
            part = replace(part, hidden=[hidden])
        back = torch.arange(len(rows), device=share.device)
        return {"parts": [part], "back": back}, rows[partner], share

    def _part(self, rows: Ints) -> Part:
        hollow = self.kept is not None
        batches = [self.tunable.batch(column, rows, hollow=hollow) for column in self.columns]
        device = batches[0].device
        hidden = None if self.kept is None else [kept.rows(rows, device) for kept in self.kept]
        beside = None if self.beside is None else torch.from_numpy(self.beside[rows]).to(device)
        return Part(batches, hidden, beside)


def parts(length_N: Ints, a_pass: int) -> list[Ints]:
    """Indices of a batch in one to four parts of like length: as many as save more padding than a pass costs.

    >>> [each.tolist() for each in parts(np.array([200, 3, 200, 3]), 48)]
    [[0, 2], [1, 3]]
    """
    order = np.argsort(-length_N, kind="stable")
    tried = [np.array_split(order, min(many, len(order))) for many in (1, 2, 3, 4)]
    return min(tried, key=lambda cut: sum(len(each) * int(length_N[each[0]]) + a_pass for each in cut))


@dataclass(frozen=True)
class Learner:
    """A net, its rows, and the truth in the form that its loss takes."""

    net: Net
    rows: Rows
    truth: Tensor  # (N, ...) over the pool
    link: Link
    names: Mapping[str, str] = field(default_factory=dict, repr=False)  # a parameter's name in the bare model
    room: dict[str, int] = field(default_factory=dict, repr=False)  # "rows" at once, where memory ran out in a pass

    def depth(self, name: str) -> int:
        """0 for input embeddings up to L + 1."""
        return self.rows.tunable.depth(self.names.get(name, name))

    def losses(self, net: Any, rows: Ints, loss: Loss, epoch: int) -> Tensor:
        """(n,) of these rows as they are in this epoch; a mixed row's is that of both its truths, by their shares."""
        now = self.rows if self.rows.view is None else self.rows.view(epoch)
        given, partner, share = now.mixed(rows)
        z_NC = net(**given)
        each = loss(z_NC, self.truth[rows].to(z_NC.device))
        if not now.mixes:
            return each
        return share * each + (1 - share) * loss(z_NC, self.truth[partner].to(z_NC.device))

    def outputs(self, rows: Ints) -> Floats:
        """(n, C) raw outputs of these rows, nothing learnt."""
        out: Floats | None = None

        def one(at: Ints) -> None:
            nonlocal out
            with frozen(self.net), torch.inference_mode():
                some = self.net(**self.rows.take(rows[at])).float().cpu().numpy()
            out = np.empty((len(rows), some.shape[1]), np.float32) if out is None else out
            out[at] = some

        most, on_cpu = self.rows.tunable.at_once, next(self.net.parameters()).device.type == "cpu"
        length_N = self.rows.length_N[rows]
        tokens = TOKENS if on_cpu else most * max(1, int(length_N.max(initial=1)))  # a device is quickest with many
        if (left := in_passes(length_N, self.room.get("rows", most), one, tokens=tokens)) < most:
            self.room["rows"] = left
        return np.empty((0, int(self.net.head.out_features)), np.float32) if out is None else out  # type: ignore[arg-type]  # a layer's

    def predict(self, rows: Ints) -> Floats:
        """(n, C) probabilities, or standardised values for a regression."""
        return linked(self.outputs(rows), self.link)

    def trained(self) -> dict[str, nn.Parameter]:
        """Parameters that learn, by name."""
        return {name: parameter for name, parameter in self.net.named_parameters() if parameter.requires_grad}

    def state(self) -> dict[str, Tensor]:
        """All that training moves, by name: parameters that learn, and statistics of norms that start afresh."""
        found: dict[str, Tensor] = {**self.trained()}
        if self.net.fresh:
            found |= {f"body.{name}": each for name, each in statistics(self.net.body).items()}
        return found

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold that nothing changes within but what learns. Raises Thawed, at the end, where a checksum differs."""
        before = self._frozen()
        yield
        now = self._frozen()
        if moved := [name for name, each in before.items() if now.get(name) != each]:
            others = f" and {len(moved) - 1} more" if len(moved) > 1 else ""
            raise Thawed(f"{moved[0]}{others}, which should be frozen, changed in training")

    def _frozen(self) -> dict[str, int]:
        learns, own = self.trained(), self.net.state_dict(keep_vars=True)  # without caches, which may grow as they like
        counted = (
            {} if self.net.fresh else {name: each for name, each in own.items() if not isinstance(each, nn.Parameter)}
        )
        every = {**dict(self.net.named_parameters()), **counted}
        return {name: _checksum(each) for name, each in every.items() if name not in learns}

    def head(self) -> LinearHead:
        """The head as a bundle keeps it."""
        layer: Any = self.net.head
        weight, bias = layer.weight.detach().cpu(), layer.bias.detach().cpu()
        return LinearHead(weight.numpy().T.copy(), bias.numpy().copy(), self.link)


def _checksum(tensor: Tensor) -> int:
    return crc32(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)


def statistics(module: nn.Module) -> dict[str, Tensor]:
    """What norms have counted, by name: buffers of fractions, which training moves where nothing is pretrained."""
    return {name: each for name, each in module.named_buffers() if each.is_floating_point()}


def linear(head: LinearHead) -> nn.Linear:
    """A fitted linear head as a layer that can go on learning."""
    layer = nn.Linear(*head.weight.shape)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(head.weight.T)))
        layer.bias.copy_(torch.from_numpy(np.ascontiguousarray(head.bias)))
    return layer
