"""The figures of the report: forest rows, the front, the learning curve, reliability, residuals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol

import numpy as np
from markupsafe import Markup

from rung.core.evidence import LearningCurve, RungEvidence, Score
from rung.report import svg, units
from rung.report.svg import BOTTOM, LEFT, RIGHT, TOP, Axis

NARROW = 320  # pixels of the narrowest figure: names that keep apart there keep apart everywhere
HEIGHT = 270
UP, DOWN, AT_LEFT, AT_RIGHT = "\u25b4\u25be\u25c2\u25b8"  # a score lies outside the scale, over there
CROWDED = 0.25  # an axis on which the better scores would share less than this leaves the worse ones out


class Bin(Protocol):
    """Predictions of like confidence: their mean confidence, the share of them that were right, how many."""

    @property
    def confidence(self) -> float:
        """Mean confidence, 0 to 1."""

    @property
    def accuracy(self) -> float:
        """Share that was right, 0 to 1."""

    @property
    def count(self) -> int:
        """Rows in the bin."""


def scope(scores: Sequence[Score], better: str) -> tuple[float, float]:
    """The range in which the better scores can be told apart; a far worse one (prior, as a rule) may lie outside.

    >>> low, high = scope([Score("a", v, v, v) for v in (0.02, 0.88, 0.93)], "higher")
    >>> low > 0.8
    True
    """
    known = [one for one in scores if math.isfinite(one.value)]
    ranked = sorted(known, key=lambda one: one.value, reverse=better == "higher")
    far = [n for n in range(2, len(ranked)) if _width(ranked[:n]) < CROWDED * _width(ranked[: n + 1])]
    kept = ranked[: far[0]] if far else ranked
    return svg.span((end for one in kept for end in (one.low, one.value, one.high)), room=0.1)


def _width(scores: Sequence[Score]) -> float:
    return max(one.high for one in scores) - min(one.low for one in scores)


def forest_axis(scores: Sequence[Score], better: str) -> Axis:
    """The range that all rows of one forest share."""
    return Axis(*scope(scores, better), 2.0, 98.0)


def forest(score: Score, axis: Axis, *, reference: float | None = None, strong: bool = False) -> Markup:
    """One row: the interval as a whisker, the value as a dot, the incumbent's value as a dashed line.

    A score outside the axis is an arrow at its edge.
    """
    middle, height = 15, 30
    value, low, high = axis(score.value), axis(score.low), axis(score.high)
    look = " strong" if strong else ""
    says = f"{units.title(score.name)} {units.score(score)}"
    parts = [svg.line(axis(tick), 0, axis(tick), height, "grid") for tick in axis.ticks(5)]
    if not math.isfinite(score.value):
        return svg.drawing(parts, height=height, says=says, look="row")
    if reference is not None and axis.low <= reference <= axis.high:
        parts.append(svg.line(axis(reference), 0, axis(reference), height, "reference"))
    if not axis.low <= score.value <= axis.high:
        arrow = AT_LEFT if score.value < axis.low else AT_RIGHT
        return svg.drawing([*parts, svg.word(value, middle + 5, arrow)], height=height, says=says, look="row")
    parts += [svg.line(low, middle, high, middle, f"whisker{look}")]
    parts += [svg.line(end, middle - 4, end, middle + 4, f"whisker{look}") for end in (low, high)]
    parts += [svg.dot(value, middle, f"dot{look}", says=says)]
    return svg.drawing(parts, height=height, says=says, look="row")


def forest_scale(axis: Axis) -> Markup:
    """The ticks over a column of forest rows."""
    ticks = [svg.word(axis(tick), 12, svg.plain(tick)) for tick in axis.ticks(5)]
    return svg.drawing(ticks, height=16, says="scale of the intervals below", look="row")


def difference(value: float, low: float, high: float, says: str) -> Markup:
    """An interval against zero: right of the line is better."""
    reach = max(abs(value), abs(low), abs(high)) * 1.1 or 1.0
    axis = Axis(-reach, reach, 2.0, 98.0)
    parts = [
        svg.line(axis(0), 0, axis(0), 22, "reference"),
        svg.line(axis(low), 11, axis(high), 11, "whisker strong"),
        *(svg.line(axis(end), 7, axis(end), 15, "whisker strong") for end in (low, high)),
        svg.dot(axis(value), 11, "dot strong", says=says),
    ]
    return svg.drawing(parts, height=22, says=says, look="row")


def front(steps: Sequence[RungEvidence], *, cost: Literal["latency", "seconds"], better: str, winner: str) -> Markup:
    """Quality against what it costs; the stair joins the rungs that no other beats on both."""
    floor = 0.01 if cost == "latency" else 0.1
    known = [
        (step, max(step.latency_ms if cost == "latency" else step.seconds, floor), step.score)
        for step in steps
        if step.score is not None and math.isfinite(step.score.value)
    ]
    if not known:
        return Markup()
    x = Axis(*svg.decades(place for _, place, _ in known), LEFT, RIGHT, log=True)
    y = Axis(*scope([one for *_, one in known], better), HEIGHT - BOTTOM, TOP)
    sign = 1 if better == "higher" else -1
    best = _undominated([(place, sign * one.value) for _, place, one in known])
    what = "milliseconds a row" if cost == "latency" else "seconds to try"
    parts = svg.frame(x, y, what, units.title(known[0][2].name), svg.plain)
    stair = sorted((x(known[n][1]), y(known[n][2].value)) for n in best)
    for (x1, y1), (x2, y2) in pairwise(stair):
        parts += [svg.line(x1, y1, x2, y1, "stair"), svg.line(x2, y1, x2, y2, "stair")]
    for n, (step, place, one) in enumerate(known):
        look = "strong" if step.name == winner else "" if n in best else "hollow"
        says = f"{step.name}: {units.score(one)}, {svg.plain(round(place, 2))} {what}"
        parts.append(svg.line(x(place), y(one.low), x(place), y(one.high), f"whisker {look}"))
        parts.append(svg.dot(x(place), y(one.value), f"dot {look}", says=says))
    names = [(_named(step.name, one, y), x(place), y(one.value)) for step, place, one in known]
    parts += _names(names, [(x(place), y(one.low), y(one.high)) for _, place, one in known])
    return svg.drawing(parts, height=HEIGHT, says=f"{units.title(known[0][2].name)} against {what}, one dot a rung")


def _named(name: str, score: Score, y: Axis) -> str:
    if y.low <= score.value <= y.high:
        return name
    arrow = DOWN if score.value < y.low else UP
    return f"{name} {units.number(score.value)} {arrow}"


def _undominated(points: Sequence[tuple[float, float]]) -> set[int]:
    """Indices of the points with no other at most as dear and better, or cheaper and as good."""
    return {
        n
        for n, (cost, good) in enumerate(points)
        if not any(
            (other <= cost and better > good) or (other < cost and better >= good)
            for m, (other, better) in enumerate(points)
            if m != n
        )
    }


@dataclass(frozen=True)
class _Box:
    left: float
    right: float
    top: float
    bottom: float

    def over(self, other: "_Box") -> float:
        """Shared area."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0.0) * max(down, 0.0)


def _names(names: Sequence[tuple[str, float, float]], whiskers: Sequence[tuple[float, float, float]]) -> list[Markup]:
    """Each name beside its dot, where it covers least of the others."""
    pixels = NARROW / 100
    taken = [_Box(px * pixels - 5, px * pixels + 5, min(a, b), max(a, b)) for px, a, b in whiskers]
    taken.append(_Box(0, NARROW, HEIGHT - BOTTOM, HEIGHT))
    parts = []
    for name, px, py in names:
        wide = 7.4 * len(name)
        options = [
            (9, dy, anchor, _Box(left, left + wide, py + dy - 11, py + dy + 3))
            for dy in (-9, 4, -22, 17, -35, 30)
            for anchor, left in (("start", px * pixels + 9), ("end", px * pixels - 9 - wide))
        ]
        inside = [one for one in options if one[3].left >= LEFT * pixels and one[3].right <= NARROW] or options
        shift, dy, anchor, box = min(inside, key=lambda one: sum(one[3].over(other) for other in taken))
        taken.append(box)
        parts.append(
            svg.word(px, py + dy, name, anchor=anchor, look="label", shift=shift if anchor == "start" else -shift)
        )
    return parts


def learning_curve(curve: LearningCurve, *, better: str) -> Markup:
    """Measured points with intervals, and what more rows would bring, dashed."""
    sign = 1 if better == "higher" else -1
    points = [point for point in curve.points if math.isfinite(point.score.value)]
    if not points:
        return Markup()
    last = points[-1]
    then = last.rows + curve.more_rows
    ahead = [last.score.value + sign * part for part in (curve.gain, curve.low, curve.high)]
    ends = [end for point in points for end in (point.score.low, point.score.high)]
    x = Axis(0, max(then, 1) * 1.04, LEFT, RIGHT)
    y = Axis(*svg.span([*ends, *ahead]), HEIGHT - BOTTOM, TOP)
    name = units.title(last.score.name)
    parts = svg.frame(x, y, "training rows", name, svg.plain)
    for a, b in pairwise(points):
        parts.append(svg.line(x(a.rows), y(a.score.value), x(b.rows), y(b.score.value), "track"))
    for point in points:
        says = f"{point.rows:,} rows: {units.score(point.score)}"
        parts.append(svg.line(x(point.rows), y(point.score.low), x(point.rows), y(point.score.high), "whisker strong"))
        parts.append(svg.dot(x(point.rows), y(point.score.value), "dot strong", says=says))
    if curve.more_rows:
        says = f"{then:,} rows: {units.change(curve.gain, curve.low, curve.high, last.score.name)}, extrapolated"
        parts += [
            svg.line(x(last.rows), y(last.score.value), x(then), y(ahead[0]), "reference"),
            svg.line(x(then), y(ahead[1]), x(then), y(ahead[2]), "whisker"),
            svg.dot(x(then), y(ahead[0]), "dot hollow", says=says),
        ]
    return svg.drawing(parts, height=HEIGHT, says=f"{name} by number of training rows")


def reliability(before: Sequence[Bin], after: Sequence[Bin]) -> Markup:
    """Confidence against accuracy, before and after calibration; the diagonal is a confidence to be believed."""
    x, y = Axis(0, 1, LEFT, RIGHT), Axis(0, 1, HEIGHT - BOTTOM, TOP)
    parts = svg.frame(x, y, "confidence", "share that was right", svg.plain)
    parts.append(svg.line(x(0), y(0), x(1), y(1), "axis"))
    for bins, look in ((before, "before"), (after, "after")):
        seen = [one for one in bins if one.count]
        most = max((one.count for one in seen), default=1)
        for a, b in pairwise(seen):
            parts.append(svg.line(x(a.confidence), y(a.accuracy), x(b.confidence), y(b.accuracy), f"track {look}"))
        for one in seen:
            says = f"{look}: said {one.confidence:.2f}, right {one.accuracy:.2f}, {units.count(one.count, 'row')}"
            radius = round(2.5 + 4 * (one.count / most) ** 0.5, 1)
            parts.append(svg.dot(x(one.confidence), y(one.accuracy), f"dot {look}", radius=radius, says=says))
    return svg.drawing(parts, height=HEIGHT, says="share of right predictions by confidence")


def residuals(residual_N: Sequence[float], half_width: float | None) -> Markup:
    """How far predictions are off (prediction minus truth), with the 90 % conformal half-width."""
    seen_N = np.asarray(residual_N, float)
    seen_N = seen_N[np.isfinite(seen_N)]
    reach = float(np.quantile(np.abs(seen_N), 0.995)) or 1.0
    reach = max(reach, (half_width or 0.0)) * 1.05
    count_B, edge_B = np.histogram(np.clip(seen_N, -reach, reach), bins=31, range=(-reach, reach))
    x = Axis(-reach, reach, LEFT, RIGHT)
    y = Axis(0, float(count_B.max()) * 1.05, HEIGHT - BOTTOM, TOP)
    parts = svg.frame(x, y, "prediction minus truth", "test rows", svg.plain)
    for n, left, right in zip(count_B, edge_B, edge_B[1:], strict=False):
        if n:
            says = f"{units.interval(left, right)}: {units.count(int(n), 'row')}"
            parts.append(svg.bar(x(left), (x(right) - x(left)) * 0.92, y(float(n)), y(0) - y(float(n)), says))
    for edge in (-half_width, half_width) if half_width else ():
        parts.append(svg.line(x(edge), y.end, x(edge), y.start, "reference"))
    return svg.drawing(parts, height=HEIGHT, says="histogram of residuals on test rows")
