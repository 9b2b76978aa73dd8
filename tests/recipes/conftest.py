"""Backbones to choose among, without a model."""

from dataclasses import replace

import pytest

from rung.core.errors import MissingExtra, NoBackbone
from rung.testing.fakes import FakeEmbedder


def fake(width, **facts):
    embedder = FakeEmbedder(width=width)
    embedder.card = replace(embedder.card, **facts)
    return embedder


@pytest.fixture
def shelf(monkeypatch):
    """Backbones by name: `wide` tells words apart, `narrow` hardly, the others can't be taken."""
    known = {
        "narrow": fake(2, size_bytes=10_000_000),
        "wide": fake(64, size_bytes=200_000_000),
        "bound": fake(64, licence="CC-BY-NC-4.0"),
        "seeing": fake(64, modality="image"),
    }
    asked = []
    for name, embedder in known.items():
        embedder.card = replace(embedder.card, id=name)
    known["make"] = fake

    def load(name, **_):
        asked.append(name)
        if name == "missing":
            raise MissingExtra("onnxruntime", wanted="it", got="none", fix='pip install "rung[onnx]"')
        if name not in known:
            raise NoBackbone(f"backbone {name}", wanted="a folder", got="nothing")
        return known[name]

    monkeypatch.setattr("rung.recipes.choice.load_backbone", load)
    monkeypatch.setattr("rung.backbones.load.load", lambda name, **_: known[name])  # for a bundle
    known["asked"] = asked
    return known
