"""What every rung that trains the backbone does around the one loop: head first, rows set aside, folds, refit.

For each fold its own training rows give everything: a linear head fitted on the frozen embeddings (LP-FT), a share set
aside that says which setting, when to stop and which weights to keep. The fold's validation rows are predicted once,
by the weights that were kept, and judge.
Source of the order head, then body: Kumar et al. 2022, Fine-Tuning can Distort Pretrained Features, section 4.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import torch

from rung.adapt.bodies import Body
from rung.adapt.choose import inner_folds
from rung.adapt.ground import Ground, through
from rung.adapt.linear import LINK, fit_value
from rung.adapt.notes import model_note, noted_model
from rung.adapt.starts import ASIDE, Start, begin, class_weights, judge, restored, sampled
from rung.adapt.training.blends import Blend, blend, blends
from rung.adapt.training.cost import rates, seconds_of_run, total
from rung.adapt.training.learner import Learner, Net, linear
from rung.adapt.training.loop import Around, Trained, train
from rung.adapt.training.recipe import Recipe
from rung.bundle.model import FittedModel
from rung.core.contracts import Job, Note, Prepared, Trial
from rung.core.types import Cost, Floats, Fold, Ints

MOST_TRAIN_ROWS = 2000  # training rows predicted again for the overfitting verdict


class Method(Protocol):
    """What differs between the rungs that train."""

    options: Mapping[str, Any]  # what a user may set beside the recipe, with its default

    def applies(self, job: Job) -> str:
        """Empty when this backbone can be trained so, else why not."""

    def settings(self, job: Job) -> list[dict[str, Any]]:
        """The short list of settings of which the rows set aside choose one."""

    def body(self, job: Job, setting: Mapping[str, Any], probe: Prepared) -> Body:
        """The backbone made ready to learn."""


@dataclass(frozen=True)
class Run:
    """One training run that ended: the learner holds the kept weights."""

    learner: Learner = field(repr=False)
    body: Body = field(repr=False)
    start: Start = field(repr=False)
    trained: Trained
    score: float
    choice: dict[str, Any]

    def model(self) -> FittedModel:
        """What a bundle keeps."""
        delta = self.body.delta()
        changed = None if not (delta.tensors or delta.files) else delta
        start = self.start
        return FittedModel(start.encoders, self.learner.head(), start.shift, start.spread, changed)

    def predict(self, rows: Ints) -> Floats:
        """(n, C) predictions of pool rows, in the target's units."""
        return restored(self.learner.predict(rows), self.start.shift, self.start.spread)


Warm = Callable[[Ground, Ints, Body, Recipe], None]


class Tuned:
    """A rung that trains the backbone: one Method, one Recipe, the shared way around them.

    only_asked: it runs when the user names it. fresh: the head starts at random too. yardstick: transfer is measured
    against it, so it runs after the climb. warm: changes the body by the rows' labels before the head is fitted, in
    warm_steps(rows, batch) steps.
    """

    needs_backbone = True
    dear = True  # the winner alone is refitted; whoever loses is shown by the model of its first fold

    def __init__(
        self,
        name: str,
        order: int,
        title: str,
        method: Method,
        recipe: Recipe,
        *,
        only_asked: bool = False,
        fresh: bool = False,
        yardstick: bool = False,
        warm: Warm | None = None,
        warm_steps: Callable[[int, int], int] | None = None,
    ) -> None:  # house: a constructor of named parts, all but five of them optional
        self.name, self.order, self.title = name, order, title
        self.method, self.recipe, self.only_asked, self.fresh = method, recipe, only_asked, fresh
        self.yardstick, self.warm, self.warm_steps = yardstick, warm, warm_steps

    @property
    def options(self) -> dict[str, Any]:
        """What a user may set, with its default: the recipe's settings and the method's own."""
        return {**asdict(self.recipe), **self.method.options}

    def applies(self, job: Job) -> str:
        """Ask for text, a backbone that can be trained, and for being named where it runs only then."""
        if job.tunable is None:
            return "the backbone can't be trained here" if job.backbone else "no backbone was loaded"
        if not job.inputs.texts:
            return "there is no text column"
        if self.only_asked and self.name not in job.asked:
            return f"it runs only when it is named: --rungs ...,{self.name}"
        return self.method.applies(job)

    def predict_cost(self, job: Job) -> Cost:
        """Seconds and bytes of all folds, from a few measured steps on a sample of the rows."""
        small = sampled(job)
        ground, rows = Ground.of(small), np.arange(len(small.target))
        whole = Ground.of(job)
        folds = [fold for fold in job.plan.folds if fold.repeat == 0]
        length_N = whole.rows(0, None).length_N
        seconds, memory = [], 0
        for setting in self.method.settings(job):
            recipe = self.recipe_for(job, setting)
            begun = perf_counter()
            body = self.method.body(small, setting, ground.probe)
            kept = 0.0
            if body.k:
                begun = perf_counter()
                ground.rows(body.k, None)
                kept = (perf_counter() - begun) / max(1, int(ground.rows(0, None).length_N.sum()))
            rate = rates(partial(self._ready, ground, rows, setting), recipe, rows, job.seed)
            seconds.append(kept * int(length_N.sum()))
            for fold in folds:
                inner = inner_folds(job, fold.train, ASIDE)[0]
                seconds.append(seconds_of_run(rate, recipe, length_N, inner.train, inner.validation, seed=job.seed))
                seconds.append(int(length_N[fold.validation].sum()) * rate.passed)
                if self.warm_steps is not None:
                    tokens = float(length_N[inner.train].mean()) * recipe.batch
                    seconds.append(self.warm_steps(len(inner.train), recipe.batch) * tokens * rate.step)
                    seconds.append(int(length_N.sum()) * rate.passed)
            memory = max(memory, rate.memory)
        return total(seconds, memory)

    def climb(self, job: Job) -> Trial:
        """Train on each fold of the first repeat; predict its validation rows with the weights that were kept."""
        ground = Ground.of(job)
        folds = [fold for fold in job.plan.folds if fold.repeat == 0]
        judged = job.plan.judged
        prediction = np.zeros((1, len(judged), job.target.outputs), np.float32)
        notes = [self._fold(ground, f, fold, len(folds)) for f, fold in enumerate(folds)]
        for fold, note in zip(folds, notes, strict=True):
            prediction[0, np.searchsorted(judged, fold.validation)] = note.arrays["prediction"]
        first = notes[0]
        choice = _agreed([note.facts["choice"] for note in notes])
        return Trial(
            prediction,
            choice,
            int(first.facts["trained"]),
            first.arrays["train_rows"],
            first.arrays["train_prediction"],
            tuple(dict.fromkeys(line for note in notes for line in note.facts["notes"])),
            noted_model(first),
        )

    def refit(self, job: Job, choice: dict[str, Any]) -> FittedModel:
        """Train on all pool rows with the setting, the epochs and the blend that were found."""
        ground = Ground.of(job)
        rows = np.arange(len(job.target))
        name = f"{self.name} refit"
        note = job.notebook.get(f"{name} done") if job.notebook else None
        if note is not None:
            return noted_model(note)
        model = self._train(ground, rows, choice, name, aside=None).model()
        if job.notebook:
            job.notebook.put(f"{name} done", model_note(model, {}))
        return model

    def _fold(self, ground: Ground, f: int, fold: Fold, of: int) -> Note:
        job, name = ground.job, f"{self.name} fold {f + 1} of {of}" if of > 1 else self.name
        kept = job.notebook.get(f"{name} done") if job.notebook else None
        if kept is not None:
            return kept
        runs = []
        inner = inner_folds(job, fold.train, ASIDE)[0]
        for setting in self.method.settings(job):
            said = ", ".join(f"{key} {value}" for key, value in setting.items())
            runs.append(self._train(ground, inner.train, setting, f"{name} {said}".strip(), aside=inner.validation))
        best = max(runs, key=lambda run: run.score)
        rows = fold.train
        if len(rows) > MOST_TRAIN_ROWS:
            rows = np.sort(np.random.default_rng(job.seed).choice(rows, MOST_TRAIN_ROWS, replace=False))
        arrays = {
            "prediction": best.predict(fold.validation),
            "train_rows": rows,
            "train_prediction": best.predict(rows) if f == 0 else np.zeros(0, np.float32),
        }
        parameters = sum(parameter.numel() for parameter in best.learner.trained().values())
        facts = {"choice": best.choice, "trained": parameters, "notes": list(best.trained.notes)}
        note = model_note(best.model() if f == 0 else None, facts, arrays)
        if job.notebook:
            job.notebook.put(f"{name} done", note)
        return note

    def learner(
        self, ground: Ground, rows: Ints, setting: Mapping[str, Any], aside: Ints | None, *, warm: bool = True
    ) -> tuple[Learner, Body, Start]:
        """Body and head, ready to train on `rows`."""
        job = ground.job
        body = self.method.body(job, setting, ground.probe)
        if self.warm is not None and warm:
            self.warm(ground, rows, body, self.recipe_for(job, setting))
            job = through(job, ground, body)
        start = begin(job, rows, aside)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(job.seed)
            head = linear(start.head)
            if self.fresh:
                head.reset_parameters()
        net = Net(body.module, body.vectors, head.to(next(body.module.parameters()).device))
        net.short = ground.tunable.precision == "bfloat16"
        truth = torch.from_numpy(np.ascontiguousarray(fit_value(job.target, start.shift, start.spread)))
        names = {f"body.{here}": there for here, there in body.names.items()}
        learner = Learner(net, ground.rows(body.k, start.beside), truth, LINK[job.target.task], names)
        return learner, body, start

    def _ready(self, ground: Ground, rows: Ints, setting: Mapping[str, Any]) -> Learner:
        return self.learner(ground, rows, setting, None, warm=False)[0]

    def recipe_for(self, job: Job, setting: Mapping[str, Any]) -> Recipe:
        """The rung's recipe with what the user and the setting say."""
        known = Recipe.__dataclass_fields__
        start = f"{self.name}."
        own = {key.removeprefix(start): value for key, value in job.settings.items() if key.startswith(start)}
        return replace(self.recipe, **{key: value for key, value in {**own, **setting}.items() if key in known})

    def _train(self, ground: Ground, rows: Ints, setting: Mapping[str, Any], name: str, *, aside: Ints | None) -> Run:
        job = ground.job
        recipe = self.recipe_for(job, setting)
        learner, body, start = self.learner(ground, rows, setting, aside)
        if start.weighted and recipe.imbalance == "none":
            recipe = replace(recipe, imbalance="weights")
        before = (
            {key: parameter.detach().clone() for key, parameter in learner.trained().items()} if recipe.wise else {}
        )
        around = Around(
            job.seed, name, job.notebook, job.tell,
            stop_after=setting.get("stop_after"),
            weight_C=class_weights(job, rows) if recipe.imbalance == "weights" else None,
            early_look=not self.fresh,
        )  # fmt: skip
        on = None if aside is None else judge(job, rows, aside)
        trained = train(learner, recipe, rows, on, around)
        kept = Blend(setting.get("wise", 1.0), setting.get("soup", False))
        found = trained.score
        if on is None:
            blend(learner, before, trained.soup, kept)
        elif recipe.wise:
            kept, found = blends(learner, before, trained, on)
        choice = {**setting, "stop_after": trained.epochs, "wise": kept.wise, "soup": kept.soup}
        return Run(learner, body, start, trained, found, choice)


def _agreed(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """One choice from those of the folds: the setting that most folds took, then the middle of what those found."""
    plain = [{k: v for k, v in choice.items() if k not in ("stop_after", "wise", "soup")} for choice in choices]
    most = max(plain, key=lambda setting: (plain.count(setting), -plain.index(setting)))
    own = [choice for choice, setting in zip(choices, plain, strict=True) if setting == most]
    middle = {key: sorted(choice[key] for choice in own)[len(own) // 2] for key in ("stop_after", "wise", "soup")}
    return {**most, **middle}
