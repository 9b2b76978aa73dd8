"""What the MP3 decoder says past Python stays off the terminal; what anybody else says does not."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO

import numpy as np
import polars as pl
import pytest
import soundfile

from rung.core.types import Column, Role
from rung.data.damage import damage
from rung.data.hush import hushed
from rung.data.media import File

RATE = 16_000


@pytest.fixture
def holed():
    """An MP3 in the middle of which bytes are gone."""
    whole = BytesIO()
    soundfile.write(whole, (0.3 * np.sin(np.arange(2 * RATE) / 9)).astype(np.float32), RATE, format="MP3")
    raw = whole.getvalue()
    return raw[:2000] + bytes(800) + raw[2800:]


def test_the_decoder_does_say_something_of_such_a_file(holed, capfd):
    with pytest.raises(Exception, match="x"):
        File("x", data=holed).clip()
    assert "libmpg123" in capfd.readouterr().err


def test_damaged_sounds_are_findings_and_nothing_is_written(holed, capfd):
    usable, findings = damage(pl.DataFrame({"clip": [holed] * 3}), [Column("clip", Role.AUDIO)])
    assert not usable.any()
    assert [finding.check for finding in findings] == ["unreadable_file"]
    assert capfd.readouterr().err == ""


def test_every_other_line_arrives_also_from_other_threads_and_past_python(capfd):
    def speak(n):
        os.write(2, f"line {n}\n[src/libmpg123/layer3.c:do():1] error: dequantization failed!\n".encode())

    sys.stderr.write("before\n")
    with hushed(), ThreadPoolExecutor(4) as pool:
        list(pool.map(speak, range(20)))
        sys.stderr.write("Warning: ours\n")
    sys.stderr.write("after\n")
    said = capfd.readouterr().err.splitlines()
    assert sorted(said[1:-1]) == sorted([*(f"line {n}" for n in range(20)), "Warning: ours"])
    assert (said[0], said[-1]) == ("before", "after")


def test_after_an_error_standard_error_is_where_it_was(capfd):
    with suppress(ValueError), hushed():
        sys.stderr.write("said\n")
        raise ValueError
    sys.stderr.write("and on\n")
    assert capfd.readouterr().err == "said\nand on\n"


def test_two_at_once_wait_for_each_other(capfd):
    def one(_):
        with hushed():
            os.write(2, b"x\n")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(12)))
    os.write(2, b"still here\n")
    assert capfd.readouterr().err == "x\n" * 12 + "still here\n"
