"""Rung's embedding engine against sentence-transformers' default encode: same weights, same texts, tokenising included.

Alternating runs, both orders; nothing cached; cosine of every row against the peer's float32. Then where Rung's time
goes, and how far the chip's own matrix rate would carry.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from harness import at_least, measure_alternating, options, speedup, write
from rung.backbones.embedder import CPU_TOKENS, BackboneEmbedder
from rung.backbones.load import load

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


def floor(embedder: BackboneEmbedder, texts: Sequence[str]) -> float:
    """Seconds that the linear layers alone would take at the best rate measured for their shapes."""
    dtype = getattr(torch, embedder.precision)
    layers = [layer for layer in embedder.backbone.model.modules() if type(layer) is torch.nn.Linear]
    shape = max((layer.in_features, layer.out_features) for layer in layers)
    x, weight = torch.randn(CPU_TOKENS, shape[0]).to(dtype), torch.randn(shape[1], shape[0]).to(dtype)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(50):
            begun = perf_counter()
            torch.nn.functional.linear(x, weight)
            best = min(best, perf_counter() - begun)
    a_token = sum(layer.weight.numel() for layer in layers) / weight.numel() * best / CPU_TOKENS
    return a_token * sum(len(ids) for ids in embedder.backbone.prepare(texts).ids)


def main() -> None:
    given = options(__doc__)
    name, texts = sentences(given.data, 1000 if given.quick else None)
    rung = load(cache=False)
    plain = load(cache=False, precision="float32")
    peer = SentenceTransformer(str(rung.backbone.source.folder), device="cpu")
    vectors: dict[str, Any] = {}

    def keep(who: str, encode: Any) -> Any:
        encode(texts[:64])  # warm

        def run() -> None:
            vectors[who] = encode(texts)

        return run

    candidates = {
        "sentence-transformers": keep("sentence-transformers", peer.encode),
        "rung": keep("rung", rung),
        "rung float32": keep("rung float32", plain),
    }
    seconds = measure_alternating(candidates, times=3 if given.quick else 5)
    cosine_N = np.einsum("nd,nd->n", _unit(vectors["rung"]), _unit(vectors["sentence-transformers"]))
    least = floor(rung, texts)
    peer_seconds = median(seconds["sentence-transformers"])
    rows = [
        {
            "what": who,
            "texts": len(texts),
            "seconds": median(each),
            "texts_per_second": round(len(texts) / median(each)),
            "against_peer": median(a / b for a, b in zip(seconds["sentence-transformers"], each, strict=True)),
        }
        for who, each in seconds.items()
    ]
    rows.append(
        {
            "what": f"limit: linear layers alone at this chip's {rung.precision} rate",
            "texts": len(texts),
            "seconds": least,
            "texts_per_second": round(len(texts) / least),
            "against_peer": peer_seconds / least,
        }
    )
    sample = texts[:: max(1, len(texts) // 1000)]
    rows += [{"what": f"share of rung's time: {part}", "share": value} for part, value in shares(rung, sample).items()]
    claims = [
        speedup(
            f"embed {name}, {rung.precision}",
            seconds,
            ours="rung",
            peer="sentence-transformers",
            reach=REACH[rung.precision],
        ),
        at_least("lowest cosine over all rows", [float(cosine_N.min())], unit="cosine", reach=0.999),
    ]
    write("embed", claims, rows, given.results)


def _unit(vector_ND: Any) -> Any:
    return vector_ND / np.linalg.norm(vector_ND, axis=1, keepdims=True)


if __name__ == "__main__":
    main()
