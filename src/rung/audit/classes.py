"""Classes that cannot be told apart, that are too few to measure, or that outweigh the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from rung.audit.base import check, numbered, rows_of
from rung.core.audited import Audited, Judged
from rung.core.types import Finding, Ints, Target, Task
from rung.data.spellings import meanings, respelt

Z = 1.96
USUAL = 0.8  # a recall such as is measured
WIDE = 0.2  # half the width of its interval, from which nothing can be said of it
RARE = 3  # rows below which reading the target has said so already
HEAVY = 0.85  # of all rows in one class
LIGHT = 0.1  # of a class's even share
APART = 0.7  # share told apart that the interval must stay under: at 0.5 a coin does as well
FEWEST = 10  # rows of a class before anything is said of it
NAMED = 5  # classes, or pairs of them, that a sentence names


@dataclass(frozen=True)
class Pair:
    """Two classes, the share of their rows that is told apart (1/2: a coin's), its interval, and who is swapped."""

    first: int
    second: int
    share: float
    low: float
    high: float
    swapped: Ints


def wilson(share: float, n: int) -> tuple[float, float]:
    """Ends of the 95 % interval of a share of n. Source: Wilson 1927, JASA 22.

    >>> [round(end, 3) for end in wilson(0.5, 10)]
    [0.237, 0.763]
    """
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return middle - half, middle + half


@check("class_sizes", "Classes too small to measure, or too large", says=("small_class", "imbalance"))
def class_sizes(seen: Audited) -> Iterator[Finding]:
    """Classes of which the test will hold too few rows for a recall, and one that drowns the others."""
    if seen.target.task is Task.REGRESSION or not len(seen.target):
        return
    count_C = _counts(seen.target)
    yield from _small(seen, count_C)
    if seen.target.task is not Task.MULTILABEL:
        yield from _imbalance(seen, count_C)


def _counts(target: Target) -> Ints:
    """(C,) rows of each class or label; unknown ones are nobody's."""
    value, classes = target.value, len(target.labels)
    if value.ndim == 2:
        return np.asarray((value[:, :classes] > 0).sum(axis=0), np.int64)
    return np.bincount(value[value >= 0], minlength=classes)


def _small(seen: Audited, count_C: Ints) -> Iterator[Finding]:
    if not len(seen.test.row):
        return
    if seen.test_target is not None:
        expected_C = _counts(seen.test_target)
    else:  # closed labels: as many as the rows to learn from let expect
        expected_C = np.round(count_C * len(seen.test.row) / len(seen.pool.row)).astype(np.int64)
    half_C = np.array([_half(max(1, int(n))) for n in expected_C])
    few = np.flatnonzero((half_C > WIDE) & (count_C >= RARE) & ~respelt(seen.target.labels, count_C))
    if not len(few):
        return
    few = few[np.argsort(count_C[few], kind="stable")]
    labels = seen.target.labels
    some = ", ".join(f"{labels[k]!r} ({expected_C[k]}, ±{100 * half_C[k]:.0f})" for k in few[:NAMED])
    more = f" and {len(few) - NAMED} more" if len(few) > NAMED else ""
    noun = "1 class has" if len(few) == 1 else f"{len(few)} of {len(labels)} classes have"
    what = f"{noun} too few test rows for a recall of their own (so many, ± points): {some}{more}"
    what = what.replace("of their own", "of its own") if len(few) == 1 else what
    value = seen.target.value
    inside = (value[:, few] > 0).any(axis=1) if value.ndim == 2 else np.isin(value, few)
    effect = "Macro scores hang on a handful of rows."
    fix = "Label more rows of them, merge them, or read macro scores with their interval."
    yield Finding("small_class", what, numbered(seen.pool, np.flatnonzero(inside)), "note", fix, effect=effect)


def _half(n: int) -> float:
    low, high = wilson(USUAL, n)
    return (high - low) / 2


def _imbalance(seen: Audited, count_C: Ints) -> Iterator[Finding]:
    labels, total = seen.target.labels, int(count_C.sum())
    own = np.flatnonzero(~respelt(labels, count_C))
    most, least = int(count_C.argmax()), int(own[count_C[own].argmin()])
    share = count_C[most] / total
    if share < HEAVY and count_C[least] * len(labels) > LIGHT * total:
        return
    least_share = f"{count_C[least]:,} ({100 * count_C[least] / total:.1f} %) {labels[least]!r}"
    what = f"Classes are uneven: {count_C[most]:,} rows of {total:,} ({100 * share:.1f} %) are {labels[most]!r}, "
    what += least_share
    effect = f"Errors in {labels[least]!r} hardly show in accuracy."
    if share >= HEAVY:
        effect = f"Always saying {labels[most]!r} is right {100 * share:.1f} % of the time: accuracy says little here."
    fix = "Go by --metric macro_f1 or balanced_accuracy."
    yield Finding("imbalance", what, (), "note", fix, effect=effect)


@check("confused_classes", "Classes that cannot be told apart", needs=("judgements",))
def confused_classes(seen: Audited) -> Iterator[Finding]:
    """Pairs of classes whose rows, judged unseen, are swapped about as often as a coin would."""
    judged = seen.judged()
    if judged is None or not seen.target.task.one_label:
        return
    labels, value_N = seen.target.labels, seen.target.value
    head_C = _heads(labels, np.bincount(value_N, minlength=len(labels)))
    p_NC = np.zeros_like(judged.p_NC)
    np.add.at(p_NC.T, head_C, judged.p_NC.T)
    given_N = head_C[value_N[judged.rows]]
    pairs = confused(Judged(judged.rows, p_NC), given_N)
    told = len(np.unique(given_N))
    if not pairs or len(pairs) * 4 > told * (told - 1):  # over half of all pairs: the features tell little of any
        return
    some = ", ".join(
        f"{labels[each.first]!r} and {labels[each.second]!r} ({100 * each.share:.0f} %, {100 * each.low:.0f} to "
        f"{100 * each.high:.0f})"
        for each in pairs[:NAMED]
    )
    more = f" and {len(pairs) - NAMED} more" if len(pairs) > NAMED else ""
    noun = "1 pair of classes is" if len(pairs) == 1 else f"{len(pairs)} pairs of classes are"
    swapped, first = np.unique(np.concatenate([each.swapped for each in pairs]), return_index=True)
    other = np.concatenate([np.where(given_N[p.swapped] == p.first, p.second, p.first) for p in pairs])[first]
    names = tuple(
        f"given {labels[given_N[i]]!r}, looks like {labels[k]!r}" for i, k in zip(swapped, other, strict=True)
    )
    what = f"{noun} hardly told apart (50 % is chance): {some}{more}; {rows_of(len(swapped))} are swapped"
    effect = "Between these classes a prediction is little better than a coin."
    fix = "Merge them, sharpen what tells them apart and relabel, or try another backbone."
    rows = numbered(seen.pool, judged.rows[swapped])
    yield Finding("confused_classes", what, rows, "warn", fix, names=names, effect=effect, sure="likely")


def _heads(labels: Sequence[str], count_C: Ints) -> Ints:
    """(C,) the commonest spelling of each label: all of them are one class here."""
    meant_C = meanings(labels)
    order = np.lexsort((-count_C, meant_C))
    first = order[np.flatnonzero(np.diff(meant_C[order], prepend=-1))]
    return np.asarray(first[meant_C], np.int64)


def confused(judged: Judged, given_N: Ints) -> list[Pair]:
    """Pairs whose rows are told apart so rarely that the interval ends below 70 %, the worst first.

    The share is the mean of both classes' recalls where only these two may be said: 50 % by chance. Its interval is
    Wilson's at the harmonic mean of the counts, as the variance of a mean of two shares has it.
    """
    p_NC = judged.p_NC
    count_C = np.bincount(given_N, minlength=p_NC.shape[1])
    classes = np.flatnonzero(count_C >= FEWEST)
    found = []
    rows_of_class = {int(k): np.flatnonzero(given_N == k) for k in classes}
    for at, a in enumerate(classes.tolist()):
        for b in classes[at + 1 :].tolist():
            of_a, of_b = rows_of_class[a], rows_of_class[b]
            wrong_a = p_NC[of_a, b] > p_NC[of_a, a]
            wrong_b = p_NC[of_b, a] > p_NC[of_b, b]
            share = 1 - (wrong_a.mean() + wrong_b.mean()) / 2
            n = round(4 / (1 / len(of_a) + 1 / len(of_b)))
            low, high = wilson(float(share), n)
            if high < APART:
                swapped = np.concatenate([of_a[wrong_a], of_b[wrong_b]])
                found.append(Pair(a, b, float(share), low, high, swapped))
    return sorted(found, key=lambda pair: (pair.share, pair.first, pair.second))
