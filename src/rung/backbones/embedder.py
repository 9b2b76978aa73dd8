"""The embedding engine: every distinct text passes the backbone once, ever."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

import numpy as np

from rung.backbones.batches import batches
from rung.backbones.cache import Cache
from rung.backbones.huggingface import HuggingFaceText
from rung.backbones.shelf import Shelf, key
from rung.backbones.tunable import TunableText
from rung.backbones.tuned import ChangedText
from rung.backbones.workers import each
from rung.core.contracts import Prepared
from rung.core.types import Delta, Floats, Ints, Progress, Tell, silent

WINDOW = 32_768  # texts sorted together: enough for full batches of one length, few enough for bounded memory
WORTH_PACKING = 256  # texts
CPU_TOKENS = 1024  # a batch: activations stay in the caches of one core
GPU_TOKENS = 16_384
SAMPLE = 256  # texts measured to predict the rest: full batches for every core
Put = Callable[[int, Floats], None]
Get = Callable[[Ints], Floats]


class BackboneEmbedder:
    """A backbone with its cache: texts in, float32 vectors out, row for row.

    Equal texts pass once; what any run on this machine embedded before does not pass at all. Batches are sorted by
    length and cut by tokens. `card`, `fingerprint` and `precision` say what the vectors came from.
    """

    def __init__(self, backbone: HuggingFaceText, *, precision: str, cache: Cache | None) -> None:
        backbone.settle(precision)
        self.backbone = backbone
        self.card = backbone.card
        self.fingerprint = backbone.fingerprint
        self.precision = precision
        self._cache = cache
        self._shelf = Shelf(cache, self.card, self.fingerprint, precision)
        self._tuned: dict[str, BackboneEmbedder] = {}

    @property
    def tunable(self) -> TunableText:
        """The backbone for training."""
        return TunableText(self.backbone)

    def tuned(self, delta: Delta) -> "BackboneEmbedder":
        """An embedder of this backbone as `delta` changed it; the last one asked for is kept."""
        if delta.fingerprint not in self._tuned:
            changed = ChangedText(self.backbone, delta)
            self._tuned = {delta.fingerprint: BackboneEmbedder(changed, precision=self.precision, cache=self._cache)}
        return self._tuned[delta.fingerprint]

    def __call__(self, texts: Sequence[str], *, tell: Tell = silent) -> Floats:
        """(N, width) float32, row n for texts[n]. tell: hears rows done and rows in all."""
        out_ND = np.empty((len(texts), self.card.width), np.float32)

        def put(begin: int, vector_ND: Floats) -> None:
            out_ND[begin : begin + len(vector_ND)] = vector_ND

        self._stream(texts, len(texts), put, lambda row_N: out_ND[row_N], tell)
        return out_ND

    def embed_to(self, path: str | Path, texts: Iterable[str], *, rows: int, tell: Tell = silent) -> None:
        """Write the vectors of `rows` texts to a .npy file as they come: memory stays bounded for any number.

        texts: may be a generator. Raises ValueError when it gives another number of texts than `rows`, OSError.
        """
        temporary = Path(path).with_name(f".{Path(path).name}.part")
        shape = {"descr": "<f4", "fortran_order": False, "shape": (rows, self.card.width)}
        try:
            with temporary.open("w+b") as file:
                np.lib.format.write_array_header_1_0(file, shape)
                sink = _Sink(file, self.card.width)
                done = self._stream(texts, rows, sink.put, sink.get, tell)
                if done != rows:
                    raise ValueError(f"{rows} texts were announced, {done} came")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def uncached(self, texts: Sequence[str]) -> Floats:
        """(N, width) float32 as a first call would compute it, nothing looked up and nothing kept."""
        return self._compute(list(texts), lambda _: None)

    def truncated(self, texts: Sequence[str]) -> Ints:
        """Indices of the texts that the limit cuts."""
        windows = (texts[begin : begin + WINDOW] for begin in range(0, len(texts), WINDOW))
        cut = [np.flatnonzero(self.backbone.prepare(window).truncated) for window in windows]
        return np.concatenate([np.empty(0, np.int64), *(part + n * WINDOW for n, part in enumerate(cut))]).astype(
            np.int64
        )

    def seconds_for(self, texts: Sequence[str]) -> float:
        """Predict how long embedding `texts` will take, from a measured sample of those not cached yet.

        The sample's vectors are kept, so nothing measured is thrown away.
        """
        distinct = list(dict.fromkeys(texts))
        missing = [distinct[i] for i in np.flatnonzero(self._shelf.find([key(text) for text in distinct]) < 0)]
        if not missing:
            return 0.0
        sample = missing[:: max(1, len(missing) // SAMPLE)][:SAMPLE]
        if len(missing) >= WORTH_PACKING:
            self.backbone.pack()
        self.uncached(sample[:1])  # loading the weights is no part of the rate
        begun = perf_counter()
        vector_ND = self.uncached(sample)
        spent = perf_counter() - begun
        self._shelf.keep([key(text) for text in sample], vector_ND)
        left = len(missing) - len(sample)
        return spent / len(sample) * left

    def save_preprocessing(self, folder: str) -> None:
        """Write the tokenizer's files, bit for bit."""
        self.backbone.save_preprocessing(folder)

    def _stream(self, texts: Iterable[str], rows: int, put: Put, get: Get, tell: Tell) -> int:
        """Fill all rows, a window at a time; return how many there were.

        first: content hash -> the row that has its vector, so that equal texts of different windows pass once too.
        """
        first: dict[bytes, int] = {}
        begin = 0
        for window in _windows(texts):
            keys = [key(text) for text in window]
            row_N = np.array([first.setdefault(k, begin + i) for i, k in enumerate(keys)], np.int64)
            vector_ND = np.empty((len(window), self.card.width), np.float32)
            earlier = row_N < begin
            vector_ND[earlier] = get(row_N[earlier])
            own = np.flatnonzero(row_N == np.arange(begin, begin + len(window)))
            vector_ND[own] = self._distinct([window[i] for i in own], [keys[i] for i in own], begin, rows, tell)
            later = ~earlier
            vector_ND[later] = vector_ND[row_N[later] - begin]
            put(begin, vector_ND)
            begin += len(window)
            tell(Progress("embed", begin, rows))
        return begin

    def _distinct(self, texts: list[str], keys: list[bytes], done: int, rows: int, tell: Tell) -> Floats:
        """Vectors of texts that all differ: from the shelf, else computed and put there."""
        stored_N = self._shelf.find(keys)
        have = np.flatnonzero(stored_N >= 0)
        out_ND = np.empty((len(texts), self.card.width), np.float32)
        if len(have):
            read_ND = self._shelf.read(stored_N[have])
            if read_ND is None:
                have = have[:0]
            else:
                out_ND[have] = read_ND
        missing = np.setdiff1d(np.arange(len(texts)), have)
        cached = done + len(have)
        computed_ND = self._compute(
            [texts[i] for i in missing], lambda count: tell(Progress("embed", cached + count, rows))
        )
        out_ND[missing] = computed_ND
        self._shelf.keep([keys[i] for i in missing], computed_ND)
        return out_ND

    def _compute(self, texts: list[str], beat: Callable[[int], None]) -> Floats:
        """Forward passes, nothing else; beat hears how many texts are done."""
        out_ND = np.empty((len(texts), self.card.width), np.float32)
        if not texts:
            return out_ND
        if len(texts) >= WORTH_PACKING:
            self.backbone.pack()
        self.backbone.model  # noqa: B018  # read the weights before several threads ask for them
        prepared = self.backbone.prepare(texts)
        on_cpu = self.backbone.device.type == "cpu"
        planned = batches([len(ids) for ids in prepared.ids], budget=CPU_TOKENS if on_cpu else GPU_TOKENS)

        def work(batch: list[int]) -> Floats:
            return self.backbone.embed(Prepared(tuple(prepared.ids[i] for i in batch), prepared.truncated[batch]))

        count = 0
        for batch, vector_ND in zip(planned, each(work, planned) if on_cpu else map(work, planned), strict=True):
            out_ND[batch] = vector_ND
            count += len(batch)
            beat(count)
        return out_ND


class _Sink:
    """Rows of an open .npy file, written in order and read back by number."""

    def __init__(self, file: BinaryIO, width: int) -> None:
        self._file = file
        self._start = file.tell()
        self._width = width

    def put(self, begin: int, vector_ND: Floats) -> None:
        """Write rows begin, begin+1, ..."""
        self._file.seek(self._start + begin * self._width * 4)
        self._file.write(np.ascontiguousarray(vector_ND, dtype="<f4").tobytes())

    def get(self, row_N: Ints) -> Floats:
        """(N, width) float32 of rows written before."""
        out_ND = np.empty((len(row_N), self._width), np.float32)
        for i, row in enumerate(row_N.tolist()):
            self._file.seek(self._start + row * self._width * 4)
            out_ND[i] = np.frombuffer(self._file.read(self._width * 4), "<f4")
        return out_ND


def _windows(texts: Iterable[str]) -> Iterator[list[str]]:
    left = iter(texts)
    while window := list(islice(left, WINDOW)):
        yield window
