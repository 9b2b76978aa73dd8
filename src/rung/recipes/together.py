"""Several processes on one climb, as `accelerate launch` and `torchrun` start them.

All of them prepare the rows and train; what hangs on a clock, the first one says; it alone writes.
"""

from typing import Any, TypeVar

from rung.core.contracts import Note, Notebook
from rung.core.processes import several

T = TypeVar("T")


def agreed(value: T) -> T:
    """What the first process says, in every process; all must ask in the same order."""
    if not several():
        return value
    from accelerate.utils import broadcast_object_list  # noqa: PLC0415  # seconds, for the few who start several

    _state()
    box: list[Any] = [value]
    broadcast_object_list(box)
    found: T = box[0]
    return found


def wait() -> None:
    """Go on when all processes are here."""
    if several():
        _state().wait_for_everyone()


def _state() -> Any:
    import torch  # noqa: PLC0415  # see above
    from accelerate import PartialState  # noqa: PLC0415  # see above

    return PartialState(cpu=not torch.cuda.is_available())


class Reader:
    """A notebook that this process reads as the others do and does not write: the first one does."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook

    def get(self, name: str) -> Note | None:
        """What was written under that name, or None."""
        return self._notebook.get(name)

    def put(self, name: str, note: Note) -> None:
        """Leave it to the first process."""

    def drop(self, name: str) -> None:
        """Leave it to the first process."""
