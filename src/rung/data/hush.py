"""What a decoder in C says to standard error, kept off the user's terminal; nothing that others write is lost."""

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from threading import Lock

log = logging.getLogger(__name__)
STDERR = 2
ONE_AT_A_TIME = Lock()  # two that turn the same descriptor would turn it back to the wrong place
# libmpg123 has no setting that libsndfile would pass on: it writes these for damaged MP3 files, past Python.
CHATTER = re.compile(
    rb"\[[^\]\n]*libmpg123[^\]\n]*\] |"
    rb"Note: (Illegal Audio-MPEG-Header|Trying to resync|Skipped \d+ bytes)|"
    rb"Warning: (Xing |Encountered more data after|Real sample count)"
)


@contextmanager
def hushed() -> Iterator[None]:
    """Keep the MP3 decoder's own lines off standard error while many files are read.

    The whole process's file descriptor is turned to a temporary file, once around all threads, and turned back; then
    every other line is written where it belonged, a little late.
    """
    with ONE_AT_A_TIME:
        _flush()
        try:
            before = os.dup(STDERR)
        except OSError:  # nobody listens
            yield
            return
        with TemporaryFile() as kept:
            os.dup2(kept.fileno(), STDERR)
            try:
                yield
            finally:
                _flush()
                os.dup2(before, STDERR)
                os.close(before)
                kept.seek(0)
                _pass_on(kept.read())


def _flush() -> None:
    with suppress(OSError, ValueError, AttributeError):  # no stream of Python's own, or a closed one
        sys.stderr.flush()


def _pass_on(said: bytes) -> None:
    for line in said.splitlines(keepends=True):
        if CHATTER.match(line):
            log.debug("%s", line.decode("utf-8", "replace").rstrip())
        else:
            os.write(STDERR, line)
