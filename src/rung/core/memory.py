"""How much memory a piece of work takes at most."""

import ctypes
import gc
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Peak:
    """Bytes taken at most within, beyond those held on entry: of the device that does the work, else of the process.

    device: cpu, or auto or cuda for the device where torch, if anything loaded it, sees one. `bytes` is known on
    leaving; 0 where the system doesn't tell (on a CPU Linux alone does). Of a process it is what stands in its memory,
    pages of mapped files among them. Not to be nested: the inner one starts the mark afresh.

    >>> with Peak() as peak:
    ...     held = bytearray(2**22)
    >>> peak.bytes >= 0
    True
    """

    def __init__(self, device: str = "cpu") -> None:
        self.bytes, self._device = 0, device

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def of_device(self) -> bool:
        """Whether a device's memory is counted, not the process's."""
        return self._device != "cpu" and _cuda() is not None

    def start(self) -> None:
        """Count from here on."""
        gc.collect()
        self._cuda = _cuda() if self.of_device else None
        if self._cuda is not None:
            self._cuda.reset_peak_memory_stats()
            self._before = int(self._cuda.memory_allocated())
            return
        give_back()  # what was freed before is no room that comes for nothing
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark starts afresh
        self._before = _resident("VmRSS")

    def stop(self) -> None:
        """Say in `bytes` what was taken at most."""
        most = int(self._cuda.max_memory_allocated()) if self._cuda is not None else _resident("VmHWM")
        self.bytes = max(most - self._before, 0)


def out_of_memory(error: BaseException) -> bool:
    """Whether that is what an error says: on a CPU torch has no kind of its own for it, and this room no torch."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"MemoryError", "OutOfMemoryError"}) or "can't allocate memory" in str(error)


def give_back() -> None:
    """Return to the system what was freed: the C library keeps it in pieces, on which the next model would come."""
    with suppress(OSError, AttributeError):  # no GNU C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _resident(what: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:")), 0)


def _cuda() -> Any:
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_available() else None
