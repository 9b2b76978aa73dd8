"""How well a tokenizer knows some texts, in counts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pieces:
    """Tokens of some texts and how many are unknown; words, and how many are broken into scraps of few letters."""

    tokens: int
    unknown: int
    words: int
    broken: int
