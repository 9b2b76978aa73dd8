"""What every rung that trains the backbone does around the one loop: head first, rows set aside, folds, refit.

For each fold its own training rows give everything: a linear head fitted on the frozen embeddings (LP-FT), a share set
aside that says which setting, when to stop and which weights to keep. The fold's validation rows are predicted once,
by the weights that were kept, and judge.
Source of the order head, then body: Kumar et al. 2022, Fine-Tuning can Distort Pretrained Features, section 4.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from math import ceil, inf
from typing import Any

import numpy as np
import torch

from rung.adapt import tuned_fusion
from rung.adapt.base import NO_BACKBONE
from rung.adapt.bodies import Body
from rung.adapt.brief import as_many, brief_of, in_brief, most_of, told
from rung.adapt.costs import FIND, folds_of, in_time, predicted, short_list
from rung.adapt.ground import Ground, through
from rung.adapt.hearing import heard
from rung.adapt.linear import LINK, fit_value
from rung.adapt.method import Method
from rung.adapt.notes import model_note, noted_model
from rung.adapt.runs import Run
from rung.adapt.slower import given, or_slower
from rung.adapt.starts import Start, begin, class_weights, judge, looker, set_aside
from rung.adapt.training.blends import Blend, blend, blends, copied
from rung.adapt.training.learner import Learner, Net, linear
from rung.adapt.training.loop import Around, train
from rung.adapt.training.rate_finder import found_rates
from rung.adapt.training.recipe import Recipe, batch_for, with_rate
from rung.adapt.training.trials import After, search
from rung.adapt.trial import trial_of
from rung.adapt.unheeded import unheeded
from rung.adapt.views import AUTO, LATE, asked_of, with_views
from rung.adapt.warm import Warm
from rung.bundle.model import FittedModel
from rung.core.contracts import Job, Note, Trial
from rung.core.memory import give_back
from rung.core.rng import digest
from rung.core.types import Cost, Fold, Ints

VARIED = 2.5  # times what the plain runs of a fold took: they again in the folds to come, and varied ones
MOST_TRAIN_ROWS = 2000  # training rows predicted again for the overfitting verdict


class Tuned:
    """A rung that trains the backbone: one Method, one Recipe, the shared way around them.

    only_asked: it runs when the user names it. fresh: the head starts at random too. yardstick: transfer is measured
    against it, so it runs after the climb. warm: what the rows' labels do to the body before the head is fitted.
    turn(rows): when it is tried, where that is not its place by cost.
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
        turn: Callable[[int], int] | None = None,
    ) -> None:  # house: a constructor of named parts, all but five of them optional
        self.name, self.order, self.title = name, order, title
        self.turn = turn or (lambda _: order)
        self.method, self.recipe, self.only_asked, self.fresh = method, recipe, only_asked, fresh
        self.yardstick, self.warm = yardstick, warm

    @property
    def options(self) -> dict[str, Any]:
        """What a user may set, with its default: the recipe's settings and the method's own."""
        return {**asdict(self.recipe), **({} if self.fresh else {"fusion": tuned_fusion.AUTO}), **self.method.options}

    def fusion(self, job: Job) -> str:
        """How parts and columns come together: as the user says, or "head" where trees can't be tried."""
        said = str(job.settings.get(f"{self.name}.fusion", tuned_fusion.AUTO))
        return tuned_fusion.HEAD if self.fresh else tuned_fusion.way_of(job, said, self.method.settings(job))

    def applies(self, job: Job) -> str:
        """Ask for text, a backbone that can be trained, and for being named where it runs only then."""
        if job.tunable is None:
            return "this backbone embeds, but can't be trained" if job.backbone else NO_BACKBONE
        if not job.inputs.own:
            return "there is no column of text, images, sounds or series"
        if self.only_asked and self.name not in job.asked:
            return f"it runs only when it is named: --rungs ...,{self.name}"
        return self.method.applies(job)

    def predict_cost(self, job: Job) -> Cost:
        """Seconds and bytes of all folds, from a few measured steps on a sample of the rows."""
        return in_brief(self, job) or predicted(self, job)

    def climb(self, job: Job) -> Trial:
        """Train on each fold of folds_of; predict its validation rows with the best weights; see in_time, as_many."""
        ground = Ground.of(job)
        folds, brief, least = folds_of(self, job), brief_of(self.name, job), list[float]()
        if brief:
            ground.rows(brief["k"], None)  # kept before a fold is timed
        gone, many = as_many if brief else in_time, len(folds)
        most = min(many, most_of(self.name, job))
        notes = gone(lambda f: self._fold(ground, f, folds[f], many, least), most, job.left, least)
        said = told(brief, self.recipe_for(job, brief), len(notes), many)
        return trial_of(job, folds[: len(notes)], notes, least, said)

    def refit(self, job: Job, choice: dict[str, Any]) -> FittedModel:
        """Train on all pool rows with the setting, the epochs and the blend that were found."""
        ground, rows, name = Ground.of(job), np.arange(len(job.target)), f"{self.name} refit"
        note = job.notebook.get(f"{name} done") if job.notebook else None
        if note is not None:
            return noted_model(note)
        run = self._train(ground, rows, choice, name, aside=None)
        if which := choice.get("fusion"):
            run, _ = tuned_fusion.fused(run, ground, (rows, rows), self._again(ground, choice), name, way=which)
        if job.notebook:
            job.notebook.put(f"{name} done", model_note(run.model(), {}))
        return run.model()

    def _fold(self, ground: Ground, f: int, fold: Fold, of: int, least: list[float]) -> Note:
        job, name = ground.job, f"{self.name} fold {f + 1} of {of}" if of > 1 else self.name
        name += " in brief" if (brief := brief_of(self.name, job)) else ""  # a resume may have time for more
        if job.notebook and (kept := job.notebook.get(f"{name} done")) is not None:
            return kept
        inner = Fold(fold.train, fold.train[:0]) if brief else set_aside(job, fold.train)
        notes, begun = unheeded(self.name, job, self.method.settings(job)), job.left()

        def to_come() -> float:  # seconds, by the budget's clock, which several processes share
            return 0.0 if begun == inf else (of - f) * (begun - job.left())

        def trained(setting: dict[str, Any]) -> Run:  # a name each: none goes on from another's checkpoint
            said = " ".join([name, ", ".join(f"{key} {value}" for key, value in setting.items())])
            return self._train(ground, inner.train, setting, said.strip(), aside=inner.validation)

        if job.search:
            best, spent = self._searched(ground, inner, name, max(2, ceil(job.search / of)))
        else:
            steady = partial(or_slower, trained, notes=notes, fixed=given(self.name, job))
            runs = short_list(steady, [brief] if brief else self._rated(ground, inner.train), of - f, job.left, least)
            best, spent = max(runs, key=lambda run: run.score), 0
        best, went = self._augmented(ground, inner, name, best, VARIED * to_come())
        again, both = self._again(ground, best.choice), (fold.train, inner.train)
        best, trees = tuned_fusion.tried(best, ground, both, again, name, way=self.fusion(job), plain=to_come())
        notes += [f"modules at {where}"] if (where := best.body.where()) else []
        rows = fold.train
        if len(rows) > MOST_TRAIN_ROWS:
            rows = np.sort(np.random.default_rng(job.seed).choice(rows, MOST_TRAIN_ROWS, replace=False))
        arrays = {
            "prediction": best.predict(fold.validation),
            "train_rows": rows,
            "train_prediction": best.predict(rows) if f == 0 else np.zeros(0, np.float32),
        }
        if best.choice["stop_after"] == 0 and not any("stop_after" in each for each in self.method.settings(job)):
            notes.append("training brought nothing on the rows set aside: the weights it began with are kept")
        noted = {"notes": [*notes, *best.notes], "views": went, "fusion": trees, "trials": spent}
        facts = {"choice": best.choice, "trained": best.moved(), **noted}
        note = model_note(best.model() if f == 0 else None, facts, arrays)
        if job.notebook:
            job.notebook.put(f"{name} done", note)
        return note

    def _augmented(self, ground: Ground, inner: Fold, name: str, best: Run, most: float) -> tuple[Run, str]:
        """The best run, or one like it on varied images and sounds; how it went. most: seconds it takes, about."""
        job = ground.job
        if self.recipe_for(job, {}).augment != AUTO or not job.inputs.media:
            return best, ""
        if job.left() <= most:
            return best, LATE

        def trained(setting: dict[str, Any], said: str) -> Run:
            return self._train(ground, inner.train, setting, f"{name} {said}", aside=inner.validation)

        return with_views(best, trained, ground, inner)

    def _again(self, ground: Ground, choice: Mapping[str, Any]) -> tuned_fusion.Trains:
        return lambda rows, name: self._train(ground, rows, choice, name, aside=None)

    def _rated(self, ground: Ground, rows: Ints) -> list[dict[str, Any]]:
        """The short list, with the rate that a range test finds where the user wants that."""
        job, settings = ground.job, self.method.settings(ground.job)
        if job.rate != FIND:
            return settings
        return [
            each | found_rates(partial(self.ready, ground, rows, each), self.recipe_for(job, each), rows, job.seed)
            for each in settings
        ]

    def _searched(self, ground: Ground, inner: Fold, name: str, trials: int) -> tuple[Run, int]:
        """The best run of a search over settings, and how many trials it took."""
        job, base = ground.job, self.method.settings(ground.job)[0]
        kept: list[Run] = []

        def tried(params: dict[str, Any], after: After | None) -> Run:
            said = f"{name} trial {digest(repr(sorted(params.items()))).hex()[:8]}"
            return self._train(ground, inner.train, {**base, **params}, said, aside=inner.validation, after=after)

        def run(params: dict[str, Any], after: After) -> float:
            found = tried(params, after)
            kept[:] = [found] if not kept or found.score > kept[0].score else kept
            return found.score

        recipe, own = self.recipe_for(job, {}), [name.partition(".") for name in job.settings]
        fixed = [what for rung, _, what in own if rung == self.name]
        around = repr((recipe, base, job.metric.name, ground.tunable.card, job.seed))
        key = digest(job.target.value.tobytes(), inner.train.tobytes(), around).hex()
        best = search(
            run, recipe, self.method.space(job), fixed=fixed, seed=job.seed + digest(inner.train.tobytes())[0],
            trials=trials, name=f"rung {name} {key}", kept=job.storage or job.notebook,
        )  # fmt: skip
        return kept[0] if kept and kept[0].score >= best.score else tried(best.setting, None), best.trials

    def learner(
        self, ground: Ground, rows: Ints, setting: Mapping[str, Any], aside: Ints | None, *, warm: str | None = ""
    ) -> tuple[Learner, Body, Start]:
        """Body and head, ready to train on `rows`. warm: whose warm-up it is; None leaves that out."""
        job = heard(ground.job, rows)
        body = self.method.body(job, setting, ground.probe)
        said: tuple[str, ...] = ()
        if self.warm is not None and warm is not None:
            said = self.warm.up(ground, rows, body, self.recipe_for(job, setting), warm or self.name)
            job = through(job, ground, body)
        start = replace(begin(job, rows, aside, learns=setting.get("stop_after") != 0), notes=said)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(job.seed)
            head = linear(start.head)
            if self.fresh:
                head.reset_parameters()
        net = Net(body.module, body.vectors, head.to(next(body.module.parameters()).device))
        net.short, net.fresh = ground.tunable.precision == "bfloat16", body.fresh
        truth = torch.from_numpy(np.ascontiguousarray(fit_value(job.target, start.shift, start.spread)))
        names = {f"body.{here}": there for here, there in body.names.items()}
        views = asked_of(self.recipe_for(job, setting).augment, job)
        learner = Learner(net, ground.rows(body.k, start.beside, views), truth, LINK[job.target.task], names)
        return learner, body, start

    def ready(self, ground: Ground, rows: Ints, setting: Mapping[str, Any]) -> Learner:
        """Body and head with nothing learnt, for measuring steps."""
        return self.learner(ground, rows, setting, None, warm=None)[0]

    def recipe_for(self, job: Job, setting: Mapping[str, Any]) -> Recipe:
        """The rung's recipe with what the user and the setting say."""
        known, start = Recipe.__dataclass_fields__, f"{self.name}."
        own = {key.removeprefix(start): value for key, value in job.settings.items() if key.startswith(start)}
        if isinstance(job.rate, float):
            own = {"rate": job.rate, "head_rate": self.recipe.head_rate * job.rate / self.recipe.rate, **own}
        if self.warm is None:  # pairs want many rows at once
            own = {"batch": batch_for(len(job.target)), **own}
        found = replace(self.recipe, **{key: value for key, value in {**own, **setting}.items() if key in known})
        return with_rate(found, float(setting.get("times", 1.0)))

    def _train(
        self,
        ground: Ground,
        rows: Ints,
        setting: Mapping[str, Any],
        name: str,
        *,
        aside: Ints | None,
        after: After | None = None,
    ) -> Run:
        give_back()
        job, recipe = ground.job, self.recipe_for(ground.job, setting)
        brief = aside is not None and not len(aside)
        learner, body, start = self.learner(ground, rows, setting, None if brief else aside, warm=name)
        weighted = recipe.imbalance == "weights" or (recipe.imbalance == "auto" and start.weighted)
        before = copied(learner) if recipe.wise else {}
        around = Around(
            job.seed, name, job.notebook, job.tell,
            stop_after=setting.get("stop_after"),
            weight_C=class_weights(job, rows) if weighted else None,
            early_look=not self.fresh,
            after=after,
        )  # fmt: skip
        on = None if aside is None else looker(job, rows) if brief else judge(job, rows, aside)
        trained = train(learner, recipe, rows, on, around)
        kept, found = Blend(setting.get("wise", 1.0), setting.get("soup", False)), trained.score
        if on is None or brief:
            blend(learner, before, trained.soup, kept)
        elif recipe.wise:
            kept, found = blends(learner, before, trained, on)
        epochs = trained.ran if kept.soup else trained.epochs
        choice = {**setting, "stop_after": epochs, "wise": kept.wise, "soup": kept.soup}
        choice |= {"head": "random"} if self.fresh else {}
        return Run(learner, body, start, trained, found, choice)
