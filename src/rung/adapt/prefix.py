"""Activations below the freeze line, computed once: an epoch then costs only the blocks that are trained.

No family is named here. A pass is stopped where the first trained block begins and what it was given is kept; later
passes run a model without the blocks below and hand it what was kept. Whether a model can do without them is tried, not
assumed: a family whose first block computes something for all others (T5's position bias) keeps that one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any
from weakref import WeakMethod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rung.core.contracts import Prepared, Tunable
from rung.core.memory import out_of_memory
from rung.core.types import Ints

ALIKE = 1e-4  # of float32 vectors with and without the blocks below
TOKENS = 1024  # that pass at once on a CPU; 4,096 took as long and 55 to 90 MB more (MiniLM, sms_spam, TREC-6)
ON_DEVICE = 4096
Told = Callable[[int], None]
Passed = Callable[[Ints], None]


class _Reached(Exception):  # not an error: the pass may end here
    def __init__(self, hidden: Tensor) -> None:
        super().__init__()
        self.hidden = hidden


def hidden_before(tunable: Tunable, module: nn.Module, block: nn.Module, batch: Any) -> Tensor:
    """What `block` is first given when `batch` passes `module`, which ends there: (N, T, D), or (U, ...) of windows."""

    def stop(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        raise _Reached(args[0] if args else kwargs[_states(kwargs)])

    handle = block.register_forward_pre_hook(stop, with_kwargs=True)
    try:
        tunable.vectors(module, batch)
    except _Reached as reached:
        return reached.hidden
    finally:
        handle.remove()
    raise ValueError("the pass never came to the block")


def stand_ins(tunable: Tunable, module: nn.Module, block: nn.Module, batch: Any) -> Callable[[], None]:
    """Let everything that ends before `block` begins give zeros of its shape, which cost nothing; returns the way back.

    For windows, whose shape is always the same: what a layer gave for one batch, it gives for any, row by row.
    """
    names = {part: name for name, part in module.named_modules()}
    gave: dict[str, Any] = {}

    def record(part: nn.Module, _: Any, out: Any) -> None:
        gave.setdefault(names[part], out)

    hooks = [part.register_forward_hook(record) for part in names if names[part]]
    try:
        hidden_before(tunable, module, block, batch)
    finally:
        for hook in hooks:
            hook.remove()
    whole = [name for name in gave if not any(name.startswith(f"{other}.") for other in gave)]
    for name in whole:
        part: Any = module.get_submodule(name)
        part.forward = _Hollow(gave[name], int(batch.count_N.sum()))

    def put_back() -> None:
        for name in whole:
            del module.get_submodule(name).forward

    return put_back


class _Hollow:
    """What a layer gave, for any number of windows: zeros where it had one entry a window, else the very values."""

    def __init__(self, gave: Any, units: int) -> None:
        self.gave, self.units = gave, units

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        like = next(each for each in (*args, *kwargs.values()) if isinstance(each, Tensor))
        return self._of(self.gave, len(like))

    def _of(self, gave: Any, units: int) -> Any:
        if isinstance(gave, tuple | list):
            return type(gave)(self._of(each, units) for each in gave)
        if isinstance(gave, Tensor) and gave.ndim and len(gave) == self.units:
            return gave.new_zeros(()).expand(units, *gave.shape[1:])
        return gave


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
        self._blocks = (blocks,)  # in a tuple, as above
        self._given: Tensor | None = None
        below, above = blocks[: self.left_out], blocks[self.left_out :]
        batch = tunable.batch(probe, np.arange(len(probe.ids)))
        with torch.no_grad():
            wanted_ND = tunable.vectors(module, batch)
            hidden = hidden_before(tunable, module, self.first, batch)
            self.first.register_forward_pre_hook(_weakly(self._hand_over), with_kwargs=True)
            if not tunable.padded:
                put_back = stand_ins(tunable, module, self.first, batch)
                if self._alike(probe, hidden, wanted_ND):
                    return
                put_back()
            for kept in ([], below[:1], below):
                tunable.keep_blocks(module, [*kept, *above])
                if self._alike(probe, hidden, wanted_ND):
                    return
            tunable.keep_blocks(module, blocks)
        raise ValueError("this architecture can't run from its middle")

    @contextmanager
    def uncut(self) -> Iterator[None]:
        """All blocks are in their places within, so that each weight has its own name."""
        cut = list(self.tunable[0].blocks(self.module))
        self.tunable[0].keep_blocks(self.module, self._blocks[0])
        try:
            yield
        finally:
            self.tunable[0].keep_blocks(self.module, cut)

    def _alike(self, probe: Prepared, hidden: Tensor, wanted_ND: Tensor) -> bool:
        """Whether the rest gives the model's own vectors, also of one row fewer; False where it can't run at all."""
        tunable, rows = self.tunable[0], np.arange(len(probe.ids))
        units = int(np.sum([len(probe.ids[row]) for row in rows[:-1]]))
        fewer = hidden[: len(rows) - 1 if tunable.padded else units]
        for some, given in ((rows, hidden), (rows[:-1], fewer)):
            if not len(some) or (tunable.padded and len(some) < len(rows)):
                continue  # a padded batch of other rows may be shorter than what was kept
            try:
                got_ND = self(tunable.batch(probe, some, hollow=True), given)
            except (RuntimeError, TypeError, ValueError, AttributeError, IndexError, KeyError):
                return False  # a model that can't run without these blocks: the next try leaves more of them
            if not torch.allclose(got_ND, wanted_ND[: len(some)], atol=ALIKE, rtol=ALIKE):
                return False
        return True

    def forward(self, batch: Any, hidden: Tensor) -> Tensor:
        """(N, width) vectors of rows whose states below the line are `hidden`: (N, T, D), or (U, ...) of windows."""
        self._given = hidden
        found: Tensor = self.tunable[0].vectors(self.module, batch)
        return found

    def _hand_over(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given, self._given = self._given, None  # once a pass: ALBERT calls the same block again and again
        if given is None:
            return None
        return ((given, *args[1:]), kwargs) if args else (args, {**kwargs, _states(kwargs): given})


def _weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, without holding its object: a hook that does keeps a module alive until garbage is collected."""
    held = WeakMethod(method)

    def call(*args: Any) -> Any:
        alive = held()
        return None if alive is None else alive(*args)

    return call


def _states(kwargs: Mapping[str, Any]) -> str:
    """Under which name a block is given its states: the first tensor's."""
    return next(name for name, value in kwargs.items() if isinstance(value, Tensor))


@dataclass(frozen=True)
class Kept:
    """Hidden states on disk as bfloat16 bits (U, ...): row n has those of its tokens or windows from offset[n] on."""

    bits_U: NDArray[np.uint16] = field(repr=False)
    offset_N: Ints
    padded: bool
    innermost: bool = False  # channels of maps (U, C, H, W) lie innermost, as convolutions like them

    def rows(self, rows: Ints, device: torch.device) -> Tensor:
        """Float32 states of these rows: (N, T, D) filled with zeros to the longest, or windows one after another."""
        length_N = self.offset_N[rows + 1] - self.offset_N[rows]
        shape = (len(rows), int(length_N.max())) if self.padded else (int(length_N.sum()),)
        out = torch.zeros(*shape, *self.bits_U.shape[1:], dtype=torch.bfloat16)
        into, at = out.view(torch.uint16).numpy(), 0
        for i, row in enumerate(rows):
            own = self.bits_U[self.offset_N[row] : self.offset_N[row + 1]]
            if self.padded:
                into[i, : len(own)] = own
            else:
                into[at : at + len(own)] = own
                at += len(own)
        found = out.to(device).float()
        return found.contiguous(memory_format=torch.channels_last) if self.innermost else found


def keep(
    tunable: Tunable, module: nn.Module, k: int, columns: Sequence[Prepared], *, told: Told = lambda _: None
) -> tuple[Kept, ...]:
    """One pass of every row of every column up to the top k blocks; what it gave, memory-mapped, one a column.

    The files have no name, so nothing is left of them when the process ends. told: hears rows done.
    """
    first = list(tunable.blocks(module))[-k]
    done, found = 0, []
    for prepared in columns:
        length_N = np.fromiter(map(len, prepared.ids), np.int64, len(prepared.ids))
        offset_N = np.concatenate([np.zeros(1, np.int64), np.cumsum(length_N)])
        bits_U: NDArray[np.uint16] | None = None
        innermost = False

        def one(
            rows: Ints, prepared: Prepared = prepared, length_N: Ints = length_N, offset_N: Ints = offset_N
        ) -> None:
            nonlocal bits_U, innermost, done
            with frozen(module), torch.inference_mode():
                hidden = hidden_before(tunable, module, first, tunable.batch(prepared, rows))
                bits = hidden.bfloat16().contiguous().cpu().view(torch.uint16).numpy()
            if bits_U is None:
                innermost = hidden.ndim == 4 and not hidden.is_contiguous()
                bits_U = _room((int(offset_N[-1]), *bits.shape[2 if tunable.padded else 1 :]))
            at = 0
            for i, row in enumerate(rows):
                own = bits[i, : length_N[row]] if tunable.padded else bits[at : at + length_N[row]]
                bits_U[offset_N[row] : offset_N[row + 1]] = own
                at += len(own)
            done += len(rows)
            told(done)

        on_cpu = next(module.parameters()).device.type == "cpu"
        in_passes(length_N, tunable.at_once, one, tokens=TOKENS if on_cpu else ON_DEVICE)
        assert bits_U is not None
        found.append(Kept(bits_U, offset_N, tunable.padded, innermost))
    return tuple(found)


def _room(shape: tuple[int, ...]) -> NDArray[np.uint16]:
    with TemporaryFile() as file:
        return np.memmap(file, np.uint16, "w+", shape=shape)


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Evaluate within: no dropout, no statistics that move; training mode is restored after."""
    before = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(before)


def in_passes(length_N: Ints, most: int, run: Passed, *, tokens: int = TOKENS) -> int:
    """Give `run` the indices of all rows, the longest first: at most `most` at once, and so many tokens.

    A pass for which memory runs out is made again by halves. Returns how many rows may pass at once in the end.

    >>> seen = []
    >>> in_passes(np.array([3, 9, 2, 2]), 2, lambda rows: seen.append(rows.tolist()), tokens=12)
    2
    >>> seen
    [[1], [0, 2], [3]]
    """
    order = np.argsort(-length_N, kind="stable")
    while len(order):
        take = max(1, min(most, tokens // max(1, int(length_N[order[0]]))))
        try:
            run(order[:take])
        except (MemoryError, RuntimeError) as error:
            if take == 1 or not out_of_memory(error):
                raise
            most, take = min(take, len(order)) // 2 or 1, 0
        if not take and torch.cuda.is_available():
            torch.cuda.empty_cache()  # out here, where the error no longer holds what the pass had made
        order = order[take:]
    return most
