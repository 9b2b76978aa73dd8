"""Class names as prompts: what a paired checkpoint itself says of an image, as a head in a bundle."""

import numpy as np
import pytest
import torch
import transformers

import rung
from rung.adapt.prototypes import fit_prototypes
from rung.backbones.load import load
from rung.backbones.prompts import TEMPLATES
from rung.bundle.heads import CosineHead
from rung.core.types import Target, Task
from rung.testing.senses import pictures, tiny_sense, write_pictures
from rung.testing.toys import tiny

LABELS = ("a red card", "green stripes", "blue")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny CLIP with a tokenizer of its own."""
    place = tiny_sense("clip", tmp_path_factory.mktemp("clip"))
    words = transformers.AutoTokenizer.from_pretrained(tiny("bert", tmp_path_factory.mktemp("bert")))
    words.save_pretrained(place)
    return place


def test_the_head_says_what_the_pair_itself_says(folder):
    embedder = load(str(folder), precision="float32", cache=False, device="cpu")
    known = embedder.prompted(LABELS)
    items = pictures(np.arange(6) % 3)
    mine = CosineHead(known.projection_DP, known.class_PC, known.scale)(embedder(items))
    pair = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    pixels = processor(images=[item.image() for item in items], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        logits = []
        for label in LABELS:
            said = tokenizer(
                [each.format(label) for each in TEMPLATES], padding=True, truncation=True, return_tensors="pt"
            )
            out = pair(input_ids=said["input_ids"], attention_mask=said["attention_mask"], pixel_values=pixels)
            text = torch.nn.functional.normalize(out.text_embeds.mean(0), dim=0)
            logits.append(pair.logit_scale.exp() * out.image_embeds @ text)
    theirs = torch.softmax(torch.stack(logits, dim=1), dim=1).numpy()
    assert np.abs(mine - theirs).max() < 1e-4


def test_the_rung_climbs_and_is_skipped_where_there_is_no_text_side(folder, tmp_path):
    data = write_pictures(tmp_path / "data", 60)
    run = rung.fit(data, backbone=str(folder), max_rung="frozen", out=tmp_path / "run")
    found = {step.name: step for step in run.evidence.rungs}
    assert found["zero-shot"].status in ("tried", "collapsed")
    assert found["frozen"].status == "tried"  # its failure ends no climb
    vit = str(tiny_sense("vit", tmp_path / "vit"))
    other = rung.fit(data, backbone=vit, max_rung="frozen", out=tmp_path / "run2")
    assert "zero-shot" not in [step.name for step in other.evidence.rungs]
    named = rung.fit(data, backbone=vit, rungs="zero-shot", out=tmp_path / "run3")
    assert {step.name: step.why for step in named.evidence.rungs}["zero-shot"] == "the backbone has no text side"


def test_class_means_name_the_nearest_class():
    rng = np.random.default_rng(0)
    centre_CD = rng.normal(size=(4, 16)) * 3
    y = np.repeat(np.arange(4), 5)
    x = (centre_CD[y] + rng.normal(size=(20, 16)) + 7).astype(np.float32)
    head = fit_prototypes(Target(Task.MULTICLASS, y, ("a", "b", "c", "d")), x, 10.0)
    assert (head((centre_CD + 7).astype(np.float32)).argmax(1) == np.arange(4)).all()


def test_a_class_without_rows_is_never_named():
    y = np.array([0, 0, 1, 1])
    x = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    head = fit_prototypes(Target(Task.MULTICLASS, y, ("a", "b", "c")), x, 10.0)
    assert (head(x * 100)[:, 2] == 0).all()
