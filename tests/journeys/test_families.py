"""Every family of backbones walks the whole job: frozen rung, bundle, and the same predictions in a fresh process."""

import json
import subprocess
import sys

import numpy as np
import pytest

import rung
from rung.backbones.catalog import families
from rung.testing.toys import tiny

pytestmark = pytest.mark.journey
FAMILIES = list(families())

AGAIN = """
import json, sys
import numpy as np
import rung
for folder in sys.argv[1:]:
    run = rung.load(folder)
    texts = json.load(open(folder + "/../texts.json"))
    np.save(folder + "/again.npy", run.predict_proba(texts))
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory, paragraphs):
    place = tmp_path_factory.mktemp("families")
    table = paragraphs.group_by("label", maintain_order=True).head(40)
    texts = table["text"][:30].to_list()
    (place / "texts.json").write_text(json.dumps(texts))
    found = {}
    for family in FAMILIES:
        folder = tiny(family, place / "models" / family)
        run = rung.fit(table, target="label", backbone=str(folder), rungs="frozen", out=place / family)
        found[family] = run, run.predict_proba(texts)
    subprocess.run([sys.executable, "-c", AGAIN, *[str(run.path) for run, _ in found.values()]], check=True)
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tiny_backbone_of_each_family_predicts_alike_in_a_fresh_process(runs, family):
    run, before = runs[family]
    assert run.evidence.winner == "frozen"
    again = np.load(run.path / "again.npy")
    assert np.array_equal(before, again) or np.abs(before - again).max() < 1e-5
