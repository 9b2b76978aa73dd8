"""Numbers as verdicts say them: points where a score is a share, the metric's own unit elsewhere."""

from rung.metrics.base import Metric


def in_points(metric: Metric) -> bool:
    """True when a hundredth of the metric is a point: shares, correlations and R squared.

    >>> from rung.metrics.table import METRICS
    >>> [in_points(METRICS[name]) for name in ("accuracy", "mcc", "r2", "log_loss")]
    [True, True, True, False]
    """
    low, high = metric.span
    return metric.name == "r2" or (low >= -1 and high <= 1)


def point(metric: Metric, reference: float) -> float:
    """What counts as one point of this metric: 0.01, or 1 % of the reference score where the unit is its own."""
    return 0.01 if in_points(metric) else abs(reference) / 100


def change(metric: Metric, value: float, low: float, high: float) -> str:
    """A gain with its interval, positive is better.

    >>> from rung.metrics.table import METRICS
    >>> change(METRICS["accuracy"], 0.012, 0.004, 0.021)
    '+1.2 points [0.4, 2.1]'
    >>> change(METRICS["rmse"], 0.25, 0.1, 0.4)
    'root mean squared error better by 0.25 [0.1, 0.4]'
    """
    if in_points(metric):
        return f"{100 * value:+.1f} points [{_plain(low)}, {_plain(high)}]"
    if value < 0:
        return f"{metric.title} worse by {-value:.3g} [{-high:.3g}, {-low:.3g}]"
    return f"{metric.title} better by {value:.3g} [{low:.3g}, {high:.3g}]"


def _plain(share: float) -> str:
    return f"{round(100 * share, 1) + 0.0:.1f}"  # + 0.0: no "-0.0"
