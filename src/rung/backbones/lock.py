"""One writer at a time, across processes: a lock that the system drops when its holder dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a Unix system
    fcntl = None  # type: ignore[assignment]  # its absence is checked where it is used


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock file at `path`, made where it is missing.

    Raises BlockingIOError at once when another holds it and `wait` is False; OSError where locks can't be had.
    """
    if fcntl is None:
        raise OSError("this system has no file locks that Rung knows")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)  # closing drops the lock
