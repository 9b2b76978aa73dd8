"""Sentences for the terminal that break between words, but not within the names that they quote."""

import re

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.text import Text

LONGEST = 40  # characters of a name that is kept whole
QUOTED = re.compile(rf"""(?<!\w)(?:'[^']{{1,{LONGEST}}}'|"[^"]{{1,{LONGEST}}}")(?!\w)""")
GLUE = "\ue000"  # as wide as a space, and of no meaning: from the private use area


class Prose:
    """A sentence: quoted names stay on one line.

    >>> from io import StringIO
    >>> console = Console(file=StringIO(), width=20)
    >>> console.print(Prose("The label is 'not spam'."))
    >>> [line.strip() for line in console.file.getvalue().splitlines()]
    ['The label is', "'not spam'."]
    """

    def __init__(self, sentence: Text | str) -> None:
        glued = QUOTED.sub(lambda name: name[0].replace(" ", GLUE), str(sentence))
        self._text = Text(glued)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._text, options):
            yield Segment(segment.text.replace(GLUE, " "), segment.style, segment.control)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._text)
