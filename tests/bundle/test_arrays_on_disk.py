"""Arrays go to disk as the library writes them, without a copy, read as other files are, whole or not at all."""

import resource
import sys

import numpy as np
import pytest
from safetensors.numpy import save

from rung.bundle.io import whole_file, write, write_arrays
from rung.core.errors import DiskFull
from rung.core.memory import Peak

ARRAYS = {
    "b.x": np.arange(24.0, dtype=np.float32).reshape(4, 6).T,  # not contiguous
    "a": np.arange(5),
    "empty": np.zeros((0, 3), np.float32),
}


def test_the_file_is_what_the_library_makes_of_copies(tmp_path):
    write_arrays(tmp_path / "x", ARRAYS, {"facts": "{}"})
    copies = {name: np.ascontiguousarray(each) for name, each in ARRAYS.items()}
    assert (tmp_path / "x").read_bytes() == save(copies, {"facts": "{}"})


def test_whoever_may_read_other_files_may_read_these(tmp_path):
    write(tmp_path / "other", b"")
    with whole_file(tmp_path / "x") as place:
        write_arrays(place, ARRAYS)
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells how much memory was taken at most")
def test_writing_takes_no_memory(tmp_path):
    large = {"x": np.ones((64, 2**18), np.float32)}  # 64 MB
    with Peak() as took:
        write_arrays(tmp_path / "x", large)
    assert took.bytes < 16e6


def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(DiskFull), whole_file(tmp_path / "x") as place:
            write_arrays(place, {"x": np.ones(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
