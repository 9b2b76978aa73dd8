"""Which metrics there are, by task and by name: discovered from this folder, not listed."""

import pkgutil
from importlib import import_module

import rung.metrics
from rung.core.errors import BadOption
from rung.core.types import Task
from rung.metrics.base import METRICS, Metric

DEFAULT = {
    Task.BINARY: "accuracy",
    Task.MULTICLASS: "accuracy",
    Task.MULTILABEL: "micro_f1",
    Task.REGRESSION: "r2",
}

for _module in pkgutil.iter_modules(rung.metrics.__path__):
    import_module(f"{rung.metrics.__name__}.{_module.name}")


def for_task(task: Task) -> tuple[Metric, ...]:
    """Every metric that fits the task: the default first, the others by name.

    >>> [metric.name for metric in for_task(Task.REGRESSION)]
    ['r2', 'mae', 'rmse', 'spearman']
    """
    fitting = [metric for metric in METRICS.values() if task in metric.tasks]
    return tuple(sorted(fitting, key=lambda metric: (metric.name != DEFAULT[task], metric.name)))


def default(task: Task) -> Metric:
    """The metric that decides when `--metric` is not given.

    >>> default(Task.MULTILABEL).name
    'micro_f1'
    """
    return METRICS[DEFAULT[task]]


def named(name: str, task: Task) -> Metric:
    """The metric by that name.

    Raises NoSuchName for a stranger and BadOption (both UsageErrors, exit 2) where it does not fit the task.

    >>> named("rmse", Task.REGRESSION).better
    'lower'
    """
    metric = METRICS[name]
    if task not in metric.tasks:
        names = ", ".join(fitting.name for fitting in for_task(task))
        raise BadOption(f"metric {name!r}", wanted=f"one that fits a {task} target ({names})", got=name)
    return metric
