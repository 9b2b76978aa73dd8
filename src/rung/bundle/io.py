"""Write whole or not at all: temporary name, fsync, rename."""

import errno
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file

from rung.core.errors import DiskFull, FolderInUse

# what the system says of a place where no file can be: below a file, in /proc, under a name too long
NO_PLACE = (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOENT, errno.ENAMETOOLONG, errno.EINVAL)


@contextmanager
def honest_disk(path: Path) -> Iterator[None]:
    """Turn the disk's refusals into one clear error: DiskFull when it is full, FolderInUse when it is closed."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(
                f"writing {path}", wanted="room on the disk", got="a full disk", fix="Free some space and run again."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, *NO_PLACE):
            raise FolderInUse(
                f"writing {path}",
                wanted="a folder that can be written",
                got=os.strerror(error.errno),
                fix="Choose another place.",
            ) from error
        raise


def refuse_closed(path: Path) -> None:
    """Raise FolderInUse where nothing can be written under `path`, before work is done that would be lost."""
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    with honest_disk(path):
        if not there.is_dir():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path` atomically; the folder is made if it is missing.

    Raises DiskFull or FolderInUse; then nothing of the file is left.
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a place for a file that becomes `path` when the block ends well, and vanishes when it does not."""
    with honest_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
        try:
            yield temporary
            _to_disk(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], metadata: dict[str, str] | None = None) -> None:
    """Put arrays into one safetensors file, straight from where they lie: weights may be half of what memory holds.

    Raises OSError as any writing does.
    """
    path.touch()
    mode = path.stat().st_mode  # of a file like any other: the library's own may be read by nobody else
    try:
        save_file({name: np.ascontiguousarray(each) for name, each in arrays.items()}, path, metadata)
    except SafetensorError as error:
        if (told := re.search(r"os error (\d+)", str(error))) is None:
            raise
        raise OSError(int(told[1]), os.strerror(int(told[1])), str(path)) from error
    path.chmod(mode)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` when the block ends well, and vanishes when it does not.

    An older folder at `path` is replaced.
    """
    with honest_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
        temporary.mkdir()
        try:
            yield temporary
            for file in temporary.rglob("*"):
                if file.is_file():
                    _to_disk(file)
            if path.exists():
                old = path.with_name(f".{path.name}.old.{uuid4().hex[:8]}")
                path.replace(old)
                temporary.replace(path)
                shutil.rmtree(old)
            else:
                temporary.replace(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
