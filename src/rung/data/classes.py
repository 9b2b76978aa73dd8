"""Folders of images or sounds: one sub-folder a class, perhaps under train/ and test/, or files side by side."""

import os
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from rung.core.errors import BadOption
from rung.core.types import Finding
from rung.data.loaded import Loaded
from rung.data.media import IMAGES, SOUNDS

PATH, LABEL = "path", "label"
TRAIN, TEST = ("train", "training"), ("test", "testing")
FEW = 5


def read_classes(folder: Path) -> Loaded | None:
    """The columns `path` (relative to `folder`) and `label` (the sub-folder), in order of name; None without media.

    train/ and test/ with class folders in them are the two parts; any other folder beside them is left out and said,
    as are files whose name is not that of an image or a sound. Files that lie in `folder` itself have no label.
    Raises BadOption for images beside sounds.
    """
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    by_name = {path.name.lower(): path for path in inside}
    train, test = (next((by_name[name] for name in names if name in by_name), None) for names in (TRAIN, TEST))
    parted = train is not None and any(path.is_dir() for path in train.iterdir())
    roots = [path for path in (train, test) if path is not None] if parted else [folder]
    strange: list[str] = []
    tables = [_table(folder, root, strange) for root in roots]
    if not any(len(table) for table in tables):
        return None
    _one_kind(folder, tables)
    findings = _left_out(strange, [path.name for path in inside if path not in roots] if parted else [])
    labelled = LABEL in tables[0].columns
    rest = tables[1] if len(tables) > 1 and len(tables[1]) else None
    return Loaded(tables[0], rest, findings, LABEL if labelled else None)


def _table(folder: Path, root: Path, strange: list[str]) -> pl.DataFrame:
    rows: list[tuple[str, str | None]] = []
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(place).relative_to(root).parts
        for name in sorted(names):
            if name.startswith("."):
                continue
            path = (Path(place) / name).relative_to(folder).as_posix()
            if name.lower().endswith(IMAGES + SOUNDS):
                rows.append((path, inside[0] if inside else None))
            else:
                strange.append(path)
    frame = pl.DataFrame(rows, schema={PATH: pl.String, LABEL: pl.String}, orient="row")
    return frame if frame[LABEL].is_not_null().any() else frame.drop(LABEL)


def _one_kind(folder: Path, tables: Sequence[pl.DataFrame]) -> None:
    names = [name.lower() for table in tables for name in table[PATH].to_list()]
    sounds = sum(name.endswith(SOUNDS) for name in names)
    if 0 < sounds < len(names):
        got = f"{len(names) - sounds} images and {sounds} sounds"
        raise BadOption(f"folder {folder.name}", wanted="images or sounds", got=got, fix="Give each its own folder.")


def _left_out(strange: Sequence[str], folders: Sequence[str]) -> tuple[Finding, ...]:
    found = []
    if strange:
        said = ", ".join(strange[:FEW]) + (", ..." if len(strange) > FEW else "")
        who = "1 file is" if len(strange) == 1 else f"{len(strange)} files are"
        what = f"{who} neither image nor sound by name, and left out: {said}"
        found.append(Finding("left_out", what, (), "note", "Rename them, or take them away."))
    if folders:
        what = f"{', '.join(folders[:FEW])} was left out; only train/ and test/ are read"
        found.append(Finding("left_out", what, (), "note", "Give it as --test, or move its files into train/."))
    return tuple(found)
