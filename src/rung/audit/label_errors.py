"""Labels that are probably wrong, by what models say of rows that they never saw."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rung.audit.base import check, numbered, rows_of
from rung.audit.confident import Noise, noise_in
from rung.core.audited import Audited, Judged
from rung.core.types import Finding, Ints, Task
from rung.data.spellings import meanings

CHANCE = 0.25  # that a label is wrong, from which its row is named
BLIND, WEAK = 0.5, 0.75  # share of rows that a model has right below which it accuses nobody, and not for sure
LEARNT = 0.25  # of several labels a row, how far beyond the more frequent answers a model has to be
MUCH = 0.01  # of all labels, from which it is more than a note
FAR = 5.0  # times the residual that 95 % of the rows stay under
FLOOR = 0.01  # of the target's own spread: smaller residuals are none
FIX = "Look at them, the first first, and correct them; audit.json has all."


@check("label_errors", "Labels that are likely wrong", says=("label_errors", "odd_value"), needs=("judgements",))
def label_errors(seen: Audited) -> Iterator[Finding]:
    """Rows whose label the other rows speak against, the most likely wrong first."""
    judged = seen.judged()
    if judged is None or not len(judged.rows):
        return
    if seen.target.task is Task.REGRESSION:
        yield from _odd_values(seen, judged)
        return
    given = seen.target.value[judged.rows]
    noise, row_N, given_N = _noise(judged, given)
    right = float((noise.p_NC.argmax(axis=1) == given_N).mean())
    if not noise.shown or right < BLIND or (given.ndim == 2 and _skill(right, given) < LEARNT):
        return
    order = ranked(noise, given_N)
    order = order[(noise.chance_N[order] >= CHANCE) & _meant_other(seen, noise, given_N)[order]]
    _, first = np.unique(row_N[order], return_index=True)  # a row of several labels is named once, by its worst
    order = order[np.sort(first)]
    if len(order):
        found = _finding(seen, judged, noise, (order, row_N, given_N))
        yield found if right >= WEAK else _doubted(found, right)


def _skill(right: float, given_NL: Ints) -> float:
    """How far answers come from the more frequent answer of each label to always right."""
    share_L = (given_NL > 0).mean(axis=0)
    usual = float(np.maximum(share_L, 1 - share_L).mean())
    return (right - usual) / max(1 - usual, 1e-9)


def ranked(noise: Noise, given_N: Ints) -> Ints:
    """Places by how likely their label is wrong; by how little the model believes it where that is all the same."""
    own_N = noise.p_NC[np.arange(len(given_N)), given_N]
    return np.lexsort((own_N, -noise.chance_N))


def _noise(judged: Judged, given: NDArray[np.int64]) -> tuple[Noise, Ints, Ints]:
    """The noise of single labels, or of all pairs of row and label: with the row and the given class of each."""
    p_NC = judged.p_NC
    if given.ndim == 1:
        return noise_in(p_NC, given), np.arange(len(given)), given
    on_P = p_NC.ravel()
    flat_P = (given > 0).astype(np.int64).ravel()
    return noise_in(np.stack([1 - on_P, on_P], axis=1), flat_P), np.repeat(np.arange(len(p_NC)), p_NC.shape[1]), flat_P


def _finding(seen: Audited, judged: Judged, noise: Noise, found: tuple[Ints, Ints, Ints]) -> Finding:
    order, row_N, given_N = found
    expected = float(noise.chance_N[order].sum())
    several = seen.target.value.ndim == 2
    share = f"{100 * noise.share:.1f} % ({100 * noise.low:.1f} to {100 * noise.high:.1f})"
    of = f"of {len(judged.rows):,} looked at" if len(judged.rows) < len(seen.target) else f"of {len(judged.rows):,}"
    verb, noun = ("has", "a label") if len(order) == 1 else ("have", "labels")
    what = (
        f"{rows_of(len(order))} {of} {verb} {noun} that looks wrong; about {max(1, round(expected))} will be. "
        f"Of all labels, about {share} are wrong"
    )
    what = what.replace("labels that looks", "labels that look")
    best = 1 - noise.share
    measure = "label is right" if several else "row is right"
    effect = f"They teach errors, and no model can be measured above about {100 * best:.1f} %: a {measure} no oftener."
    names = tuple(_said(seen, noise, (int(i), int(given_N[i])), several=several) for i in order)
    return Finding(
        "label_errors",
        what,
        numbered(seen.pool, judged.rows[row_N[order]]),
        "warn" if noise.share >= MUCH else "note",
        FIX,
        names=names,
        effect=effect,
        sure="likely" if expected >= len(order) / 2 else "possible",
    )


def _meant_other(seen: Audited, noise: Noise, given_N: Ints) -> NDArray[np.bool_]:
    """(N,) whether a row looks like something else than another spelling of its label, which is told of as such."""
    p_NC = noise.p_NC.copy()
    if seen.target.value.ndim == 2:
        return np.ones(len(given_N), np.bool_)
    p_NC[np.arange(len(given_N)), given_N] = -1
    meant_C = meanings(seen.target.labels)
    return np.asarray(meant_C[p_NC.argmax(axis=1)] != meant_C[given_N], np.bool_)


def _doubted(found: Finding, right: float) -> Finding:
    """The same from a model that errs often itself: on hard sets it is sure of what is wrong, so nothing is counted."""
    model = f"a model doubts; it has {100 * right:.0f} % right itself, so many of them will be its own errors"
    what = f"{rows_of(len(found.rows))} {'has a label' if len(found.rows) == 1 else 'have labels'} that {model}"
    effect = "Wrong labels teach errors."
    return replace(found, what=what, severity="note", sure="possible", effect=effect)


def _said(seen: Audited, noise: Noise, at: tuple[int, int], *, several: bool) -> str:
    place, given = at
    p_C, labels = noise.p_NC[place], seen.target.labels
    if several:
        name = labels[place % len(labels)]
        chance = p_C[1 - given]
        return f"given {name!r}, looks like none ({chance:.2f})" if given else f"looks like {name!r} too ({chance:.2f})"
    other = np.where(np.arange(len(p_C)) == given, -1.0, p_C)
    best = int(other.argmax())
    return f"given {labels[given]!r}, looks like {labels[best]!r} ({other[best]:.2f})"


def _odd_values(seen: Audited, judged: Judged) -> Iterator[Finding]:
    """Values whose out-of-fold residuals lie far beyond the others'."""
    given = seen.target.value[judged.rows]
    residual = given - judged.p_NC[:, 0]
    residual -= np.median(residual)
    size = np.abs(residual)
    usual = max(float(np.quantile(size, 0.95)), FLOOR * float(given.std()))
    order = np.argsort(-size, kind="stable")
    order = order[size[order] > FAR * usual]
    order = order[_far_in_proportion(given, judged.p_NC[:, 0])[order]]
    if not usual or not len(order):
        return
    rows = numbered(seen.pool, judged.rows[order])
    names = tuple(f"given {given[i]:.4g}, looks like {judged.p_NC[i, 0]:.4g}" for i in order)
    has = "has a value" if len(rows) == 1 else "have values"
    of = f"of {seen.target_name!r}"
    what = f"{rows_of(len(rows))} {has} {of} over {FAR:.0f} times farther off than 95 % of the rows are"
    effect = "A few such values can outweigh all others in squared errors."
    fix = "Look whether unit, sign and decimal point are right."
    much = len(rows) >= MUCH * len(given)
    yield Finding("odd_value", what, rows, "warn" if much else "note", fix, names=names, effect=effect, sure="possible")


def _far_in_proportion(given: NDArray[np.float64], said: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(N,) whether values of positive numbers are far off as ratios, too: dear houses are not mistakes."""
    if given.min() <= 0:
        return np.ones(len(given), np.bool_)
    off = np.log(given / np.maximum(said, given.min()))
    off = np.abs(off - np.median(off))
    return np.asarray(off > FAR / 2 * np.quantile(off, 0.95))
