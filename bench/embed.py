"""Rung's embedding engine against sentence-transformers' default encode: same weights, same texts, tokenising included.

Alternating runs, both orders; nothing cached; cosine of every row against the peer's float32. Then where Rung's time
goes, and how far the chip's own matrix rate would carry. MiniLM, and a model of BERT-base's size with random weights
(1,000 texts of it on a CPU). On a CUDA device where there is one; the results are then those of embed_cuda.json.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from harness import (
    Claim,
    at_least,
    bert_base,
    device,
    linear_work,
    matrix_rate,
    measure_alternating,
    options,
    speedup,
    write,
)
from rung.backbones.embedder import BackboneEmbedder
from rung.backbones.load import load
from rung.core.memory import Peak

Row = dict[str, Any]
Seconds = dict[str, list[float]]
REACH = {"bfloat16": 4.0, "float32": 1.4}  # where the chip has bfloat16 units, and elsewhere
PARTS = {
    "linear": ("mkldnn::_linear_pointwise", "aten::addmm"),
    "attention": (
        "aten::bmm",
        "aten::mm",
        "aten::exp_",
        "aten::aminmax",
        "aten::div",
        "aten::mul",
        "softmax",
        "dot_product",
    ),
    "activation": ("aten::gelu",),
    "layer norm": ("native_layer_norm",),
    "copies": ("aten::copy_", "aten::clone", "aten::fill_"),
    "additions": ("aten::add",),
    "lookup": ("aten::index_select", "aten::gather", "aten::embedding"),
}


def sentences(data: Path, rows: int | None) -> tuple[str, list[str]]:
    """Customer messages of Banking77, or made-up ones of the same length where the data is not there."""
    path = data / "banking77" / "train.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            found = [row["text"] for row in csv.DictReader(file)]
        # Evenly spaced: the file is sorted by label, and labels differ in length.
        return "banking77", found[:: max(1, len(found) // rows)][:rows] if rows else found
    random = np.random.default_rng(0)
    words = "why has my new card not arrived yet and when will the pending transfer show up in the account".split()  # noqa: SIM905  # a sentence reads better
    made = [" ".join(random.choice(words, random.integers(5, 24))) + f" {i}" for i in range(rows or 10_000)]
    return "generated", made


def shares(embedder: BackboneEmbedder, texts: Sequence[str]) -> dict[str, float]:
    """Share of one core's time by kind of work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        begun = perf_counter()
        embedder.backbone.prepare(texts)
        tokenising = perf_counter() - begun
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            begun = perf_counter()
            embedder.uncached(texts)
            total = perf_counter() - begun
    finally:
        torch.set_num_threads(before)
    found = dict.fromkeys(PARTS, 0.0) | {"tokenising": tokenising / total}
    for event in profile.key_averages():
        for part, names in PARTS.items():
            if any(name in event.key for name in names):
                found[part] += event.self_cpu_time_total / 1e6 / total
                break
    return found | {"rest": max(0.0, 1 - sum(found.values()))}


def measured(backbone: str | None, texts: list[str], times: int) -> tuple[BackboneEmbedder, Seconds, list[Row], float]:
    """A backbone against the peer: Rung's embedder, seconds of each side, rows of facts, and the lowest cosine."""
    rung = load(backbone, cache=False)
    plain = load(backbone, cache=False, precision="float32")
    peer = SentenceTransformer(str(rung.backbone.source.folder), device=device())
    vectors: dict[str, Any] = {}

    def keep(who: str, encode: Any) -> Any:
        encode(texts[:64])  # warm

        def run() -> None:
            vectors[who] = encode(texts)

        return run

    sides = {"sentence-transformers": peer.encode, "rung": rung, "rung float32": plain}
    kept = {who: keep(who, encode) for who, encode in sides.items()}
    seconds = measure_alternating(kept, times=times)
    cosine_N = np.einsum("nd,nd->n", _unit(vectors["rung"]), _unit(vectors["sentence-transformers"]))
    work = linear_work(rung.backbone.model) * sum(len(ids) for ids in rung.backbone.prepare(texts).ids)
    rate = {kind: matrix_rate(kind) for kind in ("float32", "bfloat16")}
    kinds = {"sentence-transformers": "float32", "rung": rung.precision, "rung float32": "float32"}
    peaks = {}
    for who, run in kept.items():
        with Peak(device()) as peak:
            run()
        peaks[who] = peak.bytes
    begun = perf_counter()
    rung.backbone.prepare(texts)
    reading = perf_counter() - begun
    named = "MiniLM" if backbone is None else "BERT-base, random"
    rows: list[Row] = [
        {
            "backbone": named,
            "side": f"{who}, {kinds[who]}",
            "texts": len(texts),
            "seconds": median(each),
            "texts_per_second": round(len(texts) / median(each)),
            "against_peer": median(a / b for a, b in zip(seconds["sentence-transformers"], each, strict=True)),
            "share_of_matrix_rate": work / median(each) / rate[kinds[who]],
            "peak_MB": peaks[who] / 1e6,
        }
        for who, each in seconds.items()
    ]
    rows.append({"backbone": named, "side": "tokenising alone", "texts": len(texts), "seconds": reading})
    rows += [
        {"backbone": named, "side": f"limit: linear layers at the measured {kind} rate of {at / 1e12:.2f} TFLOP/s",
         "texts": len(texts), "seconds": work / at, "texts_per_second": round(len(texts) * at / work)}
        for kind, at in rate.items()
    ]  # fmt: skip
    return rung, seconds, rows, float(cosine_N.min())


def main() -> None:
    given = options(__doc__)
    place = device()
    name, texts = sentences(given.data, 1000 if given.quick else None)
    rung, seconds, rows, cosine = measured(None, texts, 3 if given.quick else 5)
    if place == "cpu":
        sample = texts[:: max(1, len(texts) // 1000)]
        rows += [
            {"side": f"share of rung's time: {part}", "share": value} for part, value in shares(rung, sample).items()
        ]
    claims = [
        _against(seconds, f"embed {name}", rung),
        at_least("lowest cosine over all rows", [cosine], unit="cosine", reach=0.999),
    ]
    if not given.quick:
        with TemporaryDirectory() as folder:
            base = bert_base(Path(folder), rung.backbone.source.folder)
            few = texts if place == "cuda" else texts[:: len(texts) // 1000]
            rung, seconds, more, _ = measured(str(base), few, 5 if place == "cuda" else 3)
        rows += more
        claims.append(_against(seconds, f"embed {name} by a random BERT-base", rung))
    write("embed" if place == "cpu" else "embed_cuda", claims, rows, given.results)


def _against(seconds: Seconds, what: str, rung: BackboneEmbedder) -> Claim:
    kind, peer = rung.precision, "sentence-transformers"
    return speedup(f"{what}, {kind}", seconds, ours="rung", peer=peer, reach=REACH[kind])


def _unit(vector_ND: Any) -> Any:
    return vector_ND / np.linalg.norm(vector_ND, axis=1, keepdims=True)


if __name__ == "__main__":
    main()
