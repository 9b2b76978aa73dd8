"""Fine-tuning under a shift whose right answer is known: what plain training, LP-FT and WiSE-FT lose on the other side.

Made-up texts of two topics. Three words of each tell the topic, each rightly in 95 of 100: what the pretrained features
are good at. A comma or a semicolon between them, which those features hardly show, agrees with the label in 95 of 100
source texts and in 5 of 100 shifted ones, whose words training never saw. (With a spurious word, which frozen features
show as well as the right ones, the head takes it up from the start; one seed of two such designs was tried, and LP-FT
lost no less than plain training.) Plain: body and a random head trained together. LP-FT: the head is fitted on frozen
features first, as every rung of Rung does. WiSE-FT: the same, its weights halfway between start and end. Each learns
from the same source rows with the same settings; the loss is accuracy on source test rows minus accuracy on shifted
ones. `--quick`: one seed.
Source: Kumar et al. 2022, section 4 (LP-FT); Wortsman et al. 2022, Robust fine-tuning of zero-shot models (WiSE-FT).
"""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

import harness

TRAIN, TEST = 300, 400
EPOCHS = 4
NATURE = {
    "source": ("river", "forest", "mountain", "lake", "meadow", "valley", "cliff", "shore", "island", "stream"),
    "shifted": ("glacier", "canyon", "marsh", "grove", "ridge", "lagoon", "hill", "woodland", "waterfall", "prairie"),
}
MONEY = {
    "source": ("bank", "loan", "debt", "profit", "salary", "tax", "fund", "interest", "budget", "payment"),
    "shifted": ("mortgage", "dividend", "invoice", "credit", "price", "income", "pension", "revenue", "cash", "refund"),
}
MARKERS = (",", ";")


def texts(side: str, rows: int, seed: int) -> pl.DataFrame:
    """Rows of one side: three words, each of the label's topic in 95 of 100, a mark between them."""
    draw = np.random.default_rng((seed, len(side)))
    label = draw.integers(0, 2, rows)
    agrees = draw.random(rows) < (0.95 if side == "source" else 0.05)
    lists = (NATURE[side], MONEY[side])
    lines = []
    for y, agree in zip(label.tolist(), agrees.tolist(), strict=True):
        marker = MARKERS[y if agree else 1 - y]
        said = [str(draw.choice(lists[y if draw.random() < 0.95 else 1 - y])) for _ in range(3)]
        lines.append(f"a note on {said[0]}{marker} {said[1]} and {said[2]}")
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
    inputs = seen(train, columns, embedder, lambda _: None)
    job = Job(
        inputs, columns, target, plan, default(Task.BINARY), seed, backbone=embedder.card, tunable=embedder.tunable
    )
    rows = []
    for name, (rung, choice) in ways().items():
        model = rung.refit(job, choice)
        row: dict[str, Any] = {"seed": seed, "way": name}
        for side, table in tests.items():
            truth = encode(table["label"], task=Task.BINARY, labels=target.labels).target.value
            said = model.predict(seen(table, columns, embedder, lambda _: None))
            row[side] = float((said.argmax(1) == truth).mean())
        row["lost"] = row["source"] - row["shifted"]
        print(row, flush=True)
        rows.append(row)
    return rows


def main() -> None:
    """All seeds; what each way loses, against plain training."""
    given = harness.options(__doc__)
    rows = [row for seed in range(1 if given.quick else 5) for row in one(seed)]
    lost = {way: np.array([row["lost"] for row in rows if row["way"] == way]) for way in ways()}
    claims = []
    for way in ("LP-FT", "WiSE-FT"):
        saved = lost["plain"] - lost[way]
        claims.append(
            harness.Claim(
                f"{way}: accuracy that the shift takes less than from plain training", float(saved.mean()),
                float(saved.min()), float(saved.max()), "share", "plain fine-tuning", float(lost["plain"].mean()), 0.0,
                bool(saved.mean() > 0),
            )
        )  # fmt: skip
    harness.write("shift_quick" if given.quick else "shift", claims, rows, given.results)


if __name__ == "__main__":
    main()
