"""Texts as bags of numbered words, a few arrays for any number of texts: what finds near copies among them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rung.core.types import Floats, Ints
from rung.data.bonds import Hashes, mixed

# Signs of scripts without spaces, of currencies and of moods are words of their own.
WORD = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff$%\u00a3\u00a5\u20a0-\u20bf\u2600-\u27bf\U0001f300-\U0001faff\n]|\w+"
)
APOSTROPHES = ("'", "\u2019", "\u02bc", "`")
_NOES = (
    "no not never none nor neither without cannot cant dont doesnt didnt isnt wasnt arent werent wont wouldnt couldnt "
    "shouldnt hasnt havent hadnt aint nicht kein keine keinen keiner nie ohne pas jamais sans sin nunca non mai"
)
NEGATIONS = frozenset(_NOES.split())
COMMON = 0.1  # least weight of a word


class _Codes(dict[str, int]):
    """Words by number, in the order in which they come."""

    def __missing__(self, word: str) -> int:
        self[word] = len(self)
        return self[word]


@dataclass(frozen=True)
class Words:
    """Texts as numbers of words. filled: (N,) which texts have words; start: (N + 1,) where each begins in word: (T,).

    known: the words, sorted, so that numbers depend on the texts and not on their order.
    """

    known: NDArray[np.object_]
    filled: Ints
    start: Ints
    word: NDArray[np.int32]

    @staticmethod
    def of(texts: Sequence[str]) -> "Words":
        """Words of texts, those without a word left out."""
        code, parts = _Codes({"\n": 0}), [np.zeros(1, np.int32)]
        for begin in range(0, len(texts), 10_000):  # words as Python objects take ten times their numbers
            own = words_of("\n".join(text.replace("\n", " ") for text in texts[begin : begin + 10_000]) + "\n")
            parts.append(np.fromiter(map(code.__getitem__, own), np.int32, len(own)))
        word = np.concatenate(parts)
        size = np.diff(np.flatnonzero(word == 0)) - 1  # words between the ends of two texts
        word = word[word > 0] - 1
        known = np.array(list(code)[1:], object)
        order = np.argsort(known, kind="stable")
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        filled = np.flatnonzero(size)
        start = np.concatenate([[0], np.cumsum(size[filled])]).astype(np.int64)
        return Words(known[order], filled, start, rank[word])

    def take(self, places: Ints) -> "Words":
        """The same of some of the texts; the words known stay all."""
        size = self.size[places]
        start = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
        at = np.repeat(self.start[places] - start[:-1], size) + np.arange(start[-1])
        return Words(self.known, self.filled[places], start, self.word[at])

    @cached_property
    def size(self) -> Ints:
        """(N,) words in each text."""
        return np.diff(self.start)

    @cached_property
    def text(self) -> Ints:
        """(T,) which text each word stands in."""
        return np.repeat(np.arange(len(self.size), dtype=np.int32), self.size)

    @cached_property
    def sequence(self) -> Hashes:
        """(N,) a hash of the words in their order."""
        place = np.arange(len(self.word)) - np.repeat(self.start[:-1], self.size)
        return np.add.reduceat(mixed(mixed(self.word) + place.astype(np.uint64)), self.start[:-1])

    @cached_property
    def bag(self) -> Hashes:
        """(N,) a hash of the words in any order."""
        return np.add.reduceat(mixed(self.word, 1), self.start[:-1])

    @cached_property
    def telling(self) -> NDArray[np.bool_]:
        """(V,) words that hold a digit."""
        return np.array([not word.isalpha() and any(sign.isdigit() for sign in word) for word in self.known], bool)

    @cached_property
    def said(self) -> Hashes:
        """(N,) a hash of a text's numbers and of how often it says no: texts that differ here are not alike."""
        denies = np.array([word in NEGATIONS for word in self.known], bool)
        weigh = np.where(self.telling, mixed(np.arange(len(self.known)), 2), denies.astype(np.uint64))
        return mixed(np.add.reduceat(weigh[self.word], self.start[:-1]), 3)

    @cached_property
    def often(self) -> Ints:
        """(V,) how often each word stands in these texts."""
        return np.bincount(self.word, minlength=len(self.known))

    @cached_property
    def weight(self) -> Floats:
        """(V,) how much a word tells: the logarithm of how rare it is."""
        rare = np.log((len(self.size) + 1) / np.maximum(self.often, 1))
        return np.maximum(rare, COMMON).astype(np.float32)

    @cached_property
    def counts(self) -> csr_array:
        """(N, V) how often each text has each word."""
        shape = (len(self.size), len(self.known))
        found = csr_array((np.ones(len(self.word), np.float32), self.word, self.start), shape=shape, copy=True)
        found.sum_duplicates()
        return found


def words_of(text: str) -> list[str]:
    """The text's words, without case and punctuation.

    >>> words_of("Don't -- DO it!")
    ['dont', 'do', 'it']
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.casefold().replace("_", " ")
    for sign in APOSTROPHES:
        text = text.replace(sign, "")
    return WORD.findall(text)
