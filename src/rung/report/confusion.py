"""What a confusion matrix says class by class, and which classes are taken for each other."""

from collections.abc import Sequence
from dataclasses import dataclass

Matrix = Sequence[Sequence[int]]  # rows truth, columns prediction


@dataclass(frozen=True)
class ClassRow:
    """How one class fared. A share is None where it has no rows to stand on."""

    label: str
    rows: int
    predicted: int
    recall: float | None
    precision: float | None
    f1: float | None


@dataclass(frozen=True)
class Pair:
    """`count` rows of `truth` were predicted as `prediction`: `share` of that class's rows."""

    truth: str
    prediction: str
    count: int
    share: float


UNKNOWN = "a label that training never had"


def by_class(matrix: Matrix, labels: Sequence[str]) -> tuple[ClassRow, ...]:
    """Recall, precision and F1 of each class, the weakest recall first, classes without test rows last.

    matrix: (C, C) counts, rows truth, columns prediction.

    >>> by_class([[8, 2], [0, 0]], ["a", "b"])[0].recall
    0.8
    """
    rows = []
    for index, label in enumerate(labels):
        right, truth = matrix[index][index], sum(matrix[index])
        predicted = sum(row[index] for row in matrix)
        both = truth + predicted
        rows.append(
            ClassRow(
                label=label,
                rows=truth,
                predicted=predicted,
                recall=right / truth if truth else None,
                precision=right / predicted if predicted else None,
                f1=2 * right / both if both else None,
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.recall is None, row.recall or 0.0)))


def pairs(matrix: Matrix, labels: Sequence[str], *, most: int = 15) -> tuple[Pair, ...]:
    """The off-diagonal cells with most rows, at most `most` of them.

    A row beyond the labels, last, holds test rows whose label training never had.

    >>> [(pair.truth, pair.prediction, pair.count) for pair in pairs([[8, 2], [5, 1]], ["a", "b"])]
    [('b', 'a', 5), ('a', 'b', 2)]
    >>> pairs([[8, 2], [0, 1], [3, 0]], ["a", "b"])[0].truth
    'a label that training never had'
    """
    truths = [*labels, UNKNOWN]
    found = [
        Pair(truths[truth], labels[prediction], count, count / sum(row))
        for truth, row in enumerate(matrix)
        for prediction, count in enumerate(row)
        if count and truth != prediction
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.count, -pair.share))[:most])
