"""The embedding engine: every distinct text, image or sound passes the backbone once, ever."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

import numpy as np

from rung.backbones.batches import batches
from rung.backbones.cache import Cache
from rung.backbones.huggingface import HuggingFace
from rung.backbones.onnx import OnnxBackbone
from rung.backbones.prompts import TextSide
from rung.backbones.shelf import Shelf
from rung.backbones.texts import TextReader
from rung.backbones.tunable import TunableModel
from rung.backbones.tuned import Changed
from rung.backbones.workers import each
from rung.core.contracts import Prepared
from rung.core.pieces import Pieces
from rung.core.types import Delta, Floats, Ints, Item, Progress, Tell, silent

WINDOW = 32_768  # items sorted together: enough for full batches of one length, few enough for bounded memory
WORTH_PACKING = 256  # items
CPU_TOKENS = 1024  # a batch: activations stay in the caches of one core
GPU_TOKENS = 16_384
SAMPLE = 256  # texts measured to predict the rest: full batches for every core
FEW = 32  # images or sounds that tell as much
ON_DEVICE = 64  # images or sounds a batch of another device
Put = Callable[[int, Floats], None]
Get = Callable[[Ints], Floats]


class BackboneEmbedder:
    """A backbone with its cache: texts, images or sounds in, float32 vectors out, row for row.

    Equal items pass once; what any run on this machine embedded before does not pass at all. Batches are sorted by
    length and cut by tokens. `card`, `fingerprint` and `precision` say what the vectors came from.
    """

    def __init__(self, backbone: HuggingFace | OnnxBackbone, *, precision: str, cache: Cache | None) -> None:
        backbone.settle(precision)
        self.backbone = backbone
        self.card = backbone.card
        self.fingerprint = backbone.fingerprint
        self.precision = precision
        self._cache = cache
        self._shelf = Shelf(cache, self.card, self.fingerprint, precision)
        self._tuned: dict[str, BackboneEmbedder] = {}

    @property
    def tunable(self) -> TunableModel | None:
        """The backbone for training; None for a graph, which has no weights to train."""
        return TunableModel(self.backbone) if isinstance(self.backbone, HuggingFace) else None

    def tuned(self, delta: Delta, *, kept: int = 1) -> "BackboneEmbedder":
        """An embedder of this backbone as `delta` changed it; so many of the last ones asked for stay loaded.

        A blend of three such backbones that kept one would load three anew for every row.
        """
        found = self._tuned.pop(delta.fingerprint, None)
        while len(self._tuned) >= kept:
            del self._tuned[next(iter(self._tuned))]
        if found is None:
            if not isinstance(self.backbone, HuggingFace):
                raise TypeError(f"{self.card.id} can't be changed by a delta of kind {delta.kind}")
            changed = Changed(self.backbone, delta)
            found = BackboneEmbedder(changed, precision=self.precision, cache=self._cache)
        self._tuned[delta.fingerprint] = found
        return found

    @property
    def prompted(self) -> TextSide | None:
        """What the backbone's text side makes of class names; None where it has none."""
        if not isinstance(self.backbone, HuggingFace) or isinstance(self.backbone, Changed):
            return None
        side = TextSide(self.backbone.source, self.backbone.family)
        return side if side.here else None

    def named(self, name: str, delta: Delta) -> "BackboneEmbedder":
        """This backbone as `delta` changed it, as a backbone of its own that can be trained further."""
        if not isinstance(self.backbone, HuggingFace):
            raise TypeError(f"{self.card.id} can't be changed by a delta of kind {delta.kind}")
        return BackboneEmbedder(Changed(self.backbone, delta, name=name), precision=self.precision, cache=self._cache)

    def __call__(self, items: Sequence[Item], *, tell: Tell = silent) -> Floats:
        """(N, width) float32, row n for items[n]. tell: hears rows done and rows in all."""
        out_ND = np.empty((len(items), self.card.width), np.float32)

        def put(begin: int, vector_ND: Floats) -> None:
            out_ND[begin : begin + len(vector_ND)] = vector_ND

        self._stream(items, len(items), put, lambda row_N: out_ND[row_N], tell)
        return out_ND

    def embed_to(self, path: str | Path, items: Iterable[Item], *, rows: int, tell: Tell = silent) -> None:
        """Write the vectors of `rows` items to a .npy file as they come: memory stays bounded for any number.

        items: may be a generator. Raises ValueError when it gives another number of items than `rows`, OSError.
        """
        temporary = Path(path).with_name(f".{Path(path).name}.part")
        shape = {"descr": "<f4", "fortran_order": False, "shape": (rows, self.card.width)}
        try:
            with temporary.open("w+b") as file:
                np.lib.format.write_array_header_1_0(file, shape)
                sink = _Sink(file, self.card.width)
                done = self._stream(items, rows, sink.put, sink.get, tell)
                if done != rows:
                    raise ValueError(f"{rows} items were announced, {done} came")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def uncached(self, items: Sequence[Item]) -> Floats:
        """(N, width) float32 as a first call would compute it, nothing looked up and nothing kept."""
        return self._compute(list(items), lambda _: None)

    def truncated(self, items: Sequence[Item]) -> Ints:
        """Indices of the items that the limit cuts."""
        windows = (items[begin : begin + WINDOW] for begin in range(0, len(items), WINDOW))
        cut = [np.flatnonzero(self.backbone.prepare(window).truncated) for window in windows]
        return np.concatenate([np.empty(0, np.int64), *(part + n * WINDOW for n, part in enumerate(cut))]).astype(
            np.int64
        )

    def pieces(self, texts: Sequence[str]) -> Pieces | None:
        """How well the tokenizer knows these texts; None for images, sounds and graphs."""
        reader = self.backbone.reader
        return reader.pieces(texts) if isinstance(reader, TextReader) else None

    def seconds_for(self, items: Sequence[Item]) -> float:
        """Predict how long embedding `items` will take, from a measured sample of those not cached yet.

        The sample's vectors are kept, so nothing measured is thrown away.
        """
        distinct = list(dict.fromkeys(items))
        missing = [distinct[i] for i in np.flatnonzero(self._shelf.find([self._key(item) for item in distinct]) < 0)]
        if not missing:
            return 0.0
        many = SAMPLE if self.card.modality == "text" else FEW
        sample = missing[:: max(1, len(missing) // many)][:many]
        if len(missing) >= WORTH_PACKING:
            self.backbone.pack()
        self.uncached(sample[:1])  # loading the weights is no part of the rate
        begun = perf_counter()
        vector_ND = self.uncached(sample)
        spent = perf_counter() - begun
        self._shelf.keep([self._key(item) for item in sample], vector_ND)
        left = len(missing) - len(sample)
        return spent / len(sample) * left

    def save_preprocessing(self, folder: str) -> None:
        """Write the tokenizer's files, bit for bit."""
        self.backbone.save_preprocessing(folder)

    def _stream(self, items: Iterable[Item], rows: int, put: Put, get: Get, tell: Tell) -> int:
        """Fill all rows, a window at a time; return how many there were.

        first: content hash -> the row that has its vector, so that equal items of different windows pass once too.
        """
        first: dict[bytes, int] = {}
        begin = 0
        for window in _windows(items):
            keys = [self._key(item) for item in window]
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

    def _distinct(self, items: list[Item], keys: list[bytes], done: int, rows: int, tell: Tell) -> Floats:
        """Vectors of items that all differ: from the shelf, else computed and put there."""
        stored_N = self._shelf.find(keys)
        have = np.flatnonzero(stored_N >= 0)
        out_ND = np.empty((len(items), self.card.width), np.float32)
        if len(have):
            read_ND = self._shelf.read(stored_N[have])
            if read_ND is None:
                have = have[:0]
            else:
                out_ND[have] = read_ND
        missing = np.setdiff1d(np.arange(len(items)), have)
        cached = done + len(have)
        computed_ND = self._compute(
            [items[i] for i in missing], lambda count: tell(Progress("embed", cached + count, rows))
        )
        out_ND[missing] = computed_ND
        self._shelf.keep([keys[i] for i in missing], computed_ND)
        return out_ND

    def _compute(self, items: list[Item], beat: Callable[[int], None]) -> Floats:
        """Forward passes, nothing else; beat hears how many items are done."""
        out_ND = np.empty((len(items), self.card.width), np.float32)
        if not items:
            return out_ND
        if len(items) >= WORTH_PACKING:
            self.backbone.pack()
        self.backbone.model  # noqa: B018  # read the weights before several threads ask for them
        on_cpu = self.backbone.device.type == "cpu"
        if self.card.modality != "text":
            return self._windows(items, beat) if on_cpu else self._on_device(items, beat)
        prepared = self.backbone.prepare(items)
        planned = batches([len(ids) for ids in prepared.ids], budget=CPU_TOKENS if on_cpu else GPU_TOKENS)

        def work(batch: list[int]) -> Floats:
            return self.backbone.embed(prepared.take(batch))

        count = 0
        for batch, vector_ND in zip(planned, each(work, planned) if on_cpu else map(work, planned), strict=True):
            out_ND[batch] = vector_ND
            count += len(batch)
            beat(count)
        return out_ND

    def _windows(self, items: list[Item], beat: Callable[[int], None]) -> Floats:
        """Images or sounds on the CPU: whoever reads a batch embeds it, so that no core waits and few are in memory."""
        some = self.backbone.reader.side_by_side

        def work(begin: int) -> Floats:
            return self.backbone.embed(self.backbone.prepare(items[begin : begin + some]))

        found, count = [], 0
        for vector_ND in each(work, range(0, len(items), some)):
            found.append(vector_ND)
            count += len(vector_ND)
            beat(count)
        return np.concatenate(found)

    def _on_device(self, items: list[Item], beat: Callable[[int], None]) -> Floats:
        """Images or sounds on a device: all cores read, then the device embeds."""
        found = []
        for begin in range(0, len(items), ON_DEVICE):
            some = items[begin : begin + ON_DEVICE]
            read = each(lambda at, some=some: self.backbone.prepare(some[at : at + 1]), range(len(some)))  # type: ignore[misc]  # mypy asks for an annotation that a lambda can't have
            ids = [prepared.ids[0] for prepared in read]
            found.append(self.backbone.embed(Prepared(ids, np.zeros(len(ids), np.bool_))))
            beat(begin + len(some))
        return np.concatenate(found)

    def _key(self, item: Item) -> bytes:
        return self.backbone.reader.key(item)


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


def _windows(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(items)
    while window := list(islice(left, WINDOW)):
        yield window
