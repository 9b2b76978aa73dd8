"""Hugging Face `datasets`: objects, saved folders and names on the hub."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from rung.core.errors import BadOption, NoSuchFile, UnreadableFile
from rung.core.extras import need
from rung.core.types import Finding
from rung.data.loaded import Loaded, whole

SAVED = ("dataset_dict.json", "dataset_info.json", "state.json")


def is_saved(folder: Path) -> bool:
    """True for a folder that save_to_disk wrote."""
    return (folder / SAVED[0]).is_file() or all((folder / name).is_file() for name in SAVED[1:])


def read_saved(folder: Path) -> Loaded:
    """Load a saved folder; raises MissingExtra, UnreadableFile."""
    datasets = need("datasets", "datasets")
    try:
        found = datasets.load_from_disk(str(folder))
    except Exception as error:  # the library raises whatever its storage layers raise
        got = _first_line(error)
        raise UnreadableFile(f"folder {folder.name}", wanted="a saved datasets folder", got=got) from error
    return from_datasets(found, folder.name)


def read_hub(name: str) -> Loaded:
    """Load "hf:owner/name[/config]" through the library's own cache; raises MissingExtra, NoSuchFile."""
    owner, _, rest = name.removeprefix("hf:").partition("/")
    repository, _, config = rest.partition("/")
    if not owner or not repository:
        raise BadOption(f"data {name!r}", wanted="hf:owner/name or hf:owner/name/config", got="no owner and name")
    datasets = need("datasets", "datasets")
    try:
        found = datasets.load_dataset(f"{owner}/{repository}", config or None)
    except Exception as error:  # network, cache, configuration: the library has no common parent for them
        got = f"{type(error).__name__}: {_first_line(error)}"
        fix = "Check the name and the network, or download it elsewhere and give the folder."
        raise NoSuchFile(f"data set {name!r}", wanted="it in the cache or on the hub", got=got, fix=fix) from error
    return from_datasets(found, name)


def from_datasets(found: Any, where: str) -> Loaded:
    """A Dataset, or a DatasetDict with a train split (its test split is kept apart); class numbers become names.

    Raises BadOption for streamed data and for splits without `train`.
    """
    if isinstance(found, Mapping):
        return _splits(found, where)
    if not hasattr(found, "with_format") or not hasattr(found, "num_rows"):
        got = type(found).__name__
        raise BadOption(f"data {where}", wanted="a Dataset or DatasetDict", got=got, fix="Load it without streaming.")
    frame = pl.DataFrame(found.with_format("arrow")[:])
    for name, feature in found.features.items():
        if type(feature).__name__ == "ClassLabel":
            named = dict(enumerate(feature.names))
            frame = frame.with_columns(pl.col(name).replace_strict(named, default=None, return_dtype=pl.String))
    return Loaded(whole(frame, where))


def _splits(found: Mapping[str, Any], where: str) -> Loaded:
    names = list(found)
    train = names[0] if len(names) == 1 else "train"
    if train not in found:
        raise BadOption(f"data {where}", wanted="a split named train", got=", ".join(names) or "none")
    left = [name for name in names if name not in (train, "test")]
    said = Finding(
        "left_out", f"{where}: split {', '.join(left)} was left out", (), "note", "Give it as --test to use it."
    )
    test = from_datasets(found["test"], where).frame if "test" in found and train != "test" else None
    return Loaded(from_datasets(found[train], where).frame, test, (said,) if left else ())


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
