"""Texts that differ by light edits: case, punctuation, a typo, a word left out, words in another order.

What two texts share is weighed by how rare each word is. Other numbers and a negation more or less are no light edits.
Candidates are texts whose words are the same but for one (exact for up to 16 words), and texts that agree in a band of
weighted MinHash over the trigrams of their words; words alone verify them, and what words confirm is found by words.
What takes embeddings to find is more than a light edit: see rung.data.reworded. datasketch holds a Python object for
each row and band and hashes one row at a time; here a row costs some numbers in arrays. bench/audit.py times both.
Sources: Broder 1997, On the resemblance and containment of documents; Gollapudi and Panigrahy 2006, Exploiting
asymmetry in hierarchical topic extraction (weights by races of exponentials); Bocek et al. 2007, Fast similarity search
in large dictionaries (neighbourhoods by deletion).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rung.core.types import Floats, Ints
from rung.data.bags import COMMON, Words
from rung.data.bonds import Bonds, Hashes, mixed
from rung.data.typos import Typos

FEWEST = 5  # words from which one that differs may be a light edit
DELETED = 16  # words up to which each word in turn is left out
BANDS, ROWS = 25, 5
LEFT_OUT = 0.1  # of the weight of both texts: what words of one alone may have
MOST_TYPOS = 3
LETTERS = 32  # kinds that letters are counted in
SPARE = 5  # letters that words left out beside a misspelling may have


def near_texts(texts: Sequence[str]) -> Bonds:
    """Ties between texts that differ by light edits; equal texts are tied, too. The order of the rows does not matter.

    >>> bonds = near_texts(["How do I get my money back?", "how do i get my mony back", "How do I get my 2 cards?"])
    >>> bonds.label[0] == bonds.label[1], bonds.label[0] == bonds.label[2]
    (np.True_, np.False_)
    """
    bonds = Bonds(len(texts))
    words = Words.of(texts)
    if len(words.filled) < 2:
        return bonds
    once, place = np.unique(words.sequence, return_index=True)
    of_text = np.searchsorted(once, words.sequence)
    copies = np.flatnonzero(place[of_text] != np.arange(len(of_text)))
    bonds.tie(words.filled[copies], words.filled[place][of_text[copies]])
    if len(once) < 2:
        return bonds
    found = _tied(words.take(place))
    bonds.tie(words.filled[place][found.first], words.filled[place][found.second])
    return bonds


def _tied(words: Words) -> Bonds:
    bonds, alike = Bonds(len(words.size)), _Alike(words)
    for key, row in (*_but_one(words), *_bands(words)):
        bonds.within(key, row, alike)
    return bonds


def _but_one(words: Words) -> Iterator[tuple[Hashes, Ints]]:
    """Keys of each short text: all its words, and all but one, in any order.

    Two orders of each bucket: by the word left out from its beginning and from its end, so that a word stands beside
    its misspellings.
    """
    short = (words.size >= FEWEST) & (words.size <= DELETED)
    left = short[words.text] & ~words.telling[words.word]
    text, word = words.text[left], words.word[left]
    key = np.concatenate([words.bag, words.bag[text] - mixed(word, 1)]) ^ np.concatenate([words.said, words.said[text]])
    row = np.concatenate([np.arange(len(words.size), dtype=np.int32), text])
    word = np.concatenate([np.full(len(words.size), -1, np.int32), word])
    kept = _shared(key)
    key, row, word = key[kept], row[kept], word[kept]
    backwards = np.argsort(np.argsort(np.array([each[::-1] for each in words.known], object)))
    for rank in (word, np.where(word < 0, -1, backwards[word])):
        order = np.lexsort((row, rank, key))
        yield key[order], row[order]


def _shared(key: Hashes) -> Ints:
    """Places of keys that stand there twice or more."""
    order = np.argsort(key)
    same = key[order][1:] == key[order][:-1]
    twice = np.zeros(len(key), bool)
    twice[1:] |= same
    twice[:-1] |= same
    return order[twice]


def _bands(words: Words) -> Iterator[tuple[Hashes, Ints]]:
    """Keys by weighted MinHash of the trigrams of a text's words: the least trigram of a race that rare ones lead."""
    gram, begin = _grams(words.known)
    once, gram = np.unique(gram, return_inverse=True)
    often = np.bincount(gram, np.repeat(words.often, np.diff(np.append(begin, len(gram)))), minlength=len(once))
    pace = np.maximum(np.log((len(words.size) + 1) / np.maximum(often, 1)), COMMON)
    for band in range(BANDS):
        key = words.said.copy()
        for row in range(ROWS):
            draw = (mixed(once, 10 + band * ROWS + row) >> np.uint64(11)).astype(np.float64) / 2**53
            time = (-np.log(draw + 2**-54) / pace).astype(np.float32)
            of_word = np.minimum.reduceat(time[gram], begin)
            least = np.minimum.reduceat(of_word[words.word], words.start[:-1])
            key = mixed(key ^ least.view(np.uint32).astype(np.uint64), row)
        kept = _shared(key)
        order = kept[np.argsort(key[kept], kind="stable")]
        yield key[order], order


def _grams(known: NDArray[np.object_]) -> tuple[Ints, Ints]:
    """Trigrams of bytes of each word between blanks, and where each word's begin."""
    raw = np.frombuffer(" ".join(["", *known, ""]).encode("utf-8", "surrogatepass"), np.uint8)
    blank = np.flatnonzero(raw == ord(" "))
    long = raw.astype(np.uint32)
    gram = long[:-2] | long[1:-1] << 8 | long[2:] << 16
    inside = np.ones(len(gram), bool)
    inside[blank[1:-1] - 1] = False  # a trigram whose middle is a blank belongs to no word
    begin = blank[:-1] - np.arange(len(blank) - 1)
    return gram[inside], begin


class _Alike:
    """Whether pairs of texts differ by light edits."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._weighed = words.counts.multiply(words.weight[None]).tocsr()
        self._sum = np.asarray(self._weighed.sum(axis=1)).ravel()
        self._typos = Typos(words.known, words.often)
        self._letters = _letters(words.known)

    def __call__(self, first: Ints, second: Ints) -> NDArray[np.bool_]:
        words = self._words
        gap = words.counts[first] - words.counts[second]
        gap.eliminate_zeros()
        lost, gained = _weights(gap, words.weight)
        total = self._sum[first] + self._sum[second]
        many = np.minimum(words.size[first], words.size[second]) >= FEWEST
        found = _light(lost, gained, total)
        count = np.diff(gap.indptr)
        maybe = np.flatnonzero(many & ~found & (count <= 2 * MOST_TYPOS + 2) & (lost > 0) & (gained > 0))
        other = np.abs(gap[maybe] @ self._letters).sum(axis=1)  # one edit adds a letter, takes one, or both
        maybe = maybe[other <= count[maybe] + SPARE * (count[maybe] > 2)]
        found[maybe] = self._typed(gap[maybe], lost[maybe], gained[maybe], total[maybe])
        return many & found

    def _typed(self, gap: csr_array, lost: Floats, gained: Floats, total: Floats) -> NDArray[np.bool_]:
        """The same once words that are misspellings of one another count as one."""
        found = np.zeros(gap.shape[0], bool)
        typos, weight = self._typos, self._words.weight
        for row in range(gap.shape[0]):
            at = slice(gap.indptr[row], gap.indptr[row + 1])
            word, count = gap.indices[at], gap.data[at]
            a, b = word[count > 0], word[count < 0]
            pairs = typos.matched(a.tolist(), b.tolist())
            if pairs and len(pairs) <= MOST_TYPOS:
                less = sum(weight[i] for i, _ in pairs), sum(weight[j] for _, j in pairs)
                rest = np.maximum(lost[row] - less[0], 0), np.maximum(gained[row] - less[1], 0)
                found[row] = _light(*rest, total[row] - sum(less))
        return found


def _letters(known: NDArray[np.object_]) -> Floats:
    """(V, 32) how often each kind of letter stands in each word."""
    raw = np.frombuffer("\n".join(known).encode("utf-32-le", "surrogatepass"), np.uint32)
    word = np.cumsum(raw == ord("\n"))
    found = np.bincount(word * LETTERS + raw % LETTERS, raw != ord("\n"), minlength=len(known) * LETTERS)
    return found.reshape(-1, LETTERS).astype(np.float32)


def _weights(gap: csr_array, weight: Floats) -> tuple[Floats, Floats]:
    """What words of the first alone weigh, and of the second alone."""
    row = np.repeat(np.arange(gap.shape[0]), np.diff(gap.indptr))
    value = gap.data * weight[gap.indices]
    lost = np.bincount(row, np.maximum(value, 0), minlength=gap.shape[0])
    gained = np.bincount(row, np.maximum(-value, 0), minlength=gap.shape[0])
    return lost.astype(np.float32), gained.astype(np.float32)


def _light(lost: Floats, gained: Floats, total: Floats) -> NDArray[np.bool_]:
    """Words of one text alone may weigh a tenth; a word for another ("sell" for "buy") is no light edit."""
    least = 1e-4 * np.maximum(total, 1)
    return (np.minimum(lost, gained) <= least) & (lost + gained <= LEFT_OUT * total + least)
