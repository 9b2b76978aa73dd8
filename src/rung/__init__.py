"""Rung: adapt a pretrained model to your labelled data, one rung at a time, with the evidence for every step.

>>> import rung
>>> sorted(rung.__all__)[:3]
['Run', 'audit', 'backbones']
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_LOBBY = {
    "Run": "rung.recipes.run",
    "audit": "rung.recipes.audit",
    "backbones": "rung.recipes.backbones",
    "card": "rung.recipes.report",
    "compare": "rung.recipes.compare",
    "demo": "rung.recipes.demo",
    "doctor": "rung.recipes.doctor",
    "embed": "rung.recipes.embed",
    "evaluate": "rung.recipes.evaluate",
    "fit": "rung.recipes.fit",
    "load": "rung.recipes.run",
    "predict": "rung.recipes.predict",
    "rank": "rung.recipes.rank",
    "report": "rung.recipes.report",
}
__all__ = list(_LOBBY)  # one table of names; a second, literal list would be a twin to keep in step


class _Room(ModuleType):
    """A room that shares its name with a verb: calling it calls the verb."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the verb of the same name."""
        return __getattr__(self.__name__.rpartition(".")[2])(*given, **named)


class _Lobby(ModuleType):
    """Python binds an imported room to its name here; where a verb has that name too, both must go on to work."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _LOBBY and isinstance(value, ModuleType):
            value.__class__ = _Room
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Lobby


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that `import rung` stays fast."""
    if name not in _LOBBY:
        raise AttributeError(f"module 'rung' has no attribute {name!r}")
    return getattr(import_module(_LOBBY[name]), name)


def __dir__() -> list[str]:
    return [*_LOBBY, "__version__"]
