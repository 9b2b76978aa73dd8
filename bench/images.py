"""Rung's climb on real images against what a practitioner would write: score with interval, wall time, memory.

All start from the same weights, learn from the same files and are scored on the same test files.
frozen script: transformers' processor and model in batches of 32, scikit-learn's standardised logistic regression.
Trainer script: five epochs of full fine-tuning by Hugging Face's Trainer, else its defaults.
classic script: HOG and colour histograms with scikit-learn's logistic regression, of the very features that Rung has.
Rung has nine tenths of the Trainer script's wall time as its budget, and nothing cached. Each candidate runs in a
process of its own, whose peak memory counts. `--quick`: one set. `--sets`, `--seeds`, `--go-on` as in quality.py;
`--backbone FOLDER`. `--mended`: the Trainer script once more, with the norms' momentum set right.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

import harness
from quality import option, paired, score_of

SETS = ("ants_bees", "neu_steel_defects", "omniglot_greek", "sign_digits", "pneumonia_mnist", "cifar10_small")
WEIGHTS = "mobilenet_v1_0.75_224_imagenet"
EPOCHS = 5
SHARE = 0.9  # of the Trainer script's time, that Rung may take


def files(folder: Path, part: str) -> tuple[list[str], list[str]]:
    """Paths and labels of one part of a set, in order of name."""
    paths = sorted(path for path in (folder / part).rglob("*") if path.is_file() and path.suffix != ".md")
    return [str(path) for path in paths], [path.parent.name for path in paths]


def opened(paths: list[str]) -> list[Any]:
    """The images as a script would open them."""
    from PIL import Image

    return [Image.open(path).convert("RGB") for path in paths]


def by_rung(folder: Path, weights: str, seed: int, budget: float | None) -> tuple[list[str], dict[str, Any]]:
    """`rung.fit` on the folder, as a user calls it."""
    import polars as pl

    import rung

    with tempfile.TemporaryDirectory(prefix="rung-bench-") as place:
        os.environ["RUNG_CACHE"] = f"{place}/cache"
        run = rung.fit(folder, backbone=weights, seed=seed, budget=budget, out=Path(place) / "run")
        kept = pl.read_parquet(run.path / "predictions.parquet").filter(pl.col("split") == "test").sort("row")
        facts = {"winner": run.evidence.winner}
        for step in run.evidence.rungs[1:]:
            if step.status == "tried" and step.predicted:
                facts |= {f"{step.name}_s": step.seconds, f"{step.name}_predicted_s": step.predicted.seconds}
        return kept["delivered"].to_list(), facts


def logistic(features: np.ndarray, label: list[str], seed: int) -> list[str]:
    """What scikit-learn's standardised logistic regression says of the rows after those that have a label."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=seed))
    head.fit(features[: len(label)], label)
    return [str(each) for each in head.predict(features[len(label) :])]


def by_frozen_script(folder: Path, weights: str, seed: int, _: float | None) -> tuple[list[str], dict[str, Any]]:
    """Pooled features, standardised, and logistic regression."""
    import torch
    from transformers import AutoImageProcessor, AutoModel

    processor, model = AutoImageProcessor.from_pretrained(weights), AutoModel.from_pretrained(weights).eval()
    train, label = files(folder, "train")
    test, _labels = files(folder, "test")
    begun = time.perf_counter()
    found = []
    with torch.inference_mode():
        for at in range(0, len(train + test), 32):
            x = processor(images=opened((train + test)[at : at + 32]), return_tensors="pt")
            found.append(model(**x).pooler_output.flatten(1).numpy())
    embedding = time.perf_counter() - begun
    features = np.concatenate(found)
    return logistic(features, label, seed), {"embedding_s": embedding, "images": len(train + test)}


def by_classic_script(folder: Path, _: str, seed: int, __: float | None) -> tuple[list[str], dict[str, Any]]:
    """Handmade features and logistic regression."""
    from rung.data.pictures import features

    train, label = files(folder, "train")
    test, _labels = files(folder, "test")
    x = np.stack([features(image) for image in opened(train + test)])
    return logistic(x, label, seed), {}


def by_trainer(folder: Path, weights: str, seed: int, _: float | None) -> tuple[list[str], dict[str, Any]]:
    """Five epochs of full fine-tuning, else Trainer's defaults."""
    return finetuned(folder, weights, seed, pixels_of, momentum=None), {}


def by_mended_trainer(folder: Path, weights: str, seed: int, _: float | None) -> tuple[list[str], dict[str, Any]]:
    """The same by someone who knows that transformers gives these norms a momentum under which one step is all."""
    return finetuned(folder, weights, seed, pixels_of, momentum=0.01), {}


def pixels_of(paths: list[str], weights: str) -> list[Any]:
    """One tensor an image."""
    from transformers import AutoImageProcessor

    processor = AutoImageProcessor.from_pretrained(weights)
    return [processor(images=image, return_tensors="pt")["pixel_values"][0] for image in opened(paths)]


def finetuned(folder: Path, weights: str, seed: int, read: Any, *, momentum: float | None) -> list[str]:
    """What Trainer's model says of the test files. read: paths, weights -> one tensor a file."""
    import torch
    from transformers import AutoModelForImageClassification, Trainer, TrainingArguments

    train, label = files(folder, "train")
    test, _labels = files(folder, "test")
    known = sorted(set(label))
    torch.manual_seed(seed)
    model = AutoModelForImageClassification.from_pretrained(
        weights, num_labels=len(known), ignore_mismatched_sizes=True, problem_type="single_label_classification"
    )
    for part in model.modules() if momentum else ():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = momentum

    def rows(paths: list[str], truth: list[int]) -> list[dict[str, Any]]:
        return [{"pixel_values": x, "labels": y} for x, y in zip(read(paths, weights), truth, strict=True)]

    with tempfile.TemporaryDirectory() as place:
        arguments = TrainingArguments(
            place, num_train_epochs=EPOCHS, seed=seed, report_to=[], save_strategy="no", disable_tqdm=True
        )
        trainer = Trainer(model, arguments, train_dataset=rows(train, [known.index(each) for each in label]))
        trainer.train()
        said = trainer.predict(rows(test, [0] * len(test))).predictions.argmax(1)
    return [known[i] for i in said]


CANDIDATES = {
    "trainer": by_trainer,
    "frozen script": by_frozen_script,
    "classic script": by_classic_script,
    "rung": by_rung,
}
MENDED = {"mended trainer": by_mended_trainer}  # with --mended


def alone(module: str, name: str, folder: Path, weights: str, seed: int, budget: float | None) -> dict[str, Any]:
    """One candidate in a process of its own: its answers, seconds and peak memory."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "answer.json"
        asked = json.dumps([module, name, str(folder), weights, seed, budget, str(out)])
        subprocess.run([sys.executable, str(Path(__file__).resolve()), "--one", asked], check=True)
        found: dict[str, Any] = json.loads(out.read_text())
        return found


def child(asked: str) -> None:
    """What that process does."""
    module, name, folder, weights, seed, budget, out = json.loads(asked)
    own = __import__(module) if module != "images" else sys.modules[__name__]
    candidates = own.CANDIDATES | own.MENDED
    begun = time.perf_counter()
    said, facts = candidates[name](Path(folder), weights, seed, budget)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    answer = {"said": said, "seconds": time.perf_counter() - begun, "peak_bytes": peak, **facts}
    Path(out).write_text(json.dumps(answer))


def one(module: str, data: Path, name: str, weights: str, seed: int) -> dict[str, Any]:
    """Every candidate on one set."""
    truth = np.array(files(data / name, "test")[1])
    row: dict[str, Any] = {"set": name, "seed": seed, "backbone": Path(weights).name}
    hits: dict[str, Any] = {}
    for candidate in (*CANDIDATES, *(MENDED if "--mended" in sys.argv else ())):
        budget = SHARE * row["trainer_s"] if candidate == "rung" else None
        found = alone(module, candidate, data / name, weights, seed, budget)
        hits[candidate] = (np.array(found.pop("said")) == truth).astype(float)
        row |= {candidate: float(score_of(truth, hits[candidate])), f"{candidate}_s": found.pop("seconds")}
        row |= {f"{candidate}_peak_bytes": found.pop("peak_bytes"), **found}
    for candidate, hit in hits.items():
        if candidate != "rung":
            gain, low, high = paired(truth, hits["rung"], hit, seed)
            row |= {f"{candidate}_gain": gain, f"{candidate}_low": low, f"{candidate}_high": high}
    print({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}, flush=True)
    return row


def claims(rows: list[dict[str, Any]]) -> list[harness.Claim]:
    """Gain over each script, sets below it beyond the interval, wall time against the Trainer script."""
    found = []
    for peer in (*CANDIDATES, *MENDED):
        those = [row for row in rows if f"{peer}_gain" in row]
        if not those:
            continue
        gain, below = [row[f"{peer}_gain"] for row in those], sum(row[f"{peer}_high"] < 0 for row in those)
        name = f"gain over {peer} ({len(those)} runs, {below} below beyond the interval)"
        found.append(harness.Claim(name, mean(gain), min(gain), max(gain), "share", peer, 0.0, 0, below == 0))
    each = [row["rung_s"] / row["trainer_s"] for row in rows]
    won = mean(row["rung"] >= row["trainer"] and row["rung_s"] < row["trainer_s"] for row in rows)
    found.append(
        harness.Claim("as good as trainer in less time", won, min(each), max(each), "share", "trainer", 1, 1, won == 1)
    )
    return found


def main() -> None:
    """Run all sets and seeds; write after each."""
    run("images", SETS, WEIGHTS)


def run(module: str, names: tuple[str, ...], weights: str) -> None:
    """The same for any modality: the module names its candidates."""
    sets, seeds = option("sets", ",".join(names)), [int(seed) for seed in option("seeds", "0")]
    chosen = option("backbone", "")
    keep, words = "--go-on" in sys.argv, sys.argv
    sys.argv = [word for word in words if word not in ("--go-on", "--mended")]
    asked = harness.options(__doc__)
    sys.argv = words
    folder = asked.data.parent / "weights" / weights
    backbone = chosen[0] if chosen and chosen[0] else str(folder)
    if asked.quick:
        sets = [names[0]]
    name = f"{module}_quick" if asked.quick else module
    kept = asked.results / f"{name}.json"
    rows: list[dict[str, Any]] = json.loads(kept.read_text())["rows"] if keep and kept.is_file() else []
    done = {(row["set"], row["seed"], row["backbone"]) for row in rows}
    for seed in seeds:
        for each in sets:
            if (each, seed, Path(backbone).name) not in done:
                rows.append(one(module, asked.data, each, backbone, seed))
                harness.write(name, claims(rows), rows, asked.results)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        child(sys.argv[2])
    else:
        main()
