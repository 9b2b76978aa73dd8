"""Does `rung rank` order backbones as the climb will? Kendall's tau, and what choosing by it loses.

Candidates: every real backbone at hand for the modality, and weakened copies made in a temporary folder: noise on all
weights (a share of each tensor's own deviation), MiniLM with its last layers taken out, elsewhere the last layers'
weights shuffled, since convolutions don't line up without them. Truth: the test score after a climb with each
candidate alone, to `frozen` only (rungs that train would take hours), on the given test rows; ranking sees the same
training rows as the climb, a few hundred of each set. tau compares it with rank's order, and with its probe, LogME and
H-score alone. Lost: test score behind the best candidate in hindsight, beside what the first one (no ranking) loses.
`--quick`: one set a modality, 200 rows, three candidates. `--sets a,b` does those alone; each set that ends replaces
its own rows in the last results and leaves the others', so a run may be cut and its rest done later. `--go-on` ranks
anew but takes the test scores of climbs from the last results, which no change of the ranking touches. A set or a
backbone that is not there is left out and said.
"""

import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import harness
from quality import option

TEXT = {
    "sms_spam": "label",
    "trec6": "label",
    "tweet_emotion": "label",
    "mpqa": "label",
    "banking77": "label",
    "clear_readability": "target",
}
IMAGE = ("ants_bees", "neu_steel_defects", "omniglot_greek", "sign_digits", "pneumonia_mnist", "cifar10_small")
AUDIO = ("speech_commands_6", "spoken_digits_fsdd")
QUICK = ("trec6", "ants_bees", "spoken_digits_fsdd")
ROWS = {"text": (400, 600), "image": (250, 250), "audio": (250, 250)}  # of training and of test, at most
FEW = (200, 200)
REACH, LOSS = 0.67, 0.01  # what the field reports of LogME; a point
LEAST = 3  # candidates below which there is no order to judge
SCORES = ("rank", "probe", "LogME", "H-score")
Answer = tuple[dict[str, Any], list[dict[str, Any]]]
Change = Callable[[str, NDArray[Any]], NDArray[Any] | None]


def noisy(level: float) -> Change:
    """Every matrix and kernel with noise of `level` of its own standard deviation."""
    draw = np.random.default_rng(0)

    def change(_: str, tensor: NDArray[Any]) -> NDArray[Any]:
        if tensor.ndim < 2:
            return tensor
        return (tensor + level * tensor.std() * draw.normal(size=tensor.shape)).astype(tensor.dtype)

    return change


def shuffled(first: int) -> Change:
    """Kernels from layer `first` on, each with its own numbers in another order."""
    draw = np.random.default_rng(0)

    def change(name: str, tensor: NDArray[Any]) -> NDArray[Any]:
        layer = re.search(r"(?:layer|features)\.(\d+)\.", name)
        late = "conv_1x1" in name if layer is None else int(layer[1]) >= first
        return draw.permutation(tensor.ravel()).reshape(tensor.shape) if late and tensor.ndim > 1 else tensor

    return change


def shortened(layers: int) -> Change:
    """Only the first layers."""

    def change(name: str, tensor: NDArray[Any]) -> NDArray[Any] | None:
        layer = re.search(r"layer\.(\d+)\.", name)
        return tensor if layer is None or int(layer[1]) < layers else None

    return change


def copy(source: Path, folder: Path, change: Change, **config: Any) -> str:
    """The backbone in `source` with its tensors changed, written to `folder`."""
    from safetensors.numpy import load_file, save_file

    shutil.copytree(source, folder)
    for file in folder.glob("*.safetensors"):
        found = {name: change(name, tensor) for name, tensor in load_file(file).items()}
        save_file(
            {name: each.copy() for name, each in found.items() if each is not None},
            file,
            metadata={"format": "pt"},
        )
    if config:
        known = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(known | config))
    return str(folder)


def candidates(weights: Path, place: Path, modality: str) -> list[str]:
    """Real backbones at hand and weakened copies; what carries no weakness comes first."""
    from rung.backbones.catalog import catalog, here

    minilm = here(catalog()[0])
    narrow, wide, small, hears = (
        weights / name
        for name in (
            "mobilenet_v1_0.75_224_imagenet",
            "mobilenet_v2_1.0_224_imagenet",
            "squeezenet1_1_imagenet",
            "yamnet_audioset",
        )
    )
    words = weights / "google_speech_embedding" / "embedding_model.onnx"
    real, weak = {
        "text": (
            [(minilm, catalog()[0].id), (weights / "stories260k_llama", "")],
            [
                (minilm, "minilm 3 layers", shortened(3), {"num_hidden_layers": 3}),
                (minilm, "minilm 1 layer", shortened(1), {"num_hidden_layers": 1}),
                (minilm, "minilm noise 0.5", noisy(0.5), {}),
                (minilm, "minilm noise 1", noisy(1.0), {}),
            ],
        ),
        "image": (
            [(narrow, ""), (wide, ""), (small, "")],
            [
                (narrow, "mobilenet_v1 noise 0.3", noisy(0.3), {}),
                (wide, "mobilenet_v2 shuffled from 12", shuffled(12), {}),
                (small, "squeezenet noise 0.5", noisy(0.5), {}),
            ],
        ),
        "audio": (
            [(hears, ""), (words, f"onnx:{words}")],
            [
                (hears, "yamnet noise 0.2", noisy(0.2), {}),
                (hears, "yamnet noise 0.5", noisy(0.5), {}),
                (hears, "yamnet shuffled from 18", shuffled(18), {}),
            ],
        ),
    }[modality]
    there = {source for source, *_ in real if source and source.exists()}
    found = [name or str(source) for source, name in real if source in there]
    found += [copy(source, place / name, how, **config) for source, name, how, config in weak if source in there]
    for source, name in real:
        if source not in there:
            print(f"left out, not there: {name or source}", flush=True)
    return found


def table(data: Path, name: str, part: str, most: int) -> pl.DataFrame:
    """Rows of one part of a set: content and target."""
    if name in TEXT:
        found = pl.read_csv(data / name / f"{part}.csv").select("text", pl.col(TEXT[name]).alias("target"))
    else:
        paths = sorted(path for path in (data / name / part).rglob("*") if path.is_file() and path.suffix != ".md")
        found = pl.DataFrame({"path": list(map(str, paths)), "target": [path.parent.name for path in paths]})
    return found.sample(min(most, len(found)), seed=0, shuffle=True)


def one(data: Path, name: str, names: list[str], most: tuple[int, int], known: dict[Any, float]) -> Answer:
    """The ranking of one set, and the test score of each candidate's climb."""
    from scipy.stats import kendalltau

    import rung

    train, test = table(data, name, "train", most[0]), table(data, name, "test", most[1])
    begun = time.perf_counter()
    ranked = rung.rank(train, target="target", backbone=names)
    spent = time.perf_counter() - begun
    order = [each.id for each in ranked.backbones if each.status == "ranked" and each.id in names]
    assert set(order) == set(names), [each.why for each in ranked.backbones]
    truth = {}
    for i, candidate in enumerate(order):
        if (name, Path(candidate).name) in known:
            truth[candidate] = known[name, Path(candidate).name]
            continue
        with tempfile.TemporaryDirectory(prefix="rung-bench-") as run:
            fitted = rung.fit(
                train, target="target", test=test, backbone=candidate, rungs="frozen", out=Path(run) / str(i)
            )
            truth[candidate] = fitted.evidence.test[fitted.evidence.metric].value
    best = max(truth.values())
    shown = [ranked.backbone(each) for each in order]
    by = {
        "rank": [-place for place in range(len(order))],
        "probe": [each.score.value for each in shown if each.score],
        "LogME": [each.logme for each in shown],
        "H-score": [each.hscore for each in shown],
    }
    row: dict[str, Any] = {"set": name, "rows": len(train), "test_rows": len(test), "metric": ranked.metric}
    row |= {f"tau {score}": float(kendalltau(by[score], list(truth.values())).statistic) for score in SCORES}
    row |= {f"lost {score}": best - truth[order[int(np.argmax(by[score]))]] for score in SCORES}
    row |= {"lost first": best - truth[names[0]], "lost mean": best - mean(truth.values()), "best": best}
    row |= {"tied": sum(each.tied for each in shown), "rank_s": spent}
    print(json.dumps(row), flush=True)
    each_row = [
        {"set": name, "candidate": Path(each.id).name, "probe": each.score.value if each.score else None}
        | {"LogME": each.logme, "H-score": each.hscore, "test": truth[each.id]}
        for each in shown
    ]
    return row, each_row


def claims(rows: list[dict[str, Any]]) -> list[harness.Claim]:
    """Mean over sets, with the lowest and the highest."""
    found = []
    for score in SCORES:
        tau = [row[f"tau {score}"] for row in rows]
        name = f"Kendall's tau of {score} with the test score ({len(rows)} sets)"
        value = mean(tau)
        found.append(harness.Claim(name, value, min(tau), max(tau), "tau", "", None, REACH, value >= REACH))
    first = mean(row["lost first"] for row in rows)
    for score in SCORES:
        lost = [row[f"lost {score}"] for row in rows]
        name = f"test score lost by taking {score}'s first, against hindsight"
        value = mean(lost)
        unranked = "the first candidate"
        found.append(harness.Claim(name, value, min(lost), max(lost), "share", unranked, first, LOSS, value <= LOSS))
    return found


def merged(before: list[dict[str, Any]], now: list[dict[str, Any]], order: list[str]) -> list[dict[str, Any]]:
    """The rows of both, by set in the bench's order; of a set that is in both, those of now alone."""
    new = {row["set"] for row in now}
    kept = [row for row in before if row["set"] not in new]
    return sorted([*kept, *now], key=lambda row: ("candidate" in row, order.index(row["set"])))


def main() -> None:
    """Rank and climb on each set; write after each."""
    every = {**dict.fromkeys(TEXT, "text"), **dict.fromkeys(IMAGE, "image"), **dict.fromkeys(AUDIO, "audio")}
    sets = option("sets", ",".join(every))
    keep, sys.argv = "--go-on" in sys.argv, [word for word in sys.argv if word != "--go-on"]
    asked = harness.options(__doc__)
    sets, kept = (list(QUICK), "rank_quick") if asked.quick else (sets, "rank")
    last = asked.results / f"{kept}.json"
    before = json.loads(last.read_text())["rows"] if not asked.quick and last.is_file() else []
    before = [row for row in before if row["set"] in every]
    climbed = {(row["set"], row["candidate"]): row["test"] for row in before if keep and "candidate" in row}
    known: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory(prefix="rung-bench-") as place:
        os.environ["RUNG_CACHE"] = f"{place}/cache"
        for name in sets:
            if name not in every or not (asked.data / name).is_dir():
                print(f"left out, not there: {name}", flush=True)
                continue
            modality = every[name]
            if modality not in known:
                known[modality] = candidates(asked.data.parent / "weights", Path(place), modality)
            names, most = known[modality], FEW if asked.quick else ROWS[modality]
            if len(names) < LEAST:
                print(f"left out, too few backbones: {name}", flush=True)
                continue
            few = [names[0], *names[-2:]] if asked.quick else names
            row, each = one(asked.data, name, few, most, climbed)
            before = merged(before, [row, *each], list(every))
            shown = [row for row in before if "candidate" not in row]
            harness.write(kept, claims(shown), before, asked.results)


if __name__ == "__main__":
    main()
