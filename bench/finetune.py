"""Fine-tuning against Hugging Face Trainer's defaults: same model, rows, batch size; seconds of one epoch each.

full: every weight learns, Trainer pads each random batch to its longest row. partial: the top third of the blocks on
kept activations, against the same blocks with the whole model passing each epoch; the reach is 85 % of what the
skipped work predicts.
lora: against Rung's own full, as the rung makes it and in every block. MiniLM, and a model of BERT-base's size with
random weights; seconds, share of the measured matrix rate, peak memory. On a CUDA device where there is one, with more
rows; the results are then those of finetune_cuda.json. `--quick`: 512 rows, one round, MiniLM alone.
"""

import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import torch

import harness
from rung.core.memory import Peak

ROWS = {"cpu": (1_500, 256), "cuda": (5_000, 5_000)}  # for MiniLM, for BERT-base
BATCH = 32
FULL, SHARE, LORA = 3.0, 0.85, 0.7


def problem(folder: Path, rows: int) -> tuple[list[str], np.ndarray]:
    """Texts and classes of banking77."""
    path = folder / "banking77" / "train.csv"
    if not path.is_file():
        raise SystemExit(f"{path} is missing: give the folder of data sets with --data DIR")
    table = pl.read_csv(path).sample(rows, seed=0, shuffle=True)
    return table["text"].to_list(), table["label"].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1


class Side:
    """Rung's rungs on one table, each ready to train for one epoch."""

    def __init__(self, texts: list[str], y_N: np.ndarray, backbone: str | None) -> None:
        from rung.backbones.load import load

        self.embedder = load(backbone, cache=False)
        self.tunable = self.embedder.tunable
        self.columns = (self.tunable.prepare(texts),)
        self.truth = torch.from_numpy(y_N)
        self.rows = np.arange(len(texts))

    def learner(self, body: Any, kept: Any = None) -> Any:
        """A net over the rows, its head fresh."""
        from rung.adapt.training.learner import Learner, Net, Rows

        head = torch.nn.Linear(self.tunable.card.width, int(self.truth.max()) + 1).to(self.tunable.device)
        net = Net(body.module, body.vectors, head)
        net.short = self.tunable.precision == "bfloat16"
        names = {f"body.{here}": there for here, there in body.names.items()}
        return Learner(net, Rows(self.tunable, self.columns, None, kept), self.truth, "softmax", names)

    def epoch(self, learner: Any, **settings: Any) -> float:
        """Seconds of one epoch."""
        from rung.adapt.training.loop import Around, train
        from rung.adapt.training.recipe import Recipe

        recipe = replace(Recipe(epochs=1, batch=BATCH, wise=False), **settings)
        begun = harness.waited()
        train(learner, recipe, self.rows, None, Around(0))
        return harness.waited() - begun

    def full(self) -> float:
        """Every weight."""
        from rung.adapt.bodies import whole

        return self.epoch(self.learner(whole(self.tunable)))

    def lora(self, k: int | None = None) -> float:
        """Low-rank updates of the top k blocks, or as the rung makes them; what lies below is kept beforehand."""
        from types import SimpleNamespace

        from rung.adapt.ladder import rungs
        from rung.adapt.prefix import keep
        from rung.core.contracts import Prepared

        rung = next(each for each in rungs() if each.name == "lora")
        job = SimpleNamespace(tunable=self.tunable, settings={} if k is None else {"lora.k": k}, seed=0)
        first = self.columns[0]
        body = rung.method.body(job, rung.method.settings(job)[0], Prepared(first.ids[:4], first.truncated[:4]))
        states = keep(self.tunable, self.tunable.module(), body.k, self.columns) if body.k else None
        return self.epoch(self.learner(body, states))

    def partial(self, k: int, *, kept: bool) -> float:
        """The top k blocks, on kept activations or on whole passes."""
        from rung.adapt.bodies import top, whole
        from rung.adapt.prefix import keep
        from rung.core.contracts import Prepared

        if not kept:
            return self.epoch(self.learner(whole(self.tunable, lowest=self.tunable.count - k + 1)))
        first = self.columns[0]
        body = top(self.tunable, k, Prepared(first.ids[:4], first.truncated[:4]))
        states = keep(self.tunable, self.tunable.module(), k, self.columns)
        return self.epoch(self.learner(body, states))


def trainer(texts: list[str], y_N: np.ndarray, folder: Path) -> float:
    """One epoch of transformers.Trainer with its defaults but for the batch size."""
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=int(y_N.max()) + 1)
    ids = tokenizer(texts, truncation=True, max_length=256)["input_ids"]
    rows = [{"input_ids": each, "labels": int(label)} for each, label in zip(ids, y_N, strict=True)]
    with tempfile.TemporaryDirectory() as place:
        given = TrainingArguments(
            place, num_train_epochs=1, per_device_train_batch_size=BATCH, report_to=[], save_strategy="no",
            disable_tqdm=True, logging_strategy="no", use_cpu=not torch.cuda.is_available(),
        )  # fmt: skip
        made = Trainer(model, given, train_dataset=rows, data_collator=DataCollatorWithPadding(tokenizer))
        begun = harness.waited()
        made.train()
        return harness.waited() - begun


def measured(
    data: tuple[list[str], np.ndarray],
    backbone: str | None,
    times: int,
) -> tuple[dict[str, list[float]], list[dict[str, Any]], int, int]:
    """Seconds of every side by round, rows of facts, how many blocks there are, and how many of them partial trains."""
    texts, y_N = data
    side = Side(texts, y_N, backbone)
    folder = side.embedder.backbone.source.folder
    blocks = side.tunable.count
    k = max(1, round(blocks / 3))
    sides: dict[str, Any] = {
        "trainer": lambda: trainer(texts, y_N, folder),
        "full": side.full,
        "lora": side.lora,
        "lora, every block": lambda: side.lora(blocks),
        "partial, whole passes": lambda: side.partial(k, kept=False),
        "partial, kept": lambda: side.partial(k, kept=True),
    }
    side.partial(1, kept=True)  # the first steps of a process build its threads
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    peaks = dict.fromkeys(sides, 0)
    for turn in range(times):
        for name in list(sides)[:: 1 if turn % 2 == 0 else -1]:
            with Peak(harness.device()) as peak:
                seconds[name].append(sides[name]())
            peaks[name] = max(peaks[name], peak.bytes)
            print(f"{name}: {seconds[name][-1]:.1f} s", flush=True)
    kind = side.tunable.precision
    work = 3 * harness.linear_work(side.embedder.backbone.model) * sum(map(len, side.columns[0].ids))
    rate = {each: harness.matrix_rate(each) for each in {"float32", kind}}
    rows = []
    for name, each in seconds.items():
        row = {"backbone": "MiniLM" if backbone is None else "BERT-base, random", "side": name, "rows": len(texts)}
        row |= {"seconds": [round(s, 2) for s in each], "rows_per_second": round(len(texts) / median(each))}
        if name in ("trainer", "full"):  # what the others leave out is not the same for all
            row["share_of_matrix_rate"] = work / median(each) / rate["float32" if name == "trainer" else kind]
        rows.append(row | {"precision": "float32" if name == "trainer" else kind, "peak_MB": peaks[name] / 1e6})
    return seconds, rows, blocks, k


def claims(seconds: dict[str, list[float]], blocks: int, k: int, of: str) -> list[harness.Claim]:
    """Full against Trainer, kept activations against whole passes, lora against full."""
    predicted = (blocks + 2 * k) / (3 * k)  # a pass is a third of a step's work; blocks below only pass
    gained = [a / b for a, b in zip(seconds["partial, whole passes"], seconds["partial, kept"], strict=True)]
    return [
        harness.speedup(f"{of}full, one epoch", seconds, ours="full", peer="trainer", reach=FULL),
        harness.at_least(
            f"{of}kept activations, top {k} of {blocks} blocks: gain over the {predicted:.2f} predicted",
            [each / predicted for each in gained], unit="share", reach=SHARE, peer="partial, whole passes",
        ),
        harness.at_most(
            f"{of}lora's epoch (top two thirds of the blocks, on kept activations) against full's",
            [a / b for a, b in zip(seconds["lora"], seconds["full"], strict=True)],
            unit="share", reach=LORA, peer="full",
        ),
    ]  # fmt: skip


def main() -> None:
    """Alternate the sides, three rounds; write after the last."""
    given, place = harness.options(__doc__), harness.device()
    many, fewer = (512, 0) if given.quick else ROWS[place]
    seconds, rows, *shape = measured(problem(given.data, many), None, 1 if given.quick else 3)
    found = claims(seconds, *shape, "")
    name = ("finetune_quick" if given.quick else "finetune") + ("" if place == "cpu" else "_cuda")
    harness.write(name, found, rows, given.results)
    if fewer:
        from rung.backbones.source import locate

        with tempfile.TemporaryDirectory() as folder:
            base = harness.bert_base(Path(folder), locate(None).folder)
            seconds, more, *shape = measured(problem(given.data, fewer), str(base), 3)
        harness.write(name, found + claims(seconds, *shape, "BERT-base: "), rows + more, given.results)


if __name__ == "__main__":
    main()
