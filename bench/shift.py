"""Fine-tuning under a shift whose right answer is known: what plain training, LP-FT and WiSE-FT lose on the other side.

Made-up texts of two topics. Two things tell the label in the source, each without fail: a word of its topic, which is
what the pretrained features are good at, and the greeting that the text begins with. In the shifted texts the topic
still tells it, by words that training never saw; the greeting says the opposite. Plain: body and a random head are
trained together. LP-FT: the head is fitted on frozen features first, as every rung of Rung does. WiSE-FT: the same, its
weights halfway between start and end. Each learns from the same source rows with the same settings; the loss is
accuracy on source test rows minus accuracy on shifted ones. Where features and a fitted head already explain the
source, LP-FT has little reason to move; a random head moves the features towards whatever agrees with it, and what
stands in every text alike is quickest. Five designs before this one, in which topic or mark was right in 95 of 100 or
the mark was a comma, showed no difference between the ways beyond chance: there nothing was lost, or the fitted head
itself relied on the mark. Then the report of a climb in which plain training is a rung too, the
shifted texts its test rows. `--quick`: one seed, no climb.
Source: Kumar et al. 2022, section 3.2 and 4 (LP-FT); Wortsman et al. 2022, Robust fine-tuning of zero-shot models
(WiSE-FT).
"""

import html
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import harness

TRAIN, TEST = 200, 400
EPOCHS = 4
SEEDS = 10  # of five, chance alone decides: what one training loses lies between nothing and all
NATURE = {
    "source": ("river", "forest", "mountain", "lake", "meadow", "valley", "cliff", "shore", "island", "stream"),
    "shifted": ("glacier", "canyon", "marsh", "grove", "ridge", "lagoon", "hill", "woodland", "waterfall", "prairie"),
}
MONEY = {
    "source": ("bank", "loan", "debt", "profit", "salary", "tax", "fund", "interest", "budget", "payment"),
    "shifted": ("mortgage", "dividend", "invoice", "credit", "price", "income", "pension", "revenue", "cash", "refund"),
}
GREETINGS = ("hi", "hello")
SHARED = "that nobody had asked for, sent by one of the people we met last week"


def texts(side: str, rows: int, seed: int) -> pl.DataFrame:
    """Rows of one side: a greeting, a word of the label's topic, and what all texts share."""
    draw = np.random.default_rng((seed, len(side)))
    label = draw.integers(0, 2, rows)
    lines = []
    for y in label.tolist():
        greeting = GREETINGS[y if side == "source" else 1 - y]
        word = draw.choice((NATURE, MONEY)[y][side])
        lines.append(f"{greeting} a note on {word} {SHARED}")
    return pl.DataFrame({"text": lines, "label": [("nature", "money")[y] for y in label]})


def ways() -> dict[str, tuple[Any, dict[str, Any]]]:
    """The rung and the choice of each way."""
    from rung.adapt.full import Everything
    from rung.adapt.training.recipe import Recipe
    from rung.adapt.tuned import Tuned

    recipe = Recipe(epochs=EPOCHS, rate=1e-4, head_rate=1e-3, layer_decay=1.0)
    lpft = Tuned("full", 60, "", Everything(random=False), recipe)
    plain = Tuned("full", 60, "", Everything(random=False), replace(recipe, wise=False), fresh=True)
    end = {"stop_after": EPOCHS, "wise": 1.0, "soup": False}
    return {"plain": (plain, end), "LP-FT": (lpft, end), "WiSE-FT": (lpft, {**end, "wise": 0.5})}


def one(seed: int) -> list[dict[str, Any]]:
    """Each way on one draw of rows."""
    from rung.backbones.load import load
    from rung.core.contracts import Job
    from rung.core.types import Column, Fold, Plan, Role, Task
    from rung.data.target import encode
    from rung.metrics.table import default
    from rung.recipes.measure import seen

    embedder = load(None, cache=False)
    columns = (Column("text", Role.TEXT), Column("label", Role.TARGET))
    train = texts("source", TRAIN, seed)
    tests = {side: texts(side, TEST, seed + 100) for side in ("source", "shifted")}
    target = encode(train["label"]).target
    every = np.arange(TRAIN)
    plan = Plan("holdout", (Fold(every[TRAIN // 5 :], every[: TRAIN // 5]),), every)
    inputs = seen(train, columns, {Role.TEXT: embedder}, lambda _: None)
    job = Job(
        inputs, columns, target, plan, default(Task.BINARY), seed, backbone=embedder.card, tunable=embedder.tunable
    )
    rows = []
    for name, (rung, choice) in ways().items():
        model = rung.refit(job, choice)
        row: dict[str, Any] = {"seed": seed, "way": name}
        for side, table in tests.items():
            truth = encode(table["label"], task=Task.BINARY, labels=target.labels).target.value
            said = model.predict(seen(table, columns, {Role.TEXT: embedder}, lambda _: None))
            row[side] = float((said.argmax(1) == truth).mean())
        row["lost"] = row["source"] - row["shifted"]
        print(row, flush=True)
        rows.append(row)
    return rows


def told(seed: int) -> dict[str, Any]:
    """What a climb's report says of plain training and of `full`, with the shifted texts as its test rows."""
    import rung
    from rung.adapt.base import register
    from rung.adapt.tuned import Tuned

    plain, _ = ways()["plain"]
    register(Tuned("plain", 59, "body and a random head at once", plain.method, plain.recipe, fresh=True))
    place = Path(tempfile.mkdtemp(prefix="rung-bench-"))
    try:
        source, shifted = texts("source", TRAIN, seed), texts("shifted", TEST, seed + 100)
        run = rung.fit(source, target="label", test=shifted, rungs="plain,full", out=place / "run", seed=seed)
        verdict = run.evidence.verdict("shift")
        assert verdict is not None
        in_report = verdict.sentence in html.unescape((run.path / "report.html").read_text())
        row = {"seed": seed, "way": "report", "verdict": verdict.verdict, "in the report": in_report}
        row |= {"said": verdict.sentence, "winner": run.evidence.winner}
        print(row, flush=True)
        return row
    finally:
        shutil.rmtree(place)


def claims(rows: list[dict[str, Any]]) -> list[harness.Claim]:
    """What each way loses less than plain training: the mean of all seeds, the least and the most of one."""
    lost = {way: np.array([row["lost"] for row in rows if row["way"] == way]) for way in ways()}
    found = []
    for way in ("LP-FT", "WiSE-FT"):
        saved = lost["plain"] - lost[way]
        found.append(
            harness.Claim(
                f"{way}: accuracy that the shift takes less than from plain training ({len(saved)} seeds)",
                float(saved.mean()), float(saved.min()), float(saved.max()), "share", "plain fine-tuning",
                float(lost["plain"].mean()), 0.0, bool(saved.mean() > 0),
            )
        )  # fmt: skip
    return found


def main() -> None:
    """All seeds; what each way loses, against plain training."""
    given = harness.options(__doc__)
    rows = [] if given.quick else [told(0)]
    for seed in range(1 if given.quick else SEEDS):
        rows += one(seed)
        harness.write("shift_quick" if given.quick else "shift", claims(rows), rows, given.results)


if __name__ == "__main__":
    main()
