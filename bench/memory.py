"""A million short texts through the embedding engine: peak memory stays bounded and time grows with the rows.

Each size runs in a process of its own, texts made on the fly, every one different, vectors cached and written to a
.npy file as they come. A tiny random backbone stands in, so that minutes suffice; the engine is the real one.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from harness import at_most, options, write

GIB = 1e9
SIZES = (10_000, 100_000, 1_000_000)
WORDS = "the card has not arrived yet a warm and funny film with brave ending patient was given two tablets".split()  # noqa: SIM905  # a sentence reads better


def texts(rows: int) -> Iterator[str]:
    """Short texts, all different: a few words and the row's number in words of the alphabet."""
    for row in range(rows):
        yield f"{WORDS[row % 17]} {WORDS[row // 17 % 17]} {WORDS[row // 289 % 17]} {row:06x}"


def child(rows: int, how: str) -> None:
    """Embed in this process and print seconds and peak bytes."""
    from rung.backbones.load import load
    from rung.testing.toys import tiny

    with TemporaryDirectory() as folder:
        os.environ["RUNG_CACHE"] = folder + "/cache"
        embedder = load(str(tiny("bert", folder + "/backbone")), precision="float32")
        begun = perf_counter()
        if how == "to file":
            embedder.embed_to(folder + "/vectors.npy", texts(rows), rows=rows)
        else:
            embedder(list(texts(rows)))
        seconds = perf_counter() - begun
    # Kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"rows": rows, "how": how, "seconds": seconds, "peak_bytes": peak}))


def measured(rows: int, how: str) -> dict[str, object]:
    """One row of the result: a child's own figures."""
    command = [sys.executable, str(Path(__file__).resolve()), "--child", str(rows), how]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return said | {"rows_per_second": round(said["rows"] / said["seconds"]), "peak_GB": said["peak_bytes"] / GIB}


def main() -> None:
    given = options(__doc__)
    rows = [measured(size, "to file") for size in SIZES]
    if not given.quick:
        rows += [measured(size, "in memory") for size in SIZES]
    million, less = rows[2], rows[1]
    claims = [
        at_most("peak memory, 1,000,000 texts to a file", [million["peak_bytes"] / GIB], unit="GB", reach=3.0),
        at_most(
            "time a row, 1,000,000 against 100,000",
            [(million["seconds"] / million["rows"]) / (less["seconds"] / less["rows"])],
            unit="ratio",
            reach=1.25,
        ),
    ]
    if not given.quick:
        held = rows[-1]["peak_bytes"] / GIB
        claims.append(at_most("peak memory, 1,000,000 texts in memory", [held], unit="GB", reach=3.0))
    write("memory", claims, rows, given.results)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(int(sys.argv[2]), sys.argv[3])
    else:
        main()
