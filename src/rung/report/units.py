"""How a number is written for people: the same words in the terminal, the page and the card."""

import math
from collections.abc import Iterable

from rung.core.evidence import Difference, Score

RAW = frozenset(
    {"rmse", "mae", "log_loss", "brier"}
)  # gains in the metric's own unit; all else is bounded by 1: points
TITLES = {
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "roc_auc": "ROC AUC",
    "log_loss": "log-loss",
    "ece": "ECE",
    "mcc": "MCC",
    "lrap": "LRAP",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R2",
    "coverage_90": "coverage of the 90 % interval",
}


def title(metric: str) -> str:
    """The metric's name as people write it.

    >>> title("macro_f1"), title("balanced_accuracy")
    ('macro F1', 'balanced accuracy')
    """
    return TITLES.get(metric, metric.replace("_", " "))


def in_points(metric: str) -> bool:
    """Whether a gain of this metric reads in points (hundredths) rather than in its own unit."""
    return metric not in RAW


def _style(values: Iterable[float]) -> str:
    """One format for numbers that stand side by side, wide enough for the largest of them."""
    top = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if top >= 1e6 or 0 < top < 5e-4:
        return ".2e"
    if top >= 1000:
        return ",.0f"
    return ".1f" if top >= 100 else ".2f" if top >= 10 else ".3f"


def _write(value: float, style: str, *, sign: bool = False) -> str:
    if not math.isfinite(value):
        return "n/a"
    text = format(value, ("+" if sign else "") + style)
    zero = not text.strip("+-0.,e")
    return text.replace("-", "+" if sign else "") if zero and text.startswith("-") else text


def number(value: float | None) -> str:
    """A lone number with three decimals, fewer where it is large; "n/a" for none and not-a-number.

    >>> number(0.9314), number(1234.5), number(None)
    ('0.931', '1,234', 'n/a')
    """
    return "n/a" if value is None else _write(value, _style([value]))


def interval(low: float, high: float) -> str:
    """Both ends in brackets.

    >>> interval(0.9206, 0.9401)
    '[0.921, 0.940]'
    """
    style = _style([low, high])
    return f"[{_write(low, style)}, {_write(high, style)}]"


def score(value: Score | None) -> str:
    """A score with its 95 % interval, one number of decimals for all three.

    >>> score(Score("accuracy", 0.931, 0.921, 0.94))
    '0.931 [0.921, 0.940]'
    """
    if value is None:
        return ""
    if not math.isfinite(value.value):
        return "n/a"
    style = _style([value.value, value.low, value.high])
    return f"{_write(value.value, style)} [{_write(value.low, style)}, {_write(value.high, style)}]"


def gain(difference: Difference | None, metric: str, *, unit: bool = True) -> str:
    """A difference with its interval: points for bounded metrics, the metric's own unit for the others.

    >>> gain(Difference(0.012, 0.004, 0.021, 0.005, 0.01), "accuracy")
    '+1.2 [0.4, 2.1] pts'
    >>> gain(Difference(0.0412, 0.011, 0.08, 0.005, 0.01), "log_loss")
    '+0.041 [0.011, 0.080]'
    """
    if difference is None:
        return ""
    return change(difference.value, difference.low, difference.high, metric, unit=unit)


def change(value: float, low: float, high: float, metric: str, *, unit: bool = True) -> str:
    """The same as `gain`, from bare numbers."""
    times = 100.0 if in_points(metric) else 1.0
    style = ".1f" if in_points(metric) else _style([value, low, high])
    ends = f"[{_write(low * times, style)}, {_write(high * times, style)}]"
    return f"{_write(value * times, style, sign=True)} {ends}{' pts' if unit and in_points(metric) else ''}"


def amount(value: float, metric: str) -> str:
    """A lone difference, such as the gain that was needed.

    >>> amount(0.005, "accuracy")
    '0.5 pts'
    """
    return f"{_write(value * 100, '.1f')} pts" if in_points(metric) else number(value)


def p_value(p: float) -> str:
    """A p-value without false precision.

    >>> p_value(0.0004), p_value(0.0312)
    ('< 0.001', '0.031')
    """
    return "< 0.001" if p < 0.001 else _write(p, ".3f")


def seconds(value: float) -> str:
    """A duration in the two largest units that matter.

    >>> seconds(0.42), seconds(31), seconds(125), seconds(4320)
    ('0.4 s', '31 s', '2m 05s', '1h 12m')
    """
    if not math.isfinite(value):
        return "n/a"
    if 0 < value < 0.05:
        return "< 0.1 s"
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"


def latency(milliseconds: float) -> str:
    """Milliseconds a row, two significant digits.

    >>> latency(0.004), latency(0.42), latency(3.14), latency(31.4)
    ('< 0.01', '0.42', '3.1', '31')
    """
    if not math.isfinite(milliseconds):
        return "n/a"
    if milliseconds < 0.01:
        return "0" if milliseconds <= 0 else "< 0.01"
    return f"{milliseconds:.2f}" if milliseconds < 1 else f"{milliseconds:.{1 if milliseconds < 10 else 0}f}"


def size(n_bytes: float) -> str:
    """Bytes in powers of a thousand.

    >>> size(0), size(900), size(45_600_000)
    ('0 B', '900 B', '46 MB')
    """
    return _scaled(n_bytes, ("", "k", "M", "G", "T"), "B", " ")


def short(count: float) -> str:
    """A count in three significant digits at most.

    >>> short(512), short(29_600), short(22_700_000)
    ('512', '29.6k', '22.7M')
    """
    return _scaled(count, ("", "k", "M", "G", "T"), "", "", digits=3)


def _scaled(value: float, steps: tuple[str, ...], unit: str, space: str, *, digits: int = 2) -> str:
    place = 0
    while value >= 999.5 and place + 1 < len(steps):
        value, place = value / 1000, place + 1
    whole = len(str(int(value)))
    text = f"{value:.0f}" if place == 0 else f"{value:.{max(0, digits - whole)}f}"
    return f"{text}{space}{steps[place]}{unit}"


def share(part: float, whole: float) -> str:
    """A part of a whole in percent, empty where there is no whole.

    >>> share(29_600, 22_700_000), share(1, 1), share(1, 0)
    ('0.13 %', '100 %', '')
    """
    if not whole:
        return ""
    percent = 100 * part / whole
    if percent and percent < 0.01:
        return "< 0.01 %"
    return f"{percent:.{0 if percent >= 10 or not percent else 1 if percent >= 1 else 2}f} %"


def count(n: int, one: str, many: str = "") -> str:
    """A counted noun.

    >>> count(1, "row"), count(12_000, "row"), count(2, "class", "classes")
    ('1 row', '12,000 rows', '2 classes')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
