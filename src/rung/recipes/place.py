"""Where a run goes: the folder that was named, or runs/NAME with the first number that is free."""

import re
from itertools import chain, count
from pathlib import Path

from rung.core.errors import FolderInUse


def run_folder(out: str | Path | None, name: str, *, resume: bool) -> Path:
    """The folder to write to; with `resume` one that is there already. Raises FolderInUse."""
    if out is not None:
        folder = Path(out)
        if resume or not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return folder
        unfinished = (folder / "state").is_dir()
        fix = "Add --resume to go on with it, or choose another -o." if unfinished else "Choose another -o."
        raise FolderInUse(f"folder {folder}", wanted="a new or empty one", got="one in use", fix=fix)
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "run"
    first = Path("runs") / stem
    last = first
    for folder in chain([first], (first.with_name(f"{stem}-{i}") for i in count(2))):
        if not folder.exists():
            return last if resume else folder
        last = folder
    raise AssertionError("numbers do not end")
