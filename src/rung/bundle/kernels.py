"""Random-convolution features of series, in the manner of MiniRocket: what training rows fitted, applied by numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.blank import Blank
from rung.core.errors import BadShape
from rung.core.gaps import filled
from rung.core.rng import generator
from rung.core.types import Floats, Ints, Media, missing

LENGTH = 9  # weights of a kernel: six of -1 and three of 2
PLACES = np.array(list(combinations(range(LENGTH), 3)))  # (84, 3): where the 2s are
FEATURES = 9996  # 84 kernels, each with 119 pairs of dilation and bias
MOST_DILATIONS = 32
MOST_CHANNELS = 9  # that one kernel adds up
GOLDEN = (np.sqrt(5) + 1) / 2
AT_ONCE = 30_000  # steps of a channel, times rows, that pass together
GROUP = 120_000  # those of all pairs that are convolved together: what a core's cache holds
SIDE_BY_SIDE = 64
COUNTED = 255  # steps that are counted before a byte runs over
TENSORS = ("dilation", "triple", "begin", "adds", "bias", "usual")
BESIDE = 2  # features of every series beside the kernels': the missing share and the length


@dataclass(frozen=True)
class Kernels:
    """Fitted kernels of one column of series.

    dilation (P,), triple (P,), biases (P + 1,): of each pair of kernel and dilation its dilation, its row of PLACES
    and where its biases begin. adds (P, C): whether a channel is added up. bias (F,). A feature is the share of a
    series' steps whose convolution is above the bias; every other pair leaves out the steps that the kernel's ends
    overhang. Two more: the share of missing values, and the logarithm of the length over `usual` (1,), that of training
    rows. A row without a series has the shares that training rows have on average, 1 less the quantile of the bias.
    Source: Dempster, Schmidt and Webb 2021, MiniRocket, sections 3.1 to 3.3; their multivariate version for channels.
    """

    column: str
    dilation: Ints
    triple: Ints
    begin: Ints
    adds: NDArray[np.bool_]
    bias: Floats
    usual: Ints

    def apply(self, items: Sequence[Media]) -> Floats:
        """(N, F + 2) float32. Raises BadShape for another number of channels, UnreadableMedia."""
        values = {i: item.values() for i, item in enumerate(items) if not missing(item)}
        out_NF = np.tile(np.append(1 - _quantiles(len(self.bias)), [1, 0]).astype(np.float32), (len(items), 1))
        for i, value in values.items():
            if len(value) != self.adds.shape[1]:
                what = f"series {items[i].name} of column {self.column!r}"
                raise BadShape(what, wanted=f"{self.adds.shape[1]} channels", got=len(value))
            out_NF[i, -2:] = np.isnan(value).mean(), np.log(value.shape[1] / self.usual[0])
        lengths = np.array([values[i].shape[1] if i in values else 0 for i in range(len(items))])
        for length in np.unique(lengths[lengths > 0]):
            own = np.flatnonzero(lengths == length)
            step = max(1, AT_ONCE // int(length))
            for rows in np.split(own, range(step, len(own), step)):
                x_TCN = np.stack([filled(values[i]) for i in rows]).transpose(2, 1, 0)
                out_NF[rows, :-2] = self._shares(np.ascontiguousarray(x_TCN)).T
        return out_NF

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What safetensors keeps."""
        return {name: getattr(self, name) for name in TENSORS}

    def _shares(self, x_TCN: Floats) -> Floats:
        """(F, N) shares of steps above each bias."""
        out_FN = np.empty((len(self.bias), x_TCN.shape[2]), np.float32)
        together = max(1, GROUP // x_TCN[:, 0].size)
        for dilation, odd, pairs in self._groups:
            for some in np.split(pairs, range(together, len(pairs), together)):
                feature_PK = self.begin[some, None] + np.arange(self.begin[some[0] + 1] - self.begin[some[0]])
                conv_PTN = _convolved(x_TCN, self.adds[some], dilation, self.triple[some])
                share_PKN = _above(_cropped(conv_PTN, dilation, odd=odd), self.bias[feature_PK])
                out_FN[feature_PK] = share_PKN
        return out_FN

    @cached_property
    def _groups(self) -> list[tuple[int, bool, Ints]]:
        """Pairs that are convolved together: those of one dilation that leave out the ends, and those that don't."""
        place = np.arange(len(self.dilation))
        odd = (place // len(PLACES) + place % len(PLACES)) % 2 == 1
        return [
            (int(dilation), flag, np.flatnonzero((self.dilation == dilation) & (odd == flag)))
            for dilation in np.unique(self.dilation)
            for flag in (False, True)
        ]


def fit_kernels(column: str, items: Sequence[Media], *, seed: int, features: int = FEATURES) -> Kernels:
    """Dilations for the length of these training rows, biases from quantiles of their convolutions.

    Each pair of kernel and dilation takes its biases from one row, drawn by content: the order of rows does not matter.
    features: about how many. Raises UnreadableMedia.
    """
    here = sorted((item for item in items if not missing(item)), key=lambda item: item.key) or [Blank()]
    draw = generator(seed, "kernels", column)
    known = [filled(item.values()) for item in here]
    usual = int(np.median([value.shape[1] for value in known]))
    dilations, each = _dilations(usual, max(1, features // len(PLACES)))
    channels = known[0].shape[0]
    pairs, many = len(dilations) * len(PLACES), np.repeat(each, len(PLACES))
    begin = np.concatenate([[0], np.cumsum(many)])
    share = _quantiles(int(begin[-1]))
    adds = _subsets(draw, pairs, channels)
    row = draw.integers(len(known), size=pairs)
    bias = np.empty(begin[-1], np.float32)
    for p in range(pairs):
        dilation, own = int(dilations[p // len(PLACES)]), slice(begin[p], begin[p + 1])
        conv_PTN = _convolved(known[row[p]].T[:, :, None], adds[p : p + 1], dilation, np.array([p % len(PLACES)]))
        bias[own] = np.quantile(conv_PTN, share[own])
    triples = np.tile(np.arange(len(PLACES)), len(dilations))
    return Kernels(
        column, np.repeat(dilations, len(PLACES)), triples, begin.astype(np.int64), adds, bias, np.array([usual])
    )


def _dilations(length: int, features: int) -> tuple[Ints, Ints]:
    """Dilations up to where a kernel spans the series, and how many of a kernel's features each gets."""
    top = np.log2(max(1.0, (length - 1) / (LENGTH - 1)))
    many = min(features, MOST_DILATIONS)
    found, counts = np.unique(np.logspace(0, top, many, base=2).astype(np.int64), return_counts=True)
    each = (counts * (features / many)).astype(np.int64)
    for i in range(features - int(each.sum())):
        each[i % len(each)] += 1
    return found, each


def _quantiles(many: int) -> NDArray[np.float64]:
    """(F,) which quantile each bias is: spread evenly by the golden ratio, in any stretch of them."""
    return np.asarray((np.arange(1, many + 1) * GOLDEN) % 1, np.float64)


def _subsets(draw: np.random.Generator, pairs: int, channels: int) -> NDArray[np.bool_]:
    """(P, C): 1 to 9 channels a pair, fewer more often (the logarithm is uniform)."""
    if channels == 1:
        return np.ones((pairs, 1), np.bool_)
    many_P = (2 ** draw.uniform(0, np.log2(min(channels, MOST_CHANNELS) + 1), pairs)).astype(np.int64)
    rank_PC = draw.random((pairs, channels)).argsort(axis=1).argsort(axis=1)
    return np.asarray(rank_PC < many_P[:, None], np.bool_)


def _convolved(x_TCN: Floats, adds_PC: NDArray[np.bool_], dilation: int, triple_P: Ints) -> Floats:
    """(P, T, N): weights of -1 everywhere and 3 more at three places, over the padded sum of a pair's channels.

    Everything is added up one by one, in one order, so that no layout rounds it anew.
    """
    alike = bool((adds_PC == adds_PC[0]).all())
    added_QTN = np.stack([_added(x_TCN, adds_C) for adds_C in (adds_PC[:1] if alike else adds_PC)])
    reach, steps = (LENGTH - 1) * dilation // 2, len(x_TCN)
    padded = np.pad(added_QTN, ((0, 0), (reach, reach), (0, 0)))
    shifted = [padded[:, j * dilation : j * dilation + steps] for j in range(LENGTH)]
    total_QTN = shifted[0].copy()
    for each in shifted[1:]:
        total_QTN += each
    stack = np.stack(shifted)
    a, b, c = PLACES[triple_P].T
    own = np.zeros(len(triple_P), np.int64) if alike else np.arange(len(triple_P))
    conv_PTN: Floats = stack[a, own]
    conv_PTN += stack[b, own]
    conv_PTN += stack[c, own]
    conv_PTN *= np.float32(3)
    conv_PTN -= total_QTN
    return conv_PTN


def _added(x_TCN: Floats, adds_C: NDArray[np.bool_]) -> Floats:
    """(T, N): a convolution of several channels is that of their sum."""
    first, *rest = np.flatnonzero(adds_C)
    x_TN = x_TCN[:, first]
    for channel in rest:
        x_TN = x_TN + x_TCN[:, channel]
    return np.asarray(x_TN, np.float32)


def _cropped(conv_PTN: Floats, dilation: int, *, odd: bool) -> Floats:
    """Without the steps that the kernel's ends overhang, for every other pair, where any step is left."""
    reach = (LENGTH - 1) * dilation // 2
    return conv_PTN[:, reach:-reach] if odd and conv_PTN.shape[1] > 2 * reach else conv_PTN


def _above(conv_PTN: Floats, bias_PK: Floats) -> Floats:
    """(P, K, N) shares of the steps that are above each bias."""
    pairs, steps, rows = conv_PTN.shape
    aside = SIDE_BY_SIDE // rows or 1  # of few rows, as many steps as make a long enough inner loop
    whole = np.pad(conv_PTN, ((0, 0), (0, -steps % aside), (0, 0)), constant_values=-np.inf)
    conv_RPM = whole.reshape(pairs, -1, aside * rows).transpose(1, 0, 2)
    count_PKM = np.zeros((*bias_PK.shape, aside * rows), np.float32)
    for begin in range(0, len(conv_RPM), COUNTED):
        above_RPKM = conv_RPM[begin : begin + COUNTED, :, None] > bias_PK[:, :, None]
        count_PKM += np.add.reduce(above_RPKM.view(np.uint8), axis=0, dtype=np.uint8)
    count_PKN = count_PKM.reshape(*bias_PK.shape, aside, rows).sum(axis=2)
    return np.asarray(count_PKN / np.float32(steps), np.float32)
