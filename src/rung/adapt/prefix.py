"""Activations below the freeze line, computed once: an epoch then costs only the blocks that are trained.

No family is named here. A pass is stopped where the first trained block begins and what it was given is kept; later
passes run a model without the blocks below and hand it what was kept. Whether a model can do without them is tried, not
assumed: a family whose first block computes something for all others (T5's position bias) keeps that one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rung.core.contracts import Prepared, Tunable
from rung.core.types import Ints

ALIKE = 1e-4  # of float32 vectors with and without the blocks below
TOKENS = 4096  # a batch of the one pass
Passed = Callable[[int], None]


class _Reached(Exception):  # not an error: the pass may end here
    def __init__(self, hidden_NTD: Tensor) -> None:
        super().__init__()
        self.hidden_NTD = hidden_NTD


def hidden_before(tunable: Tunable, module: nn.Module, block: nn.Module, batch: Any) -> Tensor:
    """(N, T, D): what `block` is first given when `batch` passes `module`; the pass ends there."""

    def stop(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        raise _Reached(args[0] if args else kwargs["hidden_states"])

    handle = block.register_forward_pre_hook(stop, with_kwargs=True)
    try:
        tunable.vectors(module, batch)
    except _Reached as reached:
        return reached.hidden_NTD
    finally:
        handle.remove()
    raise ValueError("the pass never came to the block")


class Suffix(nn.Module):
    """The blocks from the freeze line up, fed with what was kept: the same vectors for a fraction of the work.

    module: the whole bare model; its list of blocks is cut. k: blocks that are left on top.
    Raises ValueError where no way of leaving out the rest gives the model's own vectors on `probe`.
    """

    def __init__(self, tunable: Tunable, module: nn.Module, k: int, probe: Prepared) -> None:
        super().__init__()
        self.tunable = [tunable]  # in a list, so that it is no part of the module
        blocks = list(tunable.blocks(module))
        self.module, self.first = module, blocks[len(blocks) - k]
        self.left_out = len(blocks) - k
        self._given: Tensor | None = None
        below, above = blocks[: self.left_out], blocks[self.left_out :]
        batch = tunable.batch(probe, np.arange(len(probe.ids)))
        with torch.no_grad():
            wanted_ND = tunable.vectors(module, batch)
            hidden_NTD = hidden_before(tunable, module, self.first, batch)
            self.first.register_forward_pre_hook(self._hand_over, with_kwargs=True)
            for kept in ([], below[:1], below):
                tunable.keep_blocks(module, [*kept, *above])
                try:
                    got_ND = self(batch, hidden_NTD)
                except (RuntimeError, TypeError, ValueError, AttributeError, IndexError, KeyError):
                    continue  # a model that can't run without these blocks: the next try leaves more of them
                if torch.allclose(got_ND, wanted_ND, atol=ALIKE, rtol=ALIKE):
                    return
        raise ValueError("this architecture can't run from its middle")

    def forward(self, batch: Any, hidden_NTD: Tensor) -> Tensor:
        """(N, width) vectors of rows whose states below the line are hidden_NTD (N, T, D)."""
        self._given = hidden_NTD
        found: Tensor = self.tunable[0].vectors(self.module, batch)
        return found

    def _hand_over(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given, self._given = self._given, None  # once a pass: ALBERT calls the same block again and again
        if given is None:
            return None
        return ((given, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": given})


@dataclass(frozen=True)
class Kept:
    """Hidden states of rows of unequal length on disk: (tokens, D) bfloat16 bits, row n from offset[n] on."""

    bits_TD: NDArray[np.uint16] = field(repr=False)
    offset_N: Ints

    def rows(self, rows: Ints, like: Tensor) -> Tensor:
        """(N, T, D) float32 of these rows, padded with zeros to the longest, on the device of `like`."""
        length_N = self.offset_N[rows + 1] - self.offset_N[rows]
        out = torch.zeros(len(rows), int(length_N.max()), self.bits_TD.shape[1], dtype=torch.bfloat16)
        into = out.view(torch.uint16).numpy()
        for i, row in enumerate(rows):
            into[i, : length_N[i]] = self.bits_TD[self.offset_N[row] : self.offset_N[row + 1]]
        return out.to(like.device).float()


def keep(
    tunable: Tunable, module: nn.Module, k: int, columns: Sequence[Prepared], *, told: Passed = lambda _: None
) -> tuple[Kept, ...]:
    """One pass of every row of every column up to the top k blocks; what it gave, memory-mapped, one a column.

    The files have no name, so nothing is left of them when the process ends. told: hears rows done.
    """
    first = list(tunable.blocks(module))[-k]
    done, found = 0, []
    for prepared in columns:
        length_N = np.fromiter(map(len, prepared.ids), np.int64, len(prepared.ids))
        offset_N = np.concatenate([np.zeros(1, np.int64), np.cumsum(length_N)])
        with TemporaryFile() as file:
            file.truncate(int(offset_N[-1]) * tunable.card.width * 2)
            bits_TD = np.memmap(file, np.uint16, "r+", shape=(int(offset_N[-1]), tunable.card.width))
        for rows in _batches(length_N):
            with frozen(module), torch.inference_mode():
                hidden_NTD = hidden_before(tunable, module, first, tunable.batch(prepared, rows))
                bits_NTD = hidden_NTD.bfloat16().cpu().view(torch.uint16).numpy()
            for i, row in enumerate(rows):
                bits_TD[offset_N[row] : offset_N[row + 1]] = bits_NTD[i, : length_N[row]]
            done += len(rows)
            told(done)
        found.append(Kept(bits_TD, offset_N))
    return tuple(found)


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Evaluate within: no dropout, no statistics that move; training mode is restored after."""
    before = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(before)


def _batches(length_N: Ints) -> Iterator[Ints]:
    order = np.argsort(-length_N, kind="stable")
    while len(order):
        take = max(1, TOKENS // max(1, int(length_N[order[0]])))
        yield order[:take]
        order = order[take:]
