"""Every family of backbones walks the whole job: frozen rung, bundle, and the same predictions in a fresh process."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import soundfile

import rung
from rung.backbones.catalog import families
from rung.testing import curves
from rung.testing.senses import RATE, noises, pictures, tiny_sense
from rung.testing.toys import tiny

pytestmark = pytest.mark.journey
TEXTS = [name for name, known in families().items() if known.modality == "text"]
SENSES = ["resnet", "mobilenet_v2", "vit", "swin", "wav2vec2", "whisper", "clap", "yamnet"]  # bench/families.py has all

AGAIN = """
import json, sys
import numpy as np
import rung
for folder in sys.argv[1:]:
    run = rung.load(folder)
    rows = json.load(open(folder + "/../rows.json"))
    np.save(folder + "/again.npy", run.predict_proba(rows))
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory, paragraphs):
    place = tmp_path_factory.mktemp("families")
    table = paragraphs.group_by("label", maintain_order=True).head(20)
    texts = table["text"][:30].to_list()
    (place / "rows.json").write_text(json.dumps(texts))
    found = {}
    for family in TEXTS:
        folder = tiny(family, place / "models" / family)
        run = rung.fit(table, target="label", backbone=str(folder), rungs="frozen", out=place / family)
        found[family] = run, run.predict_proba(texts)
    subprocess.run([sys.executable, "-c", AGAIN, *[str(run.path) for run, _ in found.values()]], check=True)
    return found


@pytest.mark.parametrize("family", TEXTS)
def test_a_tiny_backbone_of_each_family_predicts_alike_in_a_fresh_process(runs, family):
    run, before = runs[family]
    assert run.evidence.winner == "frozen"
    again = np.load(run.path / "again.npy")
    assert np.array_equal(before, again) or np.abs(before - again).max() < 1e-5


@pytest.fixture(scope="module", params=["image", "audio"])
def seen(request, tmp_path_factory):
    """Each family of one modality, fitted on class folders of toys, and what a fresh process predicts."""
    place, kind_N = tmp_path_factory.mktemp(request.param), np.arange(48) % 2
    for i, item in enumerate(pictures(kind_N) if request.param == "image" else noises(kind_N)):
        folder = place / "data" / f"kind {kind_N[i]}"
        folder.mkdir(parents=True, exist_ok=True)
        if request.param == "image":
            item.image().save(folder / f"{i:02}.png")
        else:
            soundfile.write(folder / f"{i:02}.wav", item.clip().samples, RATE)
    rows = sorted(map(str, (place / "data").rglob("*.*")))[:12]
    (place / "rows.json").write_text(json.dumps(rows))
    found = {}
    for family in SENSES:
        if families()[family].modality == request.param:
            backbone = str(tiny_sense(family, place / "models" / family))
            run = rung.fit(place / "data", backbone=backbone, rungs="frozen", out=place / family)
            found[family] = run, run.predict_proba(rows)
    subprocess.run([sys.executable, "-c", AGAIN, *[str(run.path) for run, _ in found.values()]], check=True)
    return found


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Each family that reads series, fitted on toys, and what a fresh process predicts."""
    place, kind_N = tmp_path_factory.mktemp("series"), np.arange(48) % 2
    rows = [item.values().tolist() for item in curves.curves(kind_N, channels=2)]
    table = pl.DataFrame({"x": rows, "label": [f"kind {kind}" for kind in kind_N]})
    (place / "rows.json").write_text(json.dumps(rows[:12]))
    found = {}
    for family in curves.MAKES:
        backbone = str(curves.tiny_series(family, place / "models" / family))
        run = rung.fit(table, target="label", backbone=backbone, rungs="frozen", out=place / family)
        found[family] = run, run.predict_proba(rows[:12])
    subprocess.run([sys.executable, "-c", AGAIN, *[str(run.path) for run, _ in found.values()]], check=True)
    return found


@pytest.mark.parametrize("family", list(curves.MAKES))
def test_series_are_predicted_alike_in_a_fresh_process(followed, family):
    run, before = followed[family]
    assert run.evidence.winner == "frozen"
    assert np.abs(before - np.load(run.path / "again.npy")).max() < 1e-5


def test_images_and_sounds_are_predicted_alike_in_a_fresh_process(seen):
    assert any(run.evidence.winner == "frozen" for run, _ in seen.values())
    for family, (run, before) in seen.items():
        assert np.abs(before - np.load(run.path / "again.npy")).max() < 1e-5, family
