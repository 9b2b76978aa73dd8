"""Recipes run on an honest fake backbone: instant, and something can be learnt from it."""

import polars as pl
import pytest

from rung.data.docstrings import collect
from rung.testing.fakes import FakeEmbedder


@pytest.fixture
def fake(monkeypatch):
    embedder = FakeEmbedder()
    monkeypatch.setattr("rung.recipes.fit.load_backbone", lambda *_, **__: embedder)
    monkeypatch.setattr("rung.predict.torch.load_backbone", lambda *_, **__: embedder)
    return embedder


@pytest.fixture(scope="session")
def paragraphs():
    """Real text: 320 paragraphs of four subpackages."""
    table = collect().select("text", "label")
    labels = table["label"].value_counts().sort("count", "label", descending=True)["label"][:4]
    kept = table.filter(pl.col("label").is_in(labels.implode())).unique("text", keep="first", maintain_order=True)
    return kept.group_by("label", maintain_order=True).head(80)
