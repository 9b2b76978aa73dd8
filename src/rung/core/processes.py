"""Whether this process is one of several on one climb, by the variables that `torchrun` and `accelerate` set."""

import os


def several() -> bool:
    """Whether this process is one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def leads() -> bool:
    """Whether this process is the first, or alone: it decides what hangs on a clock, writes, and talks."""
    return not several() or int(os.environ.get("RANK", "0")) == 0
