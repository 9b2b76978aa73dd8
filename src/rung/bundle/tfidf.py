"""TF-IDF of words and characters with a vocabulary that JSON holds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rung.core.extras import need
from rung.core.types import Floats

LONGEST = 100_000  # characters read of one text: n-grams of a 10 MB cell would cost minutes and say nothing more
VIEWS: dict[str, dict[str, Any]] = {
    "word": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "char": {"analyzer": "char_wb", "ngram_range": (3, 5)},
}


@dataclass(frozen=True)
class Tfidf:
    """One view (word 1-2 or char_wb 3-5 grams) of one text column.

    terms: the vocabulary, sorted. idf (V,): ln((1 + n) / (1 + df)) + 1 of the training rows.
    Rows are (1 + ln tf) idf, of unit length. Source: Salton and Buckley 1988; scikit-learn's smoothing.

    >>> view = Tfidf("text", "word", ("a", "b"), np.ones(2, np.float32))
    >>> view.apply(["b a b"]).toarray().round(2)
    array([[0.51, 0.86]], dtype=float32)
    """

    column: str
    view: str
    terms: tuple[str, ...]
    idf: Floats

    @cached_property
    def _counter(self) -> Any:
        return _counter(self.view, vocabulary={term: i for i, term in enumerate(self.terms)})

    def apply(self, texts: Sequence[str]) -> sparse.csr_array:
        """(N, V) float32 rows of unit length (all zero where no term is known)."""
        if not self.terms:
            return sparse.csr_array((len(texts), 0), dtype=np.float32)
        return weighed(sparse.csr_array(self._counter.transform([text[:LONGEST] for text in texts])), self.idf)

    def files(self) -> dict[str, bytes]:
        """The vocabulary as one JSON file."""
        return {"terms.json": json.dumps(self.terms, ensure_ascii=False).encode()}


def _counter(view: str, **options: Any) -> Any:
    # scikit-learn costs half a second to import, which bundles without word counts need not pay
    return need("sklearn.feature_extraction.text").CountVectorizer(**VIEWS[view], **options)


def counted(texts: Sequence[str], view: str) -> tuple[sparse.csr_array, NDArray[Any]]:
    """Term counts (N, V) of every term, and the terms (V,) in sorted order."""
    counter = _counter(view, dtype=np.float32)
    try:
        counts = counter.fit_transform([text[:LONGEST] for text in texts])
    except ValueError:  # scikit-learn's word for "no term at all"
        return sparse.csr_array((len(texts), 0), dtype=np.float32), np.array([], dtype=object)
    return sparse.csr_array(counts), counter.get_feature_names_out()


def weighed(counts_NV: sparse.csr_array, idf_V: Floats) -> sparse.csr_array:
    """Counts to unit-length TF-IDF rows."""
    rows = sparse.csr_array(counts_NV, dtype=np.float32, copy=True)
    rows.data = (1 + np.log(rows.data)) * idf_V[rows.indices]
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows.data /= np.repeat(np.maximum(length, 1e-12), np.diff(rows.indptr)).astype(np.float32)
    return rows
