"""Folders as data: train and test files side by side, or a saved `datasets` folder."""

from dataclasses import replace
from pathlib import Path

from rung.core.errors import BadOption, NoSuchFile, NothingToLearnFrom
from rung.core.types import Finding
from rung.data.files import WANTED, kind_of, read_file, stem_of
from rung.data.hub import is_saved, read_saved
from rung.data.loaded import Loaded

MEDIA = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".wav", ".flac", ".mp3", ".ogg")


def read_folder(folder: Path) -> Loaded:
    """train.* and, where it is there, test.*; other splits (dev, validation) are left out and said.

    Raises NoSuchFile without train.*, BadOption for two of them, NothingToLearnFrom for images and sounds.
    """
    if is_saved(folder):
        return read_saved(folder)
    tables = sorted(path for path in folder.iterdir() if path.is_file() and kind_of(path))
    trains, tests = ([path for path in tables if stem_of(path).lower() == name] for name in ("train", "test"))
    for name, found in (("train", trains), ("test", tests)):
        if len(found) > 1:
            got = ", ".join(path.name for path in found)
            raise BadOption(f"folder {folder.name}", wanted=f"one {name} file", got=got, fix="Name the file instead.")
    if not trains:
        raise _no_train(folder)
    train = read_file(trains[0])
    test = read_file(tests[0]) if tests else None
    findings = list(train.findings)
    findings += [replace(finding, part="test") for finding in test.findings] if test else []
    left = [path.name for path in tables if path not in (trains[0], *tests)]
    if left:
        what = f"{folder.name}: {', '.join(left)} was left out; only train.* and test.* are read"
        findings.append(
            Finding("left_out", what, (), "note", "Give it as --test, or add its rows to train, to use it.")
        )
    return Loaded(train.frame, test.frame if test else None, tuple(findings))


def _no_train(folder: Path) -> NoSuchFile | NothingToLearnFrom:
    # Class folders lie one or two levels deep; a longer walk could take minutes in a home folder.
    inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    deeper = [path for child in inside if child.is_dir() for path in (*child.glob("*"), *child.glob("*/*"))]
    if any(path.suffix.lower() in MEDIA for path in inside + deeper):
        fix = "Class folders of images and sounds come with a later release."
        return NothingToLearnFrom(f"folder {folder.name}", wanted="tables with text", got="images or sounds", fix=fix)
    names = ", ".join(path.name for path in inside[:8]) or "nothing"
    return NoSuchFile(f"folder {folder.name}", wanted=f"train.* ending in {WANTED}", got=names, fix="Or name one file.")
