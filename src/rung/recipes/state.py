"""What an unfinished climb keeps: each finished rung, whole, so that nothing is done twice."""

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from safetensors.numpy import load

from rung.bundle.blend import Blended, fitted
from rung.bundle.io import whole_file, whole_folder, write, write_arrays
from rung.bundle.model import MEMBER, FittedModel, Parts
from rung.core.contracts import Note, Trial
from rung.core.errors import FolderInUse
from rung.core.evidence import RungEvidence
from rung.recipes.climb import Step

_EVIDENCE = TypeAdapter(RungEvidence)


class State:
    """Finished rungs under RUN/state, tied to one set of options and one table by `key`."""

    def __init__(self, run: Path, key: dict[str, Any]) -> None:
        self.folder = run / "state"
        self.key = sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()

    def open(self) -> None:
        """Start, or go on with, a climb here; raises FolderInUse when the kept one had other options or data."""
        path = self.folder / "key"
        if path.is_file():
            self.same(path.read_text(encoding="utf-8"))
        write(path, self.key.encode())

    def same(self, key: str) -> None:
        """Raise FolderInUse when `key` is that of other options or data."""
        if key != self.key:
            raise FolderInUse(
                f"run {self.folder.parent}",
                wanted="the options and data that it was started with",
                got="others",
                fix="Give the same ones, or start afresh in another folder with -o.",
            )

    def kept(self, name: str) -> Step | None:
        """Return the finished step of that rung, or None when it was not finished."""
        place = self.folder / name
        if not (place / "step.json").is_file():
            return None
        kept = json.loads((place / "step.json").read_text(encoding="utf-8"))
        arrays = load((place / "step.safetensors").read_bytes())
        trial = Trial(
            arrays["prediction"],
            kept["evidence"]["choice"],
            kept["evidence"]["trained"],
            arrays["train_rows"],
            arrays["train_prediction"],
            tuple(kept["evidence"]["notes"]),
        )
        evidence = _EVIDENCE.validate_python(kept["evidence"], strict=False)
        model = fitted(_parts_in(place, kept["model"]))
        if kept["first_fold"]:
            trial = replace(trial, model=model)
        return Step(evidence, trial, model)

    def keep(self, step: Step) -> None:
        """Write a finished step, atomically."""
        if step.trial is None or not isinstance(step.model, FittedModel | Blended):
            return
        parts = step.model.parts()
        arrays: dict[str, Any] = {
            "prediction": step.trial.prediction,
            "train_rows": step.trial.train_rows,
            "train_prediction": step.trial.train_prediction,
        }
        metas = {**parts.meta, "members": [member.meta for member in parts.members]}
        content = {"evidence": _EVIDENCE.dump_python(step.evidence, mode="json"), "model": metas}
        content["first_fold"] = step.trial.model is not None
        with whole_folder(self.folder / step.evidence.name) as place:
            _keep_parts(place, parts)
            for i, member in enumerate(parts.members):
                _keep_parts(place / f"{MEMBER}{i}", member)
            write_arrays(place / "step.safetensors", arrays)
            (place / "step.json").write_text(json.dumps(content), encoding="utf-8")

    def notebook(self) -> "Pages":
        """Where rungs write unfinished work."""
        return Pages(self.folder / "notes")

    def clear(self) -> None:
        """Forget: the run is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _keep_parts(place: Path, parts: Parts) -> None:
    (place / "files").mkdir(parents=True)
    for name, raw in parts.files.items():
        (place / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "files" / name).write_bytes(raw)
    write_arrays(place / "model.safetensors", parts.tensors)


def _parts_in(place: Path, meta: dict[str, Any]) -> Parts:
    own = place / "files"
    files = {path.relative_to(own).as_posix(): path.read_bytes() for path in own.rglob("*") if path.is_file()}
    members = tuple(_parts_in(place / f"{MEMBER}{i}", each) for i, each in enumerate(meta.get("members", ())))
    return Parts(meta, load((place / "model.safetensors").read_bytes()), files, members)


class Pages:
    """A notebook of safetensors files, one a note, facts in the file's head; written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _page(self, name: str) -> Path:
        return self._folder / f"{sha256(name.encode()).hexdigest()[:32]}.safetensors"

    def get(self, name: str) -> Note | None:
        """What was written under that name, or None."""
        page = self._page(name)
        if not page.is_file():
            return None
        raw = page.read_bytes()
        length = int.from_bytes(raw[:8], "little")
        facts = json.loads(json.loads(raw[8 : 8 + length])["__metadata__"]["facts"])
        return Note(load(raw), facts)

    def put(self, name: str, note: Note) -> None:
        """Write; replaces what was there. Raises DiskFull."""
        with whole_file(self._page(name)) as page:
            write_arrays(page, note.arrays, {"facts": json.dumps(note.facts, default=_plain)})

    def drop(self, name: str) -> None:
        """Forget, where there is something."""
        self._page(name).unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
