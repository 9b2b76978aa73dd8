"""Tables that Python already holds: polars, pandas, Arrow, lists and arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from rung.core.errors import BadOption, EmptyData
from rung.data.album import packed
from rung.data.hub import from_datasets
from rung.data.loaded import Loaded, unique_names, whole

WANTED = "a path, a table of pandas, polars, Arrow or datasets, or a list of texts"


def from_object(source: Any, columns_hint: Sequence[str] | None) -> Loaded:
    """Copy-free where the library allows it. Row labels (pandas' index) are left behind.

    columns_hint: names for data that has none: a list of texts, an array.
    Raises BadOption for what is no table, EmptyData, DuplicateColumns.
    """
    library = type(source).__module__.partition(".")[0]
    where = f"{library} {type(source).__name__}" if library != "builtins" else type(source).__name__
    if library == "datasets":
        return from_datasets(source, where)
    if isinstance(source, pl.LazyFrame):
        source = source.collect()
    if isinstance(source, pl.DataFrame):
        return Loaded(whole(source, where))
    if library == "pandas" and hasattr(source, "columns"):
        return Loaded(whole(_pandas(source, where), where))
    if isinstance(source, Mapping | list | tuple | np.ndarray | pl.Series) or library == "pandas":
        return Loaded(whole(_nameless(source, columns_hint, where), where))
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
        return Loaded(whole(_arrow(source, where), where))
    raise BadOption("data", wanted=WANTED, got=where)


def _pandas(source: Any, where: str) -> pl.DataFrame:
    names = unique_names([str(name) for name in source.columns], where)
    if not names or not len(source):
        raise EmptyData(where, wanted="at least one row and column", got=f"{len(source)} rows, {len(names)} columns")
    return pl.DataFrame([_series(name, source.iloc[:, place]) for place, name in enumerate(names)])


def _series(name: str, column: Any) -> pl.Series:
    first = next((value for value in column.tolist()[:20] if value is not None), None)
    if packed(first) is not first:
        return pl.Series(name, [None if value is None else packed(value) for value in column.tolist()])
    try:
        return pl.Series(name, pl.from_pandas(column.reset_index(drop=True), include_index=False))
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        # An object column of mixed kinds: numbers here, strings there. Words keep both.
        missing = column.isna().to_numpy()
        words = [None if gone else str(value) for value, gone in zip(column.tolist(), missing, strict=True)]
        return pl.Series(name, words, dtype=pl.String)


def _arrow(source: Any, where: str) -> pl.DataFrame:
    names = getattr(getattr(source, "schema", None), "names", None)
    if names:
        unique_names(list(names), where)  # polars' own complaint names no way out
    return pl.DataFrame(source)


def _nameless(source: Any, hint: Sequence[str] | None, where: str) -> pl.DataFrame:
    try:
        if isinstance(source, Mapping):
            return pl.DataFrame({str(name): _held(values) for name, values in source.items()}, strict=False)
        if (
            isinstance(source, list | tuple)
            and source
            and isinstance(source[0], Mapping)
            and packed(source[0]) is source[0]
        ):
            rows = [{name: packed(value) for name, value in row.items()} for row in source]
            return pl.DataFrame(rows, infer_schema_length=None, strict=False)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise BadOption("data", wanted="columns of equal length", got=str(error).splitlines()[0]) from error
    if isinstance(source, list | tuple) and source and packed(source[0]) is not source[0]:
        return pl.DataFrame({(list(hint or ()) or ["image"])[0]: [packed(value) for value in source]})
    values = np.asarray(source, dtype=object)
    if values.ndim > 2:
        raise BadOption("data", wanted=WANTED, got=f"{where} with {values.ndim} dimensions")
    if not values.size:
        raise EmptyData(where, wanted="at least one row", got="none")
    values = values[:, None] if values.ndim == 1 else values
    given = list(hint or ())
    names = given if len(given) == values.shape[1] else _invented(values.shape[1])
    return pl.DataFrame([pl.Series(name, values[:, place].tolist(), strict=False) for place, name in enumerate(names)])


def _held(values: Any) -> Any:
    """A column of images or sounds that Python holds, as bytes; any other as it is."""
    if isinstance(values, list | tuple) and any(packed(value) is not value for value in values[:1]):
        return [packed(value) for value in values]
    return values


def _invented(width: int) -> list[str]:
    return ["text"] if width == 1 else [f"x{place}" for place in range(width)]
