"""NumPy's .npz: series in X, labels in y, whatever else has a value a row; nothing is ever unpickled."""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rung.core.errors import UnreadableFile
from rung.data.loaded import Loaded

VALUES, LABELS, LENGTHS = "X", "y", "lengths"
WANTED = "arrays X (rows, steps) or (rows, channels, steps) and y (rows,)"


def read_npz(path: Path) -> Loaded:
    """A table with the series of X in a column of that name and every other array (N,) beside it; y is the target.

    lengths (N,), where it is there, says where each series ends. Raises UnreadableFile.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as opened:
            arrays: dict[str, NDArray[Any]] = {name: opened[name] for name in opened.files}
    except (ValueError, BadZipFile, EOFError, KeyError) as error:
        pickled = "pickle" in str(error).lower()
        got = "pickled objects, which can run code" if pickled else str(error).splitlines()[0][:120]
        fix = "Save text as an array of strings and unequal series with their lengths." if pickled else "Save it again."
        raise UnreadableFile(f"file {path.name}", wanted=WANTED, got=got, fix=fix) from error
    return Loaded(_table(arrays, path.name), target=LABELS if LABELS in arrays else None)


def _table(arrays: dict[str, NDArray[Any]], where: str) -> pl.DataFrame:
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing"
    x = arrays.get(VALUES)
    if x is None or x.ndim not in (2, 3) or x.dtype.kind not in "fiub":
        raise UnreadableFile(f"file {where}", wanted=WANTED, got=shapes, fix="Name them X and y when you save them.")
    if any(array.shape != (len(x),) for name, array in arrays.items() if name != VALUES):
        raise UnreadableFile(f"file {where}", wanted=f"one value each of X's {len(x)} rows", got=shapes)
    values = x.astype(np.float32)
    lengths = arrays.get(LENGTHS)
    if lengths is not None:
        if lengths.dtype.kind not in "iu" or lengths.min(initial=0) < 0 or lengths.max(initial=0) > x.shape[-1]:
            wanted = f"lengths that are whole numbers from 0 to {x.shape[-1]}"
            raise UnreadableFile(f"file {where}", wanted=wanted, got=f"{lengths[:5].tolist()}")
        for row, length in zip(values, lengths, strict=True):
            row[..., length:] = np.nan
    rest = [pl.Series(name, array.tolist()) for name, array in arrays.items() if name not in (VALUES, LENGTHS)]
    return pl.DataFrame([pl.Series(VALUES, values), *rest])
