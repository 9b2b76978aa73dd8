"""What every test stands on: an embedding cache of its own, no network, one thread, one kind of chance."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

THREADS = os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["NO_COLOR"] = "1"
os.environ["COLUMNS"] = "100"

_CACHE = TemporaryDirectory(prefix="rung-tests-", ignore_cleanup_errors=True)
os.environ["RUNG_CACHE"] = _CACHE.name  # before any room can read it; subprocesses inherit it

settings.register_profile(
    "rung",
    deadline=None,
    derandomize=True,
    max_examples=30,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("rung")

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items):
    """The long files first: at the end no process waits for another that has a whole journey left."""
    items.sort(key=lambda item: "journeys" not in item.path.parts)


@pytest.fixture(autouse=True)
def one_thread():
    """torch takes its threads from the environment only when it is loaded after it was set."""
    if (torch := sys.modules.get("torch")) and torch.get_num_threads() != int(THREADS):
        torch.set_num_threads(int(THREADS))


@pytest.fixture(scope="session")
def shared():
    """Real data sets and weights, in the folder `shared` beside the checkout or beside one of its parents."""
    for folder in ROOT.parents:
        if (folder / "shared").is_dir():
            return folder / "shared"
    pytest.skip("no folder `shared` with real data beside the checkout")


@pytest.fixture(scope="session")
def stand_in():
    """Put an honest fake backbone under the recipes: instant, and something can be learnt from it."""

    def put(patch):
        from rung.testing.fakes import FakeEmbedder

        embedder = FakeEmbedder()
        patch.setattr("rung.recipes.choice.load_backbone", lambda *_, **__: embedder)
        patch.setattr("rung.backbones.load.load", lambda *_, **__: embedder)
        return embedder

    return put


@pytest.fixture
def fake(monkeypatch, stand_in):
    """Recipes on the stand-in, for one test."""
    return stand_in(monkeypatch)


@pytest.fixture(scope="session")
def paragraphs():
    """Real text: 320 paragraphs of four subpackages."""
    import polars as pl

    from rung.data.docstrings import collect

    table = collect().select("text", "label")
    labels = table["label"].value_counts().sort("count", "label", descending=True)["label"][:4]
    kept = table.filter(pl.col("label").is_in(labels.implode())).unique("text", keep="first", maintain_order=True)
    return kept.group_by("label", maintain_order=True).head(80)
