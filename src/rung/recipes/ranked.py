"""The rows on which backbones are compared, what each showed there, and who comes first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rung.core.contracts import Embedder, Job
from rung.core.evidence import Difference, RankedBackbone
from rung.core.types import Column, Floats, Plan, Target, Tell
from rung.evaluate.compare import compare, paired_error
from rung.metrics.base import Metric
from rung.rank.order import ordered
from rung.recipes.measure import seen
from rung.recipes.prepare import Prepared
from rung.report import units
from rung.report.ranking import short_names


@dataclass(frozen=True)
class Rows:
    """The sample that candidates are compared on, in one repeat of folds."""

    prepared: Prepared
    columns: tuple[Column, ...]
    index: np.ndarray[Any, np.dtype[np.int64]]
    target: Target
    plan: Plan
    metric: Metric
    seed: int

    def job(self, embedder: Embedder, tell: Tell) -> Job:
        """The sample as `embedder` sees it."""
        inputs = seen(self.prepared.pool.frame[self.index], self.columns, {self.columns[0].role: embedder}, tell)
        return Job(inputs, self.columns, self.target, self.plan, self.metric, self.seed, tell, embedder.card)

    @property
    def truth(self) -> Any:
        """Of the rows that judge."""
        return self.target.value[self.plan.judged]

    @property
    def cluster(self) -> Any:
        """Which of them belong together."""
        return self.plan.cluster[self.plan.judged]


@dataclass(frozen=True)
class Tried:
    """A candidate with its out-of-fold predictions, where it came so far."""

    shown: RankedBackbone
    prediction: Floats | None = None


def in_order(tried: Sequence[Tried], rows: Rows) -> tuple[tuple[RankedBackbone, ...], str]:
    """The candidates in order, and why the first is the first.

    A tie is a paired difference, on the same held-out rows of the same folds, of no more than its own standard error.
    Ties are not transitive, so each is a tie with the best score left, and with none but it: see `ordered`.
    """
    sign = rows.metric.sign
    able = [each for each in tried if each.prediction is not None]
    rest = [each.shown for each in tried if each.prediction is None]

    def over(a: int, b: int) -> Difference:
        return compare(rows.metric, rows.truth, *_both(able[a], able[b]), cluster=rows.cluster, seed=rows.seed)

    def noise(a: int, b: int) -> bool:
        error = paired_error(rows.metric, rows.truth, *_both(able[a], able[b]), cluster=rows.cluster, seed=rows.seed)
        return not value[a] - value[b] > error  # equal scores are a tie, and what is not defined tells nothing apart

    value = [sign * each.shown.score.value for each in able if each.shown.score is not None]
    known = [np.nan if each.shown.logme is None else each.shown.logme for each in able]
    groups = ordered(value, known, noise)
    order = [(a, len(group) > 1) for group in groups for a in group]
    listed = [
        replace(able[a].shown, behind=over(order[0][0], a) if a != order[0][0] else None, tied=tied)
        for a, tied in order
    ]
    waiting = [each.id for each in rest if each.status == "skipped"]
    if not listed:
        first = "".join([*short_names(waiting).values()][:1])
        why = f"There was no time to rank: {first} is the first that may be taken." if waiting else ""
        return tuple(rest), why
    return (*listed, *rest), _why(listed, len(groups[0]))


def _both(first: Tried, second: Tried) -> tuple[Floats, Floats]:
    assert first.prediction is not None
    assert second.prediction is not None
    return first.prediction, second.prediction


def _why(listed: Sequence[RankedBackbone], ties: int) -> str:
    """Why the first may be taken, in a sentence."""
    first = listed[0]
    assert first.score is not None
    metric = units.title(first.score.name)
    name = short_names(each.id for each in listed)
    held = f"Take {name[first.id]}: {metric} {units.score(first.score)} of its linear probe"
    if len(listed) == 1:
        return f"{held}; nothing else could be ranked beside it."
    second = listed[1]
    if ties == 1:
        return f"{held}, {units.gain(second.behind, first.score.name)} over {name[second.id]}."
    others = ", ".join(name[each.id] for each in listed[1:ties])
    tied = f"{held}. {others} {'is' if ties == 2 else 'are'} within noise of the best (a paired standard error)"
    if first.logme is None:
        return f"{tied}, and LogME is not defined here."
    return f"{tied}: LogME, {first.logme:.3f}, breaks the tie."
