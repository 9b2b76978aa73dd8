"""A table with everything wrong at once, and which rows have what: for whoever wants to see an audit at work."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from rung.core.rng import generator
from rung.testing.personal import made_up

Rows = list[int]
FLIPPED = 0.05  # of the labels


@dataclass(frozen=True)
class Dirty:
    """frame: the rows; planted: the rows of each fault, by the name of its finding, as they stand in the frame."""

    frame: pl.DataFrame
    planted: dict[str, Rows]


def typo(text: str, draw: np.random.Generator) -> str:
    """The text with two letters of one word changed about, or one left out."""
    words = text.split()
    long = [place for place, word in enumerate(words) if len(word) > 4] or [0]
    place = int(draw.choice(long))
    word = words[place]
    cut = int(draw.integers(1, max(len(word) - 2, 2)))
    swapped = word[:cut] + word[cut + 1 : cut + 2] + word[cut : cut + 1] + word[cut + 2 :]
    words[place] = swapped if swapped != word else word[:cut] + word[cut + 1 :]
    return " ".join(words)


def spoil(clean: pl.DataFrame, *, text: str = "text", label: str = "label", seed: int = 0) -> Dirty:
    """Clean labelled texts with a little of every fault added, in a shuffled order.

    Copies, nearly equal rows, rows that disagree, empty texts, rows without a label, wrong labels, labels spelt in
    two ways, letters of another encoding, tags, personal data; a column `code` that copies the target, a column
    `score` that lacks values in one class, a `source` that names groups. As long as `clean` and about 14 % more.
    """
    draw = generator(seed, "dirty")
    n, places = clean.height, iter(generator(seed, "dirty places").permutation(clean.height).tolist())

    def some(share: float) -> Rows:
        return [next(places) for _ in range(max(2, round(share * n)))]

    texts, labels = clean[text].to_list(), clean[label].to_list()
    names = sorted(set(labels))
    source = [f"u{draw.integers(n // 5)}" for _ in range(n)]
    planted: dict[str, Rows] = {}
    changes: tuple[tuple[str, float, Callable[[int], None]], ...] = (
        ("empty_text", 0.005, lambda row: texts.__setitem__(row, " ")),
        ("null_target", 0.005, lambda row: labels.__setitem__(row, None)),
        ("label_twins", 0.01, lambda row: labels.__setitem__(row, f"{str(labels[row]).upper()} ")),
        ("mojibake", 0.01, lambda row: texts.__setitem__(row, f"{texts[row]} cafÃ© isnâ€™t")),
        ("html", 0.01, lambda row: texts.__setitem__(row, f"<p>{texts[row]}<br/></p> &amp;")),
        ("personal", 0.02, lambda row: texts.__setitem__(row, f"{texts[row]} {made_up('e-mail', 40)[row % 40][0]}")),
        (
            "label_errors",
            FLIPPED,
            lambda row: labels.__setitem__(row, str(draw.choice([name for name in names if name != labels[row]]))),
        ),
    )
    true, origin = list(labels), list(range(n))
    for name, share, change in changes:
        planted[name] = some(share)
        for row in planted[name]:
            change(row)
    for name, share in (("duplicates", 0.05), ("near_duplicates", 0.05), ("conflicting_labels", 0.02)):
        planted[name] = []
        for row in some(share):
            planted[name].append(len(texts))
            other = str(draw.choice([each for each in names if each != labels[row]]))
            texts.append(typo(texts[row], draw) if name == "near_duplicates" else texts[row])
            labels.append(other if name == "conflicting_labels" else labels[row])
            origin.append(row)
    lower = {name.lower(): number for number, name in enumerate(names)}
    code = [None if each is None else lower[each.strip().lower()] for each in labels]
    score = [None if name == names[0] and draw.random() < 0.5 else round(float(draw.normal()), 3) for name in true]
    order = draw.permutation(len(texts))
    place = {old: new for new, old in enumerate(order.tolist())}
    frame = pl.DataFrame(
        {
            text: pl.Series(texts, dtype=pl.String),
            "code": pl.Series(code, dtype=pl.Int64),
            "score": pl.Series([score[first] for first in origin], dtype=pl.Float64),
            "source": [source[first] for first in origin],
            label: pl.Series(labels, dtype=pl.String),
        }
    )[order]
    return Dirty(frame, {name: sorted(place[row] for row in found) for name, found in planted.items()})
