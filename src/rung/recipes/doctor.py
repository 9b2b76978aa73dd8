"""Doctor: what this machine can do, what is missing, and how to get it."""

from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

from rung.backbones.cache import Cache
from rung.backbones.load import load as load_backbone
from rung.core.errors import RungError
from rung.core.extras import need
from rung.recipes.machine import machine, versions

EXTRAS = {"excel": "fastexcel", "datasets": "datasets"}


@dataclass(frozen=True)
class Checkup:
    """One look at this machine."""

    versions: dict[str, str]
    machine: dict[str, Any]
    devices: tuple[str, ...]
    backbone: str
    precision: str
    cache: dict[str, Any]
    extras: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def doctor(*, clear_cache: bool = False) -> Checkup:
    """Look at this machine: processor, devices, the default backbone and its precision, the cache, the extras.

    clear_cache: forget every cached embedding first.
    """
    cache = Cache()
    if clear_cache:
        cache.clear()
    try:
        embedder = load_backbone()
        backbone, precision = f"{embedder.card.id}, weights verified", embedder.precision
    except RungError as error:
        backbone, precision = str(error), "unknown"
    torch = need("torch")
    devices = ("cpu", *(["cuda"] if torch.cuda.is_available() else []))
    facts = machine() | {"threads": torch.get_num_threads()}
    extras = {name: _extra(name, module) for name, module in EXTRAS.items()}
    return Checkup(versions(), facts, devices, backbone, precision, asdict(cache.stats()), extras)


def _extra(name: str, module: str) -> str:
    return "installed" if find_spec(module) else f'missing: pip install "rung[{name}]"'
