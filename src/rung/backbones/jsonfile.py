"""Settings files of a backbone folder: what they hold, or the reason why they can't be read."""

import json
from pathlib import Path
from typing import Any

from rung.core.errors import NoBackbone


def read_object(folder: Path, name: str) -> dict[str, Any]:
    """One JSON object; {} when there is no such file. Raises NoBackbone when it holds anything else."""
    found = _read(folder / name)
    if not isinstance(found, dict | None):
        raise NoBackbone(f"{folder / name}", wanted="a JSON object", got=type(found).__name__)
    return found or {}


def read_objects(folder: Path, name: str) -> list[dict[str, Any]]:
    """A JSON list of objects; [] when there is no such file. Raises NoBackbone when it holds anything else."""
    found = _read(folder / name)
    if found is not None and not (isinstance(found, list) and all(isinstance(each, dict) for each in found)):
        raise NoBackbone(f"{folder / name}", wanted="a JSON list of objects", got=type(found).__name__)
    return found or []


def _read(path: Path) -> Any:
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # bad JSON and bad UTF-8 both
        raise NoBackbone(f"{path}", wanted="JSON", got=f"{error}", fix="Fetch the folder again.") from error
