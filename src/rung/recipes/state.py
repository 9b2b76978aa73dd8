"""What an unfinished climb keeps: each finished rung, whole, so that nothing is done twice."""

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from safetensors.numpy import load, save

from rung.bundle.io import whole_folder, write
from rung.bundle.model import FittedModel, Parts
from rung.core.contracts import Trial
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
        tensors = {key.removeprefix("model."): value for key, value in arrays.items() if key.startswith("model.")}
        files = {path.name: path.read_bytes() for path in (place / "files").iterdir()}
        trial = Trial(
            arrays["prediction"],
            kept["evidence"]["choice"],
            kept["evidence"]["trained"],
            arrays["train_rows"],
            arrays["train_prediction"],
            tuple(kept["evidence"]["notes"]),
        )
        evidence = _EVIDENCE.validate_python(kept["evidence"], strict=False)
        return Step(evidence, trial, FittedModel.from_parts(Parts(kept["model"], tensors, files)))

    def keep(self, step: Step) -> None:
        """Write a finished step, atomically."""
        if step.trial is None or not isinstance(step.model, FittedModel):
            return
        parts = step.model.parts()
        arrays = {f"model.{name}": np.ascontiguousarray(tensor) for name, tensor in parts.tensors.items()}
        arrays["prediction"] = np.ascontiguousarray(step.trial.prediction)
        arrays["train_rows"] = np.ascontiguousarray(step.trial.train_rows)
        arrays["train_prediction"] = np.ascontiguousarray(step.trial.train_prediction)
        content = {"evidence": _EVIDENCE.dump_python(step.evidence, mode="json"), "model": parts.meta}
        with whole_folder(self.folder / step.evidence.name) as place:
            (place / "files").mkdir()
            for name, raw in parts.files.items():
                (place / "files" / name).write_bytes(raw)
            (place / "step.safetensors").write_bytes(save(arrays))
            (place / "step.json").write_text(json.dumps(content), encoding="utf-8")

    def clear(self) -> None:
        """Forget: the run is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)
