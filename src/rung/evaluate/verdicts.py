"""Judgements in a word and a sentence, each with the number and interval that it stands on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.evidence import Calibration, Difference, LearningCurve, Score, Verdict
from rung.core.types import Floats, Ints
from rung.evaluate.compare import compare, one_sided
from rung.evaluate.wording import change, point
from rung.metrics.base import Metric
from rung.metrics.interval import TIMES, quantiles, replicates, resamples, value_of

SMALL_GAP, LARGE_GAP = 2.0, 10.0  # points
MOST_NAMED = 4  # rungs in one sentence
WORTH = 0.5  # points that would repay labelling
TOLERABLE_ECE = 0.02  # confidences two points off mislead nobody
NOTHING_TRANSFERRED = Verdict(
    "transfer",
    "nothing transferred",
    "Nothing was transferred: no backbone reads numbers, categories and dates, and what is delivered learnt from these "
    "alone.",
)


def transfer(  # house: two predictions, and what may be known beside them
    metric: Metric,
    target: NDArray[Any],
    backbone_prediction: Floats,
    classic_prediction: Floats,
    *,
    cluster: Ints | None = None,
    seed: int = 0,
    rung: str = "frozen",
    scratch: tuple[Floats, Floats] | None = None,
    promoted: bool = True,
) -> Verdict:
    """Whether the pretrained backbone helped: the best backbone rung against classic and scratch, on test rows.

    "helps" when the 95 % interval of the difference to classic lies above 0, and that to scratch too where it was
    measured, and `promoted`: the rows that decide must have shown it for sure too, or noise on one side would do.
    "hurts" when either lies below 0, which then is the verdict's number; else "no evidence". scratch: predictions of
    the rung and of scratch, both trained on the same rows.
    """
    gain = compare(metric, target, backbone_prediction, classic_prediction, cluster=cluster, seed=seed)
    against = [gain]
    by = f"{change(metric, gain.value, gain.low, gain.high)} on {_count(len(target), 'test row')}"
    if scratch is not None:
        other = compare(metric, target, *scratch, cluster=cluster, seed=seed)
        against.append(other)
        by += f"; against a random start, {change(metric, other.value, other.low, other.high)}"
    if any(each.high < 0 for each in against):
        besides = ", which needs no backbone" if gain.high < 0 else ""
        word, says = "hurts", f"Transfer hurts: {rung} against classic{besides}, {by}."
    elif all(each.low > 0 for each in against) and promoted:
        word, says = "helps", f"Transfer helps: {rung} against classic, {by}."
    else:
        by += "" if promoted or gain.low <= 0 else "; the rows that decided did not show it"
        word, says = "no evidence", f"No evidence that transfer helps or hurts: {rung} against classic, {by}."
    decided = min(against, key=lambda each: each.high) if word == "hurts" else gain
    return Verdict("transfer", word, says, decided.value, decided.low, decided.high)


def gap(
    metric: Metric,
    target_train: NDArray[Any],
    prediction_train: Floats,
    target_validation: NDArray[Any],
    prediction_validation: Floats,
    *,
    seed: int = 0,
    clusters: tuple[Ints | None, Ints | None] = (None, None),
) -> Difference:
    """How much better the model scores on the rows that it learnt from: train minus validation, positive is a gap.

    Both sides are resampled, each for itself: other rows, other draws. Predictions (N, C) or (R, N, C).
    clusters: of the training and of the validation rows.
    """
    sides = (target_train, prediction_train, clusters[0]), (target_validation, prediction_validation, clusters[1])
    sampled = []
    for k, (target, prediction, cluster) in enumerate(sides):
        draws = resamples(len(target), seed=2 * seed + k, times=TIMES, cluster=cluster)
        sampled.append(replicates([metric], target, prediction, draws)[0])
    times = min(len(values) for values in sampled)
    gap_B = metric.sign * (sampled[0][:times] - sampled[1][:times])
    value = metric.sign * (value_of(metric, *sides[0][:2]) - value_of(metric, *sides[1][:2]))
    low, bound, high = quantiles(gap_B, 0.025, 0.05, 0.975)
    return Difference(value, low, high, bound, one_sided(gap_B))


def overfitting(metric: Metric, train: Score, validation: Score, gap: Difference) -> Verdict:
    """How much better the model is on its own training rows than on new ones, in a word.

    "no" when the gap's interval holds 0 or the gap is below 2 points, "yes" when all of its interval is above
    10 points, "some" between. For metrics with a unit a point is 1 % of the validation score.
    """
    unit = point(metric, validation.value)
    scores = f"{train.value:.3f} on training rows, {validation.value:.3f} on validation rows"
    by = f"{metric.title} {scores}, a gap of {change(metric, gap.value, gap.low, gap.high)}"
    if gap.low <= 0 or gap.value < SMALL_GAP * unit:
        little = (
            " Worse on the rows that it learnt from than on new ones, it has learnt little." if gap.high < 0 else ""
        )
        word, says = "no", f"No sign of overfitting: {by}.{little}"
    elif gap.low > LARGE_GAP * unit:
        word, says = "yes", f"Overfitting: {by}. The model knows its training rows far better than new ones."
    else:
        word, says = "some", f"Some overfitting: {by}."
    return Verdict("overfitting", word, says, gap.value, gap.low, gap.high)


def shift(metric: Metric, scored: Mapping[str, tuple[Score, Score]], winner: str, ways: Mapping[str, str]) -> Verdict:
    """Whether validation rows foretold the winner's score on test rows, and which rungs lose least where they did not.

    scored: of each rung, on validation and on test rows, which share none. ways: how a rung was trained, for the
    reader. "falls" where the winner's whole interval is below 0, "rises" where it is above, "no sign" between.
    """
    before, after = scored[winner]
    moved = {name: metric.sign * (test.value - validation.value) for name, (validation, test) in scored.items()}
    value, (low, high) = moved[winner], _around(metric, scored[winner])
    by = f"{metric.title} of {winner} is {before.value:.3f} on validation rows and {after.value:.3f} on test rows"
    if low <= 0 <= high or np.isnan(value):
        return Verdict("shift", "no sign", f"No sign of a shift: {by}.", value, low, high)
    by += f", {change(metric, value, low, high)}"
    if low > 0:
        return Verdict("shift", "rises", f"Test rows are easier than validation rows: {by}.", value, low, high)
    kept = sorted((name for name in moved if not np.isnan(moved[name])), key=moved.__getitem__, reverse=True)
    said = []
    for name in kept[:MOST_NAMED]:
        way = f" ({ways[name]})" if name in ways else ""
        said.append(f"{name}{way} {change(metric, moved[name], *_around(metric, scored[name]))}")
    harder = all(moved[name] < 0 for name in kept)
    what = (
        "Test rows are harder than validation rows" if harder else f"{winner} falls on test rows, not every rung does"
    )
    says = f"{what}: {by}. Least is lost by {'; '.join(said)}."
    return Verdict("shift", "falls", says, value, low, high)


def _around(metric: Metric, sides: tuple[Score, Score]) -> tuple[float, float]:
    """The interval of a change between rows that share none, from those of both: what each could be off, as squares.

    Source: Zou and Donner 2008, Statistics in Medicine 27, eq. 4 (MOVER).
    """
    worse, better = sides if metric.sign > 0 else sides[::-1]
    value = better.value - worse.value
    low = np.hypot(better.value - better.low, worse.high - worse.value)
    high = np.hypot(better.high - better.value, worse.value - worse.low)
    return float(value - low), float(value + high)


def enough_data(metric: Metric, curve: LearningCurve) -> Verdict:
    """Whether there are enough labels, or more would pay.

    "no" (more would help) when at least half a point is expected and the interval excludes a mere tenth of one;
    "yes" when the whole interval is below half a point; "unclear" otherwise.
    """
    unit = point(metric, curve.points[-1].score.value)
    by = f"{_count(curve.more_rows, 'more label')}: {change(metric, curve.gain, curve.low, curve.high)}"
    if curve.gain >= WORTH * unit and curve.low >= 0.1 * unit:
        word, says = "no", f"More labels would help. {by}, extrapolated."
    elif curve.high < WORTH * unit:
        word, says = "yes", f"There are enough labels for {curve.rung}. {by}, extrapolated."
    else:
        word, says = "unclear", f"The learning curve can't tell whether more labels would help. {by}, extrapolated."
    return Verdict("enough data", word, says, curve.gain, curve.low, curve.high)


def calibrated(calibration: Calibration, *, noise: float = 0.0) -> Verdict:
    """Whether the delivered probabilities mean what they say, on test rows.

    "well calibrated" when the expected calibration error after the decision on temperature is at most 2 points, or
    at most `noise` (what perfect calibration would show on so few rows: rung.evaluate.calibration.noise); else "off".
    "not measured" without test rows.
    """
    before, after = calibration.ece_before, calibration.ece_after
    if after is None or np.isnan(after):
        return Verdict(
            "calibrated", "not measured", "Calibration was not measured: there are no test rows to judge it."
        )
    if calibration.kept and before is not None:
        how = f"after temperature {calibration.temperature:.2f} ({100 * before:.1f} before)"
    else:
        how = "without temperature scaling, which did not lower the validation log-loss"
    by = f"expected calibration error {100 * after:.1f} points {how}"
    if after <= TOLERABLE_ECE:
        return Verdict("calibrated", "well calibrated", f"Well calibrated: {by}.", after)
    if after <= noise:
        floor = f"perfect probabilities would show up to {100 * noise:.1f} on so few rows"
        return Verdict("calibrated", "well calibrated", f"Well calibrated as far as can be seen: {by}; {floor}.", after)
    return Verdict("calibrated", "off", f"Off: {by}. Read the probabilities as a ranking.", after)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
