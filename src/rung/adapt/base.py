"""The ladder's register: each rung adds itself."""

from rung.core.contracts import Rung
from rung.core.registry import Registry

NO_BACKBONE = "no backbone was loaded: --backbone names one, rung backbones lists them"
RUNGS: Registry[Rung] = Registry("rung")


def register(rung: Rung) -> Rung:
    """Put a rung on the ladder."""
    return RUNGS.add(rung.name, rung)
