"""A fitted model in a notebook's arrays, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rung.bundle.model import FittedModel, Parts
from rung.core.contracts import Note


def model_note(model: FittedModel | None, facts: Mapping[str, Any], arrays: Mapping[str, Any] | None = None) -> Note:
    """`facts` and `arrays`, and the model beside them where there is one."""
    found = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    if model is None:
        return Note(found, {**facts, "model": None})
    parts = model.parts()
    found |= {f"model.{name}": np.ascontiguousarray(tensor) for name, tensor in parts.tensors.items()}
    found |= {f"file.{name}": np.frombuffer(raw, np.uint8) for name, raw in parts.files.items()}
    return Note(found, {**facts, "model": parts.meta})


def noted_model(note: Note) -> FittedModel:
    """Read back the model that model_note wrote, exactly."""
    tensors = {name.removeprefix("model."): array for name, array in note.arrays.items() if name.startswith("model.")}
    files = {
        name.removeprefix("file."): array.tobytes() for name, array in note.arrays.items() if name.startswith("file.")
    }
    return FittedModel.from_parts(Parts(note.facts["model"], tensors, files))
