"""The loop: steps over batches, a score on rows set aside after each epoch, the best weights kept, not the last."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from rung.adapt.training.anchor import mixed_out, pull_back
from rung.adapt.training.checkpoint import Checkpoints
from rung.adapt.training.learner import Learner
from rung.adapt.training.losses import Loss, loss_of, tells_apart
from rung.adapt.training.optimiser import adamw, by_rows, excess, factor, groups, set_rate
from rung.adapt.training.order import batches
from rung.adapt.training.recipe import Recipe
from rung.core.contracts import Notebook
from rung.core.memory import out_of_memory
from rung.core.stops import Collapse
from rung.core.types import Floats, Ints, Progress, Task, Tell, silent

EARLY = 0.1  # share of the steps after which a dead model must have shown itself
LOOK = 500  # rows set aside that the early look scores
ENOUGH, SEEN = 32, 32  # rows set aside that show a dead model; training rows that show it where those are fewer
SAME = 0.01  # of how far numbers and label sets lay apart at the start: the same for every row
PAIRED = 8  # rows at once below which pairs teach too little to go on
Scorer = Callable[[Ints, Floats], float]  # rows, predictions -> higher is better


@dataclass(frozen=True)
class Judge:
    """Rows set aside, how they are scored, what guessing scores there; last: they look early, the end is kept."""

    aside: Ints
    score: Scorer
    prior: float
    task: Task
    last: bool = False


@dataclass(frozen=True)
class Around:
    """What a run of the loop stands in: its seed, its notebook, who hears of it."""

    seed: int = 0
    name: str = "training"
    notebook: Notebook | None = field(default=None, repr=False)
    tell: Tell = field(default=silent, repr=False)
    stop_after: int | None = None  # epochs, for a refit with what was found
    weight_C: Floats | None = None  # of classes
    early_look: bool = True
    loss: Loss | None = None  # another than the task's
    order: Callable[[int], list[Ints]] | None = None  # batches of an epoch, where rows are not taken once each
    share: Callable[[int], float] | None = None  # of the rate at a step, where it is not warm-up and cosine
    hear: Callable[[float], None] | None = None  # each step's loss
    after: Callable[[int, float], None] | None = None  # each epoch's score; may raise to end the run


@dataclass(frozen=True)
class Trained:
    """How a run went. epochs: that of the kept weights (0: the start). micro: rows that passed at once in the end."""

    epochs: int
    score: float
    history: tuple[float, ...]
    steps: int
    micro: int | None
    notes: tuple[str, ...] = ()
    soup: Mapping[str, Tensor] = field(default_factory=dict, repr=False)  # mean weights of all epochs, two or more
    ran: int = 0  # epochs in all


def train(learner: Learner, recipe: Recipe, rows: Ints, judge: Judge | None, around: Around) -> Trained:
    """Train `learner` on `rows` and leave the best weights in it; without a judge, the last.

    The start counts as epoch 0: a run that never betters it leaves it. Raises Collapse within the first tenth of the
    steps when the loss is not finite, every row is answered alike or guessing scores better, and the start was not so;
    Thawed where a frozen tensor moved. Deterministic on a CPU, also where a cut run goes on from its notebook.
    """
    run = _Run(learner, recipe, rows, judge, around)
    with torch.random.fork_rng(devices=None if torch.cuda.is_available() else []), learner.holding():
        torch.manual_seed(around.seed)
        return run.go()


class _Run:
    def __init__(self, learner: Learner, recipe: Recipe, rows: Ints, judge: Judge | None, around: Around) -> None:
        self.learner, self.recipe, self.rows, self.judge, self.around = learner, recipe, rows, judge, around
        self.device = device = next(learner.net.parameters()).device
        self.accelerator = Accelerator(cpu=device.type == "cpu")
        tunable = learner.rows.tunable
        top = tunable.count + 1
        self.optimiser = adamw(groups(learner.net.named_parameters(), recipe, learner.depth, top))
        if self.accelerator.num_processes == 1 and not (recipe.l2sp or recipe.mixout):  # these need dense gradients
            by_rows(learner.net)
        self.trained, self.state = learner.trained(), learner.state()
        self.net: Any = self.accelerator.prepare(learner.net) if self.accelerator.num_processes > 1 else learner.net
        focal = recipe.imbalance == "focal"
        self.loss: Loss = around.loss or loss_of(_task(learner), smoothing=recipe.smoothing, focal=focal)
        self.weight = None if around.weight_C is None else torch.from_numpy(around.weight_C).to(device)
        body = {name: p for name, p in self.trained.items() if not name.startswith("head.")}
        self.start = {name: p.detach().clone() for name, p in body.items()} if recipe.l2sp or recipe.mixout else {}
        self.checkpoints = Checkpoints(around.notebook, around.name)
        # Many images at once fall out of the caches (32: two to seven times as slow as 8); pairs need the whole batch.
        self.micro = recipe.batch if around.loss else recipe.micro or min(recipe.batch, tunable.at_once)
        self.steps = recipe.epochs * (len(around.order(0)) if around.order else ceil(len(rows) / recipe.batch))
        self.best: dict[str, Tensor] = {}
        self.soup: dict[str, Tensor] = {}
        self.facts: dict[str, Any] = {"epoch": 0, "batch": 0, "step": 0, "best": -np.inf, "best_epoch": 0, "idle": 0}
        self.facts |= {"learnt": -np.inf, "history": [], "micro": self.micro, "notes": []}
        self.facts["looked"] = not around.early_look

    def go(self) -> Trained:
        """Run to the end, or on from where the notebook says."""
        kept = self.checkpoints.read(self.state, self.optimiser, {"best": self.best, "soup": self.soup})
        if kept is not None:
            self.facts, self.micro = dict(kept), kept["micro"]
        else:
            self._judged()
        facts, stop = self.facts, self.around.stop_after
        last = self.recipe.epochs if stop is None else stop
        while facts["epoch"] < last and facts["idle"] < self.recipe.patience:
            self._epoch()
            facts["epoch"], facts["batch"] = facts["epoch"] + 1, 0
            self._mix()
            self._judged()
            if self.around.after is not None and self.judge is not None:
                self.around.after(facts["epoch"], facts["best"])
            if self.checkpoints.due():
                self._write()
        with torch.no_grad():
            for name, best in self.best.items():
                self.state[name].copy_(best)
        self.checkpoints.done()
        micro = self.micro if self.micro < self.recipe.batch else None
        found = facts["best_epoch"], facts["best"], tuple(facts["history"]), facts["step"]
        return Trained(*found, micro, tuple(facts["notes"]), self.soup if facts["epoch"] > 1 else {}, facts["epoch"])

    def _epoch(self) -> None:
        facts, recipe, order = self.facts, self.recipe, self.around.order
        at, lengths = {"seed": self.around.seed, "epoch": facts["epoch"]}, self.learner.rows.length_N
        planned = order(facts["epoch"]) if order else batches(lengths, self.rows, recipe.batch, **at)
        self.net.train()
        for batch in planned[facts["batch"] :]:
            share = self.around.share or partial(factor, steps=self.steps, warmup=recipe.warmup)
            set_rate(self.optimiser, share(facts["step"]))
            self._step(batch)
            facts["batch"], facts["step"] = facts["batch"] + 1, facts["step"] + 1
            self.around.tell(Progress(self.around.name, facts["step"], self.steps, "steps"))
            if not facts["looked"] and facts["step"] >= EARLY * self.steps:
                self._look()
            if self.checkpoints.due():
                self._write()

    def _write(self) -> None:
        self.checkpoints.write(self.state, self.optimiser, {"best": self.best, "soup": self.soup}, self.facts)

    def _mix(self) -> None:
        """Take this epoch's weights into the mean of all epochs."""
        if not self.recipe.wise:
            return
        n = self.facts["epoch"]
        with torch.no_grad():
            for name, parameter in self.trained.items():
                now = parameter.detach()
                self.soup[name] = now.clone() if n == 1 else self.soup[name].lerp_(now, 1 / n)

    def _step(self, batch: Ints) -> None:
        while True:
            try:
                with mixed_out(self.trained, self.start if self.recipe.mixout else {}, self.recipe.mixout):
                    self._gradients(batch)
                break
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not out_of_memory(error) or self.micro <= (PAIRED if self.around.loss else 1):
                    raise
                self.micro = max(1, self.micro // 2)
                self.facts["micro"] = self.micro
                said = f"memory ran out: batches of {self.recipe.batch} pass {self.micro} rows at once"
                self.facts["notes"].append(said + ", and those alone are compared" * (self.around.loss is not None))
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
        frozen_now = self._frozen_now()
        for name in frozen_now:
            self.trained[name].grad = None
        if self.recipe.l2sp:
            pull_back(self.trained, self.start, self.recipe.l2sp)
        self.optimiser.grad_scale = excess(self.trained.values(), self.recipe.clip)
        self.optimiser.step()

    def _gradients(self, batch: Ints) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        workers, rank = self.accelerator.num_processes, self.accelerator.process_index
        whole = self._weights(batch).sum()
        together = self.around.loss is not None  # pairs want the whole batch, so each process takes it
        own = batch if together else batch[rank::workers]
        share = 1 if together else workers if len(own) else 0
        own = own if len(own) else batch[:1]  # a process without a row has to meet the others all the same
        parts = [own[at : at + self.micro] for at in range(0, len(own), self.micro)]
        total = 0.0
        for i, part in enumerate(parts):

            def passed(part: Ints = part) -> Tensor:
                each = self.learner.losses(self.net, part, self.loss, self.facts["epoch"])
                mine: Tensor = (each * self._weights(part)).sum() / whole * share  # processes average it away
                return mine

            if workers > 1 and i < len(parts) - 1:
                with self.net.no_sync():
                    loss = passed()
                    self.accelerator.backward(loss)
            else:
                loss = passed()
                self.accelerator.backward(loss)
            total += float(loss.detach())
        if workers > 1:
            total = float(self.accelerator.reduce(loss.detach().new_tensor(total), "mean"))
        if not np.isfinite(total):
            raise Collapse(f"the loss was not finite at step {self.facts['step'] + 1} of {self.steps}")
        if self.around.hear is not None:
            self.around.hear(total)

    def _weights(self, rows: Ints) -> Tensor:
        if self.weight is None:
            return torch.ones(len(rows), device=self.device)
        return self.weight[self.learner.truth[rows].to(self.device)]

    def _frozen_now(self) -> list[str]:
        """Body parameters that gradual unfreezing still holds: the top block first, the last by half of training."""
        if not self.recipe.gradual:
            return []
        tunable = self.learner.rows.tunable
        open_blocks = 1 + int(self.facts["step"] / max(1, 0.5 * self.steps) * tunable.count)
        lowest = tunable.count - open_blocks
        return [name for name in self.trained if not name.startswith("head.") and self.learner.depth(name) <= lowest]

    def _judged(self) -> None:
        """Score the rows set aside; keep the weights when they are the best so far. Without a judge the last are."""
        facts = self.facts
        if self.judge is None or (self.judge.last and facts["epoch"]):
            facts["best"], facts["best_epoch"] = 0.0, facts["epoch"]
            return
        said = self.learner.predict(self.judge.aside)
        score = self.judge.score(self.judge.aside, said) if np.isfinite(said).all() else -np.inf
        facts["history"].append(score)
        if "one_class" not in facts:  # of the start
            facts["one_class"] = self._one_class(said if self._many else self.learner.predict(self._seen))
        if not self.judge.last and (score > facts["best"] or not self.best):
            facts["best"], facts["best_epoch"] = score, facts["epoch"]
            for name, tensor in self.state.items():
                self.best[name] = self.best[name].copy_(tensor) if name in self.best else tensor.detach().clone()
        if facts["epoch"]:  # a good start may be bettered only when the rate has fallen: epochs vie with one another
            facts["idle"] = 0 if score > facts["learnt"] else facts["idle"] + 1
            facts["learnt"] = max(score, facts["learnt"])

    @property
    def _many(self) -> bool:
        """Whether the rows set aside are enough to look at; else training rows show one class alone."""
        return self.judge is not None and len(self.judge.aside) >= ENOUGH

    @property
    def _seen(self) -> Ints:
        return self.judge.aside[:LOOK] if self.judge is not None and self._many else self.rows[:SEEN]

    def _one_class(self, said: Floats) -> bool:
        if self.judge is not None and self.judge.task.one_label:
            return bool(np.ptp(said.argmax(1)) == 0)
        spread = float(np.std(said, axis=0).mean())
        return bool(spread < SAME * self.facts.setdefault("spread", spread))  # the first to ask is the start

    def _look(self) -> None:
        """After a tenth of the steps: a dead model has a loss like any other, so look at what it predicts.

        What the start did already is no sign of death, nor is one class where probabilities tell the rows apart.
        """
        self.facts["looked"] = True
        if self.judge is None:
            return
        said = self.learner.predict(aside := self._seen)
        self.net.train()
        at = f"after {self.facts['step']} of {self.steps} steps"
        if not np.isfinite(said).all():
            raise Collapse(f"predictions were not finite {at}")
        truth, classes = self.learner.truth[self.rows], self.judge.task.one_label
        one_label = bool((truth == truth[0]).all())
        sound = self.facts["one_class"] or (classes and tells_apart(said, self.learner.truth[aside].cpu().numpy()))
        if self._one_class(said) and (one_label or not sound):
            what = "one class was" if classes else "the same was"
            raise Collapse(f"{what} predicted for every row {at}")
        now, began = self.judge.score(aside, said), self.facts["history"][0]
        if self._many and now < min(self.judge.prior, began):
            raise Collapse(f"it scored worse than guessing ({now:.3f} against {self.judge.prior:.3f}) {at}")


def _task(learner: Learner) -> Task:
    return {"softmax": Task.MULTICLASS, "sigmoid": Task.MULTILABEL, "identity": Task.REGRESSION}[learner.link]
