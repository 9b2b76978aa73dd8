"""Folders as data: train and test files side by side, class folders of media, or a saved `datasets` folder."""

from dataclasses import replace
from pathlib import Path

from rung.core.errors import BadOption, NoSuchFile
from rung.core.types import Finding
from rung.data.classes import read_classes
from rung.data.files import WANTED, kind_of, read_file, stem_of
from rung.data.hub import is_saved, read_saved
from rung.data.loaded import Loaded


def read_folder(folder: Path) -> Loaded:
    """train.* and, where it is there, test.*; or images or sounds (see rung.data.classes).

    Other splits (dev, validation) are left out and said. Raises NoSuchFile without any of these, BadOption for two
    train.* files or for images beside sounds.
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
        classes = read_classes(folder)
        if classes is None:
            raise _no_train(folder)
        return classes
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
    return Loaded(train.frame, test.frame if test else None, tuple(findings), train.target)


def _no_train(folder: Path) -> NoSuchFile:
    names = ", ".join(sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))[:8]) or "nothing"
    return NoSuchFile(
        f"folder {folder.name}",
        wanted=f"train.* ending in {WANTED}, or images or sounds in a folder a class",
        got=names,
        fix="Or name one file.",
    )
