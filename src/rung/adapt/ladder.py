"""All rungs, cheapest first: whatever modules of this room register."""

from importlib import import_module
from pkgutil import iter_modules

import rung.adapt
from rung.adapt.base import RUNGS
from rung.core.contracts import Rung


def rungs() -> tuple[Rung, ...]:
    """Every registered rung in order of cost.

    >>> [rung.name for rung in rungs()][:6]
    ['prior', 'classic', 'zero-shot', 'frozen', 'partial', 'contrastive']
    """
    for module in iter_modules(rung.adapt.__path__, "rung.adapt."):
        import_module(module.name)
    return tuple(sorted(RUNGS.values(), key=lambda each: each.order))
