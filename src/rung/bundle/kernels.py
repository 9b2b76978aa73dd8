"""Random-convolution features of series, in the manner of MiniRocket: what training rows fitted, applied by numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.errors import BadShape
from rung.core.gaps import filled
from rung.core.rng import generator
from rung.core.types import Floats, Ints, Media

LENGTH = 9  # weights of a kernel: six of -1 and three of 2
PLACES = np.array(list(combinations(range(LENGTH), 3)))  # (84, 3): where the 2s are
FEATURES = 9996  # 84 kernels, each with 119 pairs of dilation and bias
MOST_DILATIONS = 32
MOST_CHANNELS = 9  # that one kernel adds up
GOLDEN = (np.sqrt(5) + 1) / 2
AT_ONCE = 60_000  # values of a series times rows: what a core's cache holds
COUNTED = 255  # steps that are counted before a byte runs over
TENSORS = ("dilation", "triple", "begin", "adds", "bias")
BESIDE = 2  # features of every series beside the kernels': the missing share and the length


@dataclass(frozen=True)
class Kernels:
    """Fitted kernels of one column of series.

    dilation (P,), triple (P,), biases (P + 1,): of each pair of kernel and dilation its dilation, its row of PLACES
    and where its biases begin. adds (P, C): whether a channel is added up. bias (F,). A feature is the share of a
    series' steps whose convolution is above the bias; every other pair leaves out the steps that the kernel's ends
    overhang. Two more: the share of missing values, and the logarithm of the length.
    Source: Dempster, Schmidt and Webb 2021, MiniRocket, sections 3.1 to 3.3; their multivariate version for channels.
    """

    column: str
    dilation: Ints
    triple: Ints
    begin: Ints
    adds: NDArray[np.bool_]
    bias: Floats

    def apply(self, items: Sequence[Media]) -> Floats:
        """(N, F + 2) float32. Raises BadShape for another number of channels, UnreadableMedia."""
        values = [item.values() for item in items]
        out_NF = np.zeros((len(items), len(self.bias) + BESIDE), np.float32)
        for i, value in enumerate(values):
            if len(value) != self.adds.shape[1]:
                what = f"series {items[i].name} of column {self.column!r}"
                raise BadShape(what, wanted=f"{self.adds.shape[1]} channels", got=len(value))
            out_NF[i, -2:] = np.isnan(value).mean(), np.log(value.shape[1])
        lengths = np.array([value.shape[1] for value in values])
        for length in np.unique(lengths):
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
        known: tuple[int, bytes] | None = None
        for p, (dilation, triple) in enumerate(zip(self.dilation.tolist(), self.triple.tolist(), strict=True)):
            if known != (dilation, self.adds[p].tobytes()):  # neighbours share it, and series of one channel all do
                known = (dilation, self.adds[p].tobytes())
                shifted, total = _shifted(_added(x_TCN, self.adds[p]), dilation)
            first, last = self.begin[p], self.begin[p + 1]
            conv_TN = _cropped(_convolved(shifted, total, triple), dilation, p)
            out_FN[first:last] = _above(conv_TN, self.bias[first:last])
        return out_FN


def fit_kernels(column: str, items: Sequence[Media], *, seed: int, features: int = FEATURES) -> Kernels:
    """Dilations for the length of these training rows, biases from quantiles of their convolutions.

    Each pair of kernel and dilation takes its biases from one row, drawn by content: the order of rows does not matter.
    features: about how many. Raises UnreadableMedia.
    """
    items = sorted(items, key=lambda item: item.key)
    draw = generator(seed, "kernels", column)
    known = [filled(item.values()) for item in items]
    usual = int(np.median([value.shape[1] for value in known]))
    dilations, each = _dilations(usual, max(1, features // len(PLACES)))
    channels = known[0].shape[0]
    pairs, many = len(dilations) * len(PLACES), np.repeat(each, len(PLACES))
    begin = np.concatenate([[0], np.cumsum(many)])
    share = (np.arange(1, begin[-1] + 1) * GOLDEN) % 1
    adds = _subsets(draw, pairs, channels)
    row = draw.integers(len(known), size=pairs)
    bias = np.empty(begin[-1], np.float32)
    for p in range(pairs):
        dilation, triple = int(dilations[p // len(PLACES)]), p % len(PLACES)
        shifted, total = _shifted(_added(known[row[p]].T[:, :, None], adds[p]), dilation)
        conv_T = _convolved(shifted, total, triple)[:, 0]
        bias[begin[p] : begin[p + 1]] = np.quantile(conv_T, share[begin[p] : begin[p + 1]])
    triples = np.tile(np.arange(len(PLACES)), len(dilations))
    return Kernels(column, np.repeat(dilations, len(PLACES)), triples, begin.astype(np.int64), adds, bias)


def _dilations(length: int, features: int) -> tuple[Ints, Ints]:
    """Dilations up to where a kernel spans the series, and how many of a kernel's features each gets."""
    top = np.log2(max(1.0, (length - 1) / (LENGTH - 1)))
    many = min(features, MOST_DILATIONS)
    found, counts = np.unique(np.logspace(0, top, many, base=2).astype(np.int64), return_counts=True)
    each = (counts * (features / many)).astype(np.int64)
    for i in range(features - int(each.sum())):
        each[i % len(each)] += 1
    return found, each


def _subsets(draw: np.random.Generator, pairs: int, channels: int) -> NDArray[np.bool_]:
    """(P, C): 1 to 9 channels a pair, fewer more often (the logarithm is uniform)."""
    if channels == 1:
        return np.ones((pairs, 1), np.bool_)
    many_P = (2 ** draw.uniform(0, np.log2(min(channels, MOST_CHANNELS) + 1), pairs)).astype(np.int64)
    rank_PC = draw.random((pairs, channels)).argsort(axis=1).argsort(axis=1)
    return np.asarray(rank_PC < many_P[:, None], np.bool_)


def _added(x_TCN: Floats, adds_C: NDArray[np.bool_]) -> Floats:
    """(T, N): a convolution of several channels is that of their sum. One by one, so that no layout rounds it anew."""
    first, *rest = np.flatnonzero(adds_C)
    x_TN = x_TCN[:, first]
    for channel in rest:
        x_TN = x_TN + x_TCN[:, channel]
    return np.asarray(x_TN, np.float32)


def _shifted(x_TN: Floats, dilation: int) -> tuple[list[Floats], Floats]:
    """What each of the nine weights sees of the padded series, (T, N), and their sum."""
    reach = (LENGTH - 1) * dilation // 2
    padded = np.pad(x_TN, ((reach, reach), (0, 0)))
    shifted = [padded[j * dilation : j * dilation + len(x_TN)] for j in range(LENGTH)]
    total = shifted[0].copy()
    for each in shifted[1:]:
        total += each
    return shifted, total


def _convolved(shifted: Sequence[Floats], total_TN: Floats, triple: int) -> Floats:
    """(T, N): weights of -1 everywhere, and 3 more at three places."""
    a, b, c = PLACES[triple]
    conv_TN = shifted[a] + shifted[b]
    conv_TN += shifted[c]
    conv_TN *= np.float32(3)
    conv_TN -= total_TN
    return conv_TN


def _cropped(conv_TN: Floats, dilation: int, pair: int) -> Floats:
    """Every other pair without the steps that the kernel's ends overhang, where any other is left."""
    reach = (LENGTH - 1) * dilation // 2
    odd = (pair // len(PLACES) + pair % len(PLACES)) % 2
    return conv_TN[reach:-reach] if odd and len(conv_TN) > 2 * reach else conv_TN


def _above(conv_TN: Floats, bias_K: Floats) -> Floats:
    """(K, N) shares of the steps that are above each bias."""
    count_KN = np.zeros((len(bias_K), conv_TN.shape[1]), np.float32)
    for begin in range(0, len(conv_TN), COUNTED):
        above_TKN = conv_TN[begin : begin + COUNTED, None] > bias_K[:, None]
        count_KN += np.add.reduce(above_TKN.view(np.uint8), axis=0, dtype=np.uint8)
    return count_KN / np.float32(len(conv_TN))
