"""Near copies among 10,000, 100,000 and 1,000,000 texts, and 5,000, 20,000 and 50,000 pictures, all made up.

Seconds and memory of the search alone, and of the whole audit of a table or of files (the rows that are embedded
are a sample, as the verb takes it), each in a process of its own. Words come by Zipf's law, 6 to 15 a text; one row
in a hundred is an edited copy. datasketch, where it is installed, does the same by MinHashLSH with 128 permutations
over words, candidates alone.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

SIZES = {"text": (10_000, 100_000, 1_000_000), "image": (5_000, 20_000, 50_000)}
QUICK = {"text": (10_000,), "image": (5_000,)}
PEER_SIZES = (10_000, 100_000)
WORDS = 50_000


def suites(_: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """One row a kind and size."""
    for kind, sizes in (QUICK if quick else SIZES).items():
        for size in sizes:
            yield _apart(kind, size)
            yield _apart(f"audit of {kind}s", size)
    if find_spec("datasketch"):
        for size in PEER_SIZES[: 1 if quick else None]:
            yield _apart("datasketch", size)


def _apart(kind: str, size: int) -> dict[str, Any]:
    done = subprocess.run([sys.executable, __file__, kind, str(size)], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def texts(size: int) -> list[str]:
    """Made-up texts, the last hundredth of them edited copies of the first."""
    draw = np.random.default_rng(0)
    letters = list("etaoinshrdlucmfwyp")
    known = np.array(["".join(draw.choice(letters, draw.integers(2, 9))) for _ in range(WORDS)], object)
    share = 1 / np.arange(1, WORDS + 1)
    count = draw.integers(6, 16, size)
    word = draw.choice(WORDS, count.sum(), p=share / share.sum()).astype(np.int32)
    end = count.cumsum()
    found = [" ".join(known[word[stop - many : stop]]) for stop, many in zip(end, count, strict=True)]
    edits = (lambda text: text.upper() + "!", lambda text: " ".join(text.split()[::-1]), lambda text: f"{text}, the")
    for row in range(size // 100):
        found[size - 1 - row] = edits[row % 3](found[row])
    return found


def pictures(size: int) -> np.ndarray:
    """(size, 32, 32) made-up thumbnails, the last hundredth of them the first turned."""
    drawn = np.random.default_rng(0).integers(0, 256, (size, 8, 8), np.uint8).repeat(4, 1).repeat(4, 2)
    for row in range(size // 100):
        drawn[size - 1 - row] = np.rot90(drawn[row])
    return drawn


def _datasketch(rows: list[str]) -> np.ndarray:
    from datasketch import MinHash, MinHashLSH

    index, label = MinHashLSH(threshold=0.6, num_perm=128), np.arange(len(rows))
    for row, text in enumerate(rows):
        hashed = MinHash(num_perm=128)
        for word in set(text.lower().rstrip("!").replace(",", "").split()):
            hashed.update(word.encode())
        like = index.query(hashed)
        label[row] = min([row, *like])
        index.insert(row, hashed)
    return label


def _audited(kind: str, size: int, folder: Path) -> Any:
    """A labelled table of texts, or of paths to pictures of 64 by 64, and what an audit names of it."""
    import polars as pl
    from PIL import Image

    label = ["yes" if each else "no" for each in np.random.default_rng(1).random(size) < 0.4]
    frame = pl.DataFrame({"text": texts(size), "label": label}) if kind == "text" else None
    if frame is None:
        for row, pixels in enumerate(pictures(size)):
            Image.fromarray(pixels).resize((64, 64)).save(folder / f"{row}.png", compress_level=1)
        frame = pl.DataFrame({"image": [str(folder / f"{row}.png") for row in range(size)], "label": label})

    def search(rows: Any) -> np.ndarray:
        import rung

        named = np.arange(size)
        for finding in rung.audit(rows, target="label").findings:
            if finding.check == "near_duplicates":
                other = [int(name.rsplit(" ", 1)[1]) for name in finding.names]
                named[list(finding.rows)] = other
        return named

    return frame, search


def main() -> None:
    """Search once, and print what it took as one line of JSON."""
    from resource import RUSAGE_SELF, getrusage

    kind, size = sys.argv[1], int(sys.argv[2])
    place = TemporaryDirectory()
    rows: Any = None
    if kind.startswith("audit"):
        rows, search = _audited(kind.split()[-1][:-1], size, Path(place.name))
    else:
        rows = pictures(size) if kind == "image" else texts(size)
    if kind == "datasketch":
        search = _datasketch
    elif not kind.startswith("audit"):
        from rung.data.near_images import near_images
        from rung.data.near_texts import near_texts

        def search(rows: Any) -> np.ndarray:
            return (near_images if kind == "image" else near_texts)(rows).label

    before, begun = getrusage(RUSAGE_SELF).ru_maxrss, perf_counter()
    label = search(rows)
    seconds, after = perf_counter() - begun, getrusage(RUSAGE_SELF).ru_maxrss
    copies = np.arange(size // 100)
    told = {
        "check": "near_duplicates at scale",
        "set": kind,
        "strength": f"{size:,} rows",
        "recall": float((label[copies] == label[size - 1 - copies]).mean()),
        "seconds": seconds,
        "data_gb": before / 1e6,
        "peak_gb": after / 1e6,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
