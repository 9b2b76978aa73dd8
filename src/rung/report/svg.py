"""Axes, strokes and words of inline SVG: no script, no network.

Places across are percent and places down are pixels, so that a drawing fills its column while its words keep
their size, on a wide screen, a phone and paper. Colours are classes of the page's style sheet.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup

LEFT, RIGHT, TOP, BOTTOM = 10.0, 97.0, 26.0, 44.0  # the plot inside its drawing: percent, percent, pixels, pixels


@dataclass(frozen=True)
class Axis:
    """A range of values (low to high, high above low) on a line from `start` to `end` of the drawing."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Place of the value, kept inside the drawing.

        >>> Axis(0, 10, 10, 90)(5), Axis(1, 100, 0, 100, log=True)(10)
        (50.0, 50.0)
        """
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        return round(self.start + (self.end - self.start) * (at - low) / (high - low), 2)

    def ticks(self, about: int = 4) -> list[float]:
        """Round values inside the range: powers of ten on a log axis, else multiples of 1, 2, 2.5 or 5.

        >>> Axis(0.83, 0.96, 0, 100).ticks(3)
        [0.85, 0.9, 0.95]
        """
        if self.log:
            lowest, highest = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            every = max(1, math.ceil((highest - lowest) / 6))
            return [10.0**power for power in range(lowest, highest + 1, every)]
        raw = (self.high - self.low) / about
        base = 10.0 ** math.floor(math.log10(raw))
        step = next(base * times for times in (1, 2, 2.5, 5, 10) if base * times >= raw * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        places = max(0, 1 - math.floor(math.log10(step)))
        return [round(n * step, places) for n in range(first, last + 1)]


def span(values: Iterable[float], *, room: float = 0.06) -> tuple[float, float]:
    """Lowest and highest finite value with some room around them, never empty.

    >>> span([1.0, 2.0], room=0.5)
    (0.5, 2.5)
    """
    seen = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(seen), max(seen)
    more = (high - low) * room or abs(low) * 0.05 or 0.5
    return low - more, high + more


def decades(values: Iterable[float]) -> tuple[float, float]:
    """Powers of ten around positive values, at least one decade apart.

    >>> decades([3.0, 40.0])
    (1.0, 100.0)
    """
    seen = [value for value in values if value > 0] or [1.0]
    low, high = math.floor(math.log10(min(seen))), math.ceil(math.log10(max(seen)))
    return 10.0**low, 10.0 ** max(high, low + 1)


def line(x1: float, y1: float, x2: float, y2: float, look: str) -> Markup:
    """A stroke: across in percent, down in pixels."""
    return Markup('<line x1="{}%" y1="{}" x2="{}%" y2="{}" class="{}"/>').format(x1, y1, x2, y2, look)


def dot(x: float, y: float, look: str, *, radius: float = 4.5, says: str = "") -> Markup:
    """A circle that tells its values when pointed at."""
    told = Markup("<title>{}</title>").format(says) if says else ""
    return Markup('<circle cx="{}%" cy="{}" r="{}" class="{}">{}</circle>').format(x, y, radius, look, told)


def bar(x: float, width: float, y: float, height: float, says: str) -> Markup:
    """A filled box that tells its values when pointed at."""
    shape = Markup('<rect x="{}%" width="{}%" y="{}" height="{}" class="bar"><title>{}</title></rect>')
    return shape.format(round(x, 2), round(width, 2), round(y, 2), round(height, 2), says)


def word(x: float, y: float, text: str, *, anchor: str = "middle", look: str = "tick", shift: float = 0) -> Markup:
    """A short text; anchor: SVG's start, middle or end; shift: pixels to the right."""
    return Markup('<text x="{}%" y="{}" dx="{}" text-anchor="{}" class="{}">{}</text>').format(
        x, y, shift, anchor, look, text
    )


def drawing(parts: Iterable[Markup], *, height: float, says: str, look: str = "figure") -> Markup:
    """The whole drawing, with a sentence for those who can't see it."""
    return Markup('<svg class="{}" width="100%" height="{}" role="img" aria-label="{}">{}</svg>').format(
        look, height, says, Markup().join(parts)
    )


def frame(x: Axis, y: Axis, x_name: str, y_name: str, x_tick: Callable[[float], str]) -> list[Markup]:
    """Grid, ticks and names of two axes."""
    floor = y.start
    parts = [word(0, 11, y_name, anchor="start", look="name")]
    for tick in y.ticks(5):
        parts += [
            line(LEFT, y(tick), RIGHT, y(tick), "grid"),
            word(LEFT, y(tick) + 4, plain(tick), anchor="end", shift=-6),
        ]
    for tick in x.ticks(5):
        parts += [line(x(tick), floor, x(tick), floor + 4, "axis"), word(x(tick), floor + 17, x_tick(tick))]
    parts += [line(LEFT, floor, RIGHT, floor, "axis"), word(RIGHT, floor + 36, x_name, anchor="end", look="name")]
    return parts


def plain(tick: float) -> str:
    """A tick's value without needless digits.

    >>> plain(0.85), plain(12000.0)
    ('0.85', '12,000')
    """
    return f"{tick:,.0f}" if abs(tick) >= 100 else f"{tick:g}"
