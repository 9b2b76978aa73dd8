"""A message as lines of a terminal: no name, path or value in two."""

import re
from collections.abc import Sequence

# An apostrophe in a word opens nothing; a guess stays on the line of its question.
QUOTED = re.compile(r"(?:Did you mean )?(?<![\w'])'[^'\n]*'(?!\w)\??|(?<![\w\"])\"[^\"\n]*\"(?!\w)")
HELD = "\ue000"  # stands for a space where no line may end: a private sign that no text holds
LATE = 0.5  # of a line: a comma after that ends it, so that lists break between their names


def wrapped(text: str, width: int = 80, *, indent: int = 2, whole: Sequence[str] = ()) -> str:
    r"""The text with lines of at most `width` signs; those that go on are `indent` deeper than the one they continue.

    Lines end at spaces, after a comma where one is near, never inside quotes, a word, or any of `whole` (paths that
    hold spaces, say): what is longer than a line has one to itself. Lines of the text stay lines.

    >>> print(wrapped("column 'b c': wanted one of a long one, another, got 'no such thing'. Mend it.", 30))
    column 'b c': wanted one of a
      long one, another,
      got 'no such thing'. Mend
      it.
    """
    for piece in whole:
        if piece.strip():
            text = text.replace(piece, piece.replace(" ", HELD))
    text = QUOTED.sub(lambda found: found[0].replace(" ", HELD), text)
    lines = [made for line in text.split("\n") for made in _lines(line, width, indent)]
    return "\n".join(lines).replace(HELD, " ")


def _lines(line: str, width: int, indent: int) -> list[str]:
    lead = line[: len(line) - len(line.lstrip(" "))]
    words, made, now = line.split(), [], lead
    deeper = lead + " " * indent
    for word in words:
        if len(now) + 1 + len(word) <= width + (now == lead) or not now.strip():
            now = f"{now}{'' if now in (lead, deeper) else ' '}{word}"
            continue
        kept, comma, rest = now.rpartition(", ")
        if comma and not now.endswith(",") and len(kept) >= LATE * width:
            made.append(f"{kept},")
            now = f"{deeper}{rest} {word}"
            if len(now) <= width:
                continue
            now = f"{deeper}{rest}"
        made.append(now)
        now = f"{deeper}{word}"
    return [*made, now]
