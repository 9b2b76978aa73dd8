"""Which views of images, sounds and series are worth training on: those that rows set aside from training agree to."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch

from rung.adapt.frozen import STRENGTHS
from rung.adapt.ground import Ground
from rung.adapt.linear import LINK, LOSS, MOST_STEPS, TOLERANCE, fit_value, standard
from rung.adapt.prefix import frozen
from rung.adapt.runs import Run
from rung.adapt.solver import LinearPath
from rung.adapt.training.mix import ALPHA, mixed
from rung.adapt.training.varied import IMAGE, SERIES, SOUND, Varied
from rung.bundle.heads import linked
from rung.core.contracts import Job, Prepared, Tunable
from rung.core.rng import generator
from rung.core.types import Column, Floats, Fold, Ints, Role, Task
from rung.metrics.log_loss import log_loss

AUTO, NONE = "auto", "none"
CHANGES = {Role.IMAGE: IMAGE, Role.AUDIO: SOUND, Role.SERIES: SERIES}
KNOWN = (*IMAGE, *SOUND, *SERIES, *ALPHA)
FEWEST = 10  # rows set aside that can agree to something
MOST = 512  # rows whose views are embedded to ask them
FEW = f"fewer than {FEWEST} rows set aside could judge it"
ALONE = "no change alone helped the rows set aside"
TOGETHER = "training on varied rows scored no higher on the rows set aside"
LATE = "the budget leaves no time to try it"
REASONS = (FEW, ALONE, TOGETHER, LATE)
Trains = Callable[[dict[str, Any], str], Run]  # a setting, what to call the run


def fitting(job: Job) -> tuple[str, ...]:
    """Names of the changes that this job's columns allow."""
    own = [name for name in job.inputs.own if name in job.inputs.media]
    kinds = {column.role for column in job.columns if column.name in own}
    alone = len(job.inputs.parts) == 1 and not job.inputs.table.width  # a mixed row has one input, and it is mixed
    found = tuple(name for kind, names in CHANGES.items() if kind in kinds for name in names)
    if not kinds or not alone:
        return found
    return (*found, *(name for name in ALPHA if name == "mixup" or Role.IMAGE in kinds))


def of_sense(columns: Sequence[Column]) -> tuple[str, ...]:
    """Names of the changes that some column is of a sense for, whatever stands beside it.

    >>> from rung.core.types import Role
    >>> of_sense([Column("clip", Role.AUDIO)])
    ('shift', 'gain', 'noise', 'specaugment', 'mixup')
    """
    roles = {column.role for column in columns}
    found = tuple(name for kind, names in CHANGES.items() if kind in roles for name in names)
    return (*found, *(name for name in ALPHA if found and (name == "mixup" or Role.IMAGE in roles)))


def asked_of(augment: str, job: Job) -> tuple[str, ...]:
    """The changes that a setting names and the job allows; none for "auto", which is settled elsewhere.

    >>> from types import SimpleNamespace as Some
    >>> asked_of("none", Some(columns=(), inputs=Some(media={}, parts={}, own={}, table=Some(width=0))))
    ()
    """
    return tuple(name for name in fitting(job) if name in augment.split("+"))


def with_views(run: Run, train: Trains, ground: Ground, inner: Fold) -> tuple[Run, str]:
    """The run, or one like it on varied rows where that scores higher on the rows set aside; and how it went.

    Two questions are put to those rows. First, of each change alone: does a head on frozen features of the varied
    training rows beside the plain ones lose less than a head on the plain ones? Then, of all that did: does training
    on them score higher? Changes that turn one class into another fail the first.
    """
    if len(inner.validation) < FEWEST:
        return run, FEW
    names = agreeing(ground, inner, fitting(ground.job))
    if not names:
        return run, ALONE
    found = "+".join(names)
    plain = {key: value for key, value in run.choice.items() if key not in ("stop_after", "wise", "soup")}
    other = train({**plain, "augment": found}, f"augmented by {found}")
    return (other, found) if other.score > run.score else (run, TOGETHER)


def summary(went: Sequence[str]) -> list[str]:
    """What is said of augmentation over all folds: nothing where none was tried.

    >>> summary(["crop", "", "crop+flip"])
    ['augmented in 2 of 3 folds (crop 2, flip 1), as the rows set aside agree']
    """
    tried = [each for each in went if each]

    def places(each: Sequence[str]) -> str:
        return f" in {len(each)} of {len(went)} folds" if len(went) > 1 else ""

    kept = [each for each in tried if each not in REASONS]
    counts = Counter(name for each in kept for name in each.split("+"))
    names = ", ".join(f"{name} {count}" if len(went) > 1 else name for name, count in counts.items())
    found = [f"augmented{places(kept)} ({names}), as the rows set aside agree"] if kept else []
    others = [(reason, [each for each in tried if each == reason]) for reason in REASONS]
    return [*found, *(f"no augmentation{places(alike)}: {reason}" for reason, alike in others if alike)]


@dataclass(frozen=True)
class Seen:
    """Features (M, D) of views, the two rows that each is mixed of (or one row twice), and the first one's share."""

    x_MD: Floats = field(repr=False)
    first_M: Ints
    second_M: Ints
    share_M: Floats

    def of(self, rows: Ints) -> "Seen":
        """Views of these rows alone."""
        at = np.isin(self.first_M, rows) & np.isin(self.second_M, rows)
        return Seen(self.x_MD[at], self.first_M[at], self.second_M[at], self.share_M[at])


def agreeing(ground: Ground, inner: Fold, names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` with which a head on frozen features loses less on the rows set aside."""
    job = ground.job
    chosen = generator(job.seed, "views").permutation(len(job.target))[:MOST]
    columns = [job.inputs.embed(name) for name in job.inputs.own]
    rows = chosen[np.isin(chosen, inner.train)]
    plain = Seen(np.concatenate([x_ND[rows] for x_ND in columns], axis=1), rows, rows, np.ones(len(rows), np.float32))
    aside_ND = np.concatenate([x_ND[inner.validation] for x_ND in columns], axis=1)
    bare = _loss(job, [plain], inner.validation, aside_ND)
    found = []
    for name in names:
        if name not in ground.looked:  # once for all folds
            ground.looked[name] = _seen(ground, chosen, name)
        if _loss(job, [plain, ground.looked[name].of(rows)], inner.validation, aside_ND) < bare:
            found.append(name)
    return tuple(found)


def _seen(ground: Ground, rows: Ints, name: str) -> Seen:
    job, tunable = ground.job, ground.tunable
    mixes = (name,) if name in ALPHA else ()
    module = tunable.module()
    second, share, parts = rows, np.ones(len(rows), np.float32), []
    for column, items in job.inputs.own.items():
        if column not in job.inputs.media:
            parts.append(job.inputs.embed(column)[rows])
            continue
        own: list[Any] = [items[row] for row in rows]
        prepared = tunable.prepare(own if mixes else [Varied(item, (name,), job.seed) for item in own])
        vectors, partner, share = _vectors(tunable, module, prepared, mixes, job.seed)
        second = rows[partner]
        parts.append(vectors)
    return Seen(np.concatenate(parts, axis=1), rows, second, share)


def _vectors(
    tunable: Tunable, module: Any, prepared: Prepared, mixes: Sequence[str], seed: int
) -> tuple[Floats, Ints, Floats]:
    found: list[tuple[Floats, Ints, Floats]] = []
    with torch.random.fork_rng(devices=[]), frozen(module), torch.inference_mode():
        torch.manual_seed(seed)
        for begin in range(0, len(prepared.ids), tunable.at_once):
            at = np.arange(begin, min(begin + tunable.at_once, len(prepared.ids)))
            batch, partner, share = mixed(tunable.batch(prepared, at), mixes)
            found.append((tunable.vectors(module, batch).float().cpu().numpy(), at[partner], share.cpu().numpy()))
    x_MD, second_M, share_M = (np.concatenate(each) for each in zip(*found, strict=True))
    return x_MD, second_M, share_M


def _loss(job: Job, parts: Sequence[Seen], aside: Ints, aside_ND: Floats) -> float:
    """What the head of the best strength loses on the rows set aside."""
    target = job.target
    whole = Seen(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Seen)))
    two = whole.share_M < 1
    x = np.concatenate([whole.x_MD, whole.x_MD[two], aside_ND])
    row = np.concatenate([whole.first_M, whole.second_M[two], aside])
    learnt = len(row) - len(aside)
    weight = np.concatenate([whole.share_M, 1 - whole.share_M[two], np.ones(len(aside), np.float32)])
    train_FN = np.arange(len(row))[None] < learnt
    shift, spread = standard(target, row[:learnt])
    value = fit_value(target, shift, spread)
    solver = LinearPath(x, value[row], LOSS[target.task], target.outputs, train_FN, weight[None], TOLERANCE)
    lost = []
    for strength in STRENGTHS:
        solution = solver.solve(strength / solver.scale**2, most=MOST_STEPS)
        said = linked(aside_ND @ solution.weight_FDC[0] + solution.bias_FC[0], LINK[target.task])
        if target.task is Task.REGRESSION:
            lost.append(float(np.square(said - value[aside]).mean()))
        else:
            lost.append(float(log_loss(target.value[aside], said)))
    return min(lost)
