"""Rung: adapt a pretrained model to your labelled data, one rung at a time, with the evidence for every step.

>>> import rung
>>> sorted(rung.__all__)[:3]
['Run', 'backbones', 'card']
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_LOBBY = {
    "Run": "rung.recipes.run",
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
    "report": "rung.recipes.report",
}
__all__ = list(_LOBBY)  # one table of names; a second, literal list would be a twin to keep in step


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that `import rung` stays fast."""
    if name not in _LOBBY:
        raise AttributeError(f"module 'rung' has no attribute {name!r}")
    return getattr(import_module(_LOBBY[name]), name)


def __dir__() -> list[str]:
    return [*_LOBBY, "__version__"]
