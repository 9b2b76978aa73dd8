"""Training runs that ended, and what several of them agree on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rung.adapt.bodies import Body
from rung.adapt.starts import Start, restored
from rung.adapt.training.learner import Learner
from rung.adapt.training.loop import Trained
from rung.bundle.model import FittedModel
from rung.core.types import Floats, Ints


@dataclass(frozen=True)
class Run:
    """One training run that ended: the learner holds the kept weights."""

    learner: Learner = field(repr=False)
    body: Body = field(repr=False)
    start: Start = field(repr=False)
    trained: Trained
    score: float
    choice: dict[str, Any]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was noted before training, in it and after."""
        room = [f"memory ran out while rows were scored: {n} pass at once" for n in self.learner.room.values()]
        return (*self.start.notes, *self.trained.notes, *room)

    def model(self) -> FittedModel:
        """What a bundle keeps."""
        delta = self.body.delta()
        changed = None if not (delta.tensors or delta.files) else delta
        start = self.start
        return FittedModel(start.encoders, self.learner.head(), start.shift, start.spread, changed)

    def moved(self) -> int:
        """How many of the weights that could learn differ from what they were."""
        trained, start = self.learner.trained(), self.body.start
        still = [
            p
            for name, p in trained.items()
            if (at := start.get(name.removeprefix("body."))) is not None and at.equal(p.detach())
        ]
        return sum(p.numel() for p in trained.values()) - sum(p.numel() for p in still)

    def predict(self, rows: Ints) -> Floats:
        """(n, C) predictions of pool rows, in the target's units."""
        return restored(self.learner.predict(rows), self.start.shift, self.start.spread)


def counted(lines: list[str], folds: int) -> tuple[str, ...]:
    """Each line once; how many folds say it, where not all do.

    >>> counted(["brought nothing", "modules at x", "modules at x"], 2)
    ('brought nothing (1 of 2 folds)', 'modules at x')
    """
    many = Counter(lines)
    return tuple(line if n >= folds else f"{line} ({n} of {folds} folds)" for line, n in many.items())


def searched(trials: Sequence[int]) -> list[str]:
    """What is said of the trials of each fold's search; nothing where none was made.

    >>> searched([2, 2]), searched([0, 0])
    (['settings searched in 4 trials over 2 folds, on rows set aside from training'], [])
    """
    over = f"over {len(trials)} folds, " if len(trials) > 1 else ""
    return [f"settings searched in {sum(trials)} trials {over}on rows set aside from training"] if any(trials) else []


def rated(choices: Sequence[dict[str, Any]], asked: float | str | None) -> list[str]:
    """What is said of the rates that the folds' range tests found; nothing where no word asked for them.

    >>> rated([{"rate": 4e-5}, {"rate": 2e-4}], "find"), rated([{"rate": 4e-5}], None)
    (['the range test found rates from 4e-05 to 0.0002'], [])
    """
    found = [f"{rate:.1g}" for rate in sorted({choice["rate"] for choice in choices if "rate" in choice})]
    if not found or not isinstance(asked, str):
        return []
    return [f"the range test found {f'rates from {found[0]} to' if found[0] != found[-1] else 'a rate of'} {found[-1]}"]


def agreed(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """One choice from those of the folds: the setting that most folds took, then what the middle one of those found.

    The middle by epochs, with its own blend: epochs of one fold and the blend of another were judged by none.

    Trees over what training made ("fusion") are voted on by all folds, whatever else they took.

    >>> found = {"stop_after": 1, "wise": 1.0, "soup": False}
    >>> agreed([{"k": 1, **found}, {"k": 1, "fusion": "trees", **found}, {"k": 2, "fusion": "trees", **found}])
    {'k': 1, 'fusion': 'trees', 'stop_after': 1, 'wise': 1.0, 'soup': False}
    """
    aside = ("stop_after", "wise", "soup", "fusion")
    plain = [{k: v for k, v in choice.items() if k not in aside} for choice in choices]
    most = max(plain, key=lambda setting: (plain.count(setting), -plain.index(setting)))
    own = [choice for choice, setting in zip(choices, plain, strict=True) if setting == most]
    found = sorted((choice["stop_after"], choice["wise"], choice["soup"]) for choice in own)[len(own) // 2]
    middle = dict(zip(("stop_after", "wise", "soup"), found, strict=True))
    trees = [choice["fusion"] for choice in choices if "fusion" in choice]
    fusion = {"fusion": max(trees, key=trees.count)} if 2 * len(trees) > len(choices) else {}
    return {**most, **fusion, **middle}
