"""Words that tell the target alone: a text that was written after it, or names it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rung.audit.alone import truth_of
from rung.audit.base import check
from rung.core.audited import Audited
from rung.core.types import Finding, Ints, Role, Task
from rung.data.bags import Words
from rung.data.words import as_texts

NEAR = 0.95  # correlation of a word with a class, for every class but one
ROWS = 100  # below which it may be luck
LEAST = 10  # rows of a class, below which it is not asked
MOST_CLASSES = 50


@check("telltale_words", "Words that tell the target alone", says=("telltale_word",))
def telltale_words(seen: Audited) -> Iterator[Finding]:
    """Texts in which the presence of one word a class is as good as the class, all classes but one."""
    truth = truth_of(seen.target, seen.pool.cluster, seed=seen.seed)
    if seen.target.task not in (Task.BINARY, Task.MULTICLASS) or len(seen.pool.row) < ROWS or not truth.tells:
        return
    label_N = seen.target.value[truth.rows]
    kept = [label for label, count in enumerate(np.bincount(label_N)) if count >= LEAST]
    if not 2 <= len(kept) <= MOST_CLASSES:
        return
    for name in seen.names(Role.TEXT):
        words = Words.of(as_texts(seen.pool.frame[name][truth.rows]))
        if not len(words.known):
            continue
        there_NV = (words.counts > 0).astype(np.float64)
        best = sorted((_best(there_NV, words.filled, label_N == label), label) for label in kept)[1:]  # all but one
        if best and best[0][0][0] >= NEAR:
            (phi, word), label = best[-1]
            says = f"{str(words.known[word])!r} with {seen.target.labels[label]!r}"
            more = f"; {len(best) - 1} of the other classes have such a word, too" if len(best) > 1 else ""
            what = f"a word of {name!r} alone tells {seen.target_name!r}: {says} (correlation {phi:.2f}){more}"
            effect = "If the text was written after the target was known, the score is flattered."
            fix = f"Read some. If it is not known before the target is, leave it out: --column {name}=ignore."
            yield Finding("telltale_word", what, (), "warn", fix, effect=effect, sure="likely")


def _best(there_NV: csr_array, filled: Ints, is_N: NDArray[np.bool_]) -> tuple[float, int]:
    """The largest correlation (phi) of a word's presence with a class, either way, and the word."""
    both_V = np.asarray(there_NV[np.flatnonzero(is_N[filled])].sum(axis=0)).ravel()
    word_V, own, rows = np.asarray(there_NV.sum(axis=0)).ravel(), float(is_N.sum()), len(is_N)
    spread_V = np.sqrt(word_V * (rows - word_V) * own * (rows - own))
    phi_V = np.abs(rows * both_V - word_V * own) / np.maximum(spread_V, 1e-9)
    return float(phi_V.max()), int(phi_V.argmax())
