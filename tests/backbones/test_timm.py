"""timm's models, where torchvision and timm can be imported; a clear word where they can't."""

import importlib.util
import json

import huggingface_hub
import pytest
import torch
from safetensors.torch import save_file

import rung
from rung.backbones.huggingface import HuggingFace
from rung.backbones.source import locate
from rung.core.errors import MissingExtra
from rung.testing.checks_backbone import BATTERY
from rung.testing.senses import write_pictures

SMALL = {
    "vit_tiny_patch16_224": {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 3, "num_heads": 4},
    "convnext_atto": {},
    "regnety_002": {},  # which has no list of blocks
}
FRONT = {"input_size": [3, 32, 32], "mean": [0.5] * 3, "std": [0.5] * 3, "crop_pct": 0.875, "interpolation": "bicubic"}
HERE = all(importlib.util.find_spec(name) for name in ("timm", "torchvision"))
wanted = pytest.mark.skipif(not HERE, reason="timm and torchvision are not installed")


def written(folder, name, tensors, args=None):
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: each.contiguous() for key, each in tensors.items()}, folder / "model.safetensors")
    config = {"architecture": name, "num_classes": 5, "pretrained_cfg": FRONT, "model_args": args or {}}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Write a small model of timm's as its own folders are written."""

    def make(name):
        import timm

        torch.manual_seed(0)
        model = timm.create_model(name, num_classes=5, **SMALL[name]).eval()
        return written(tmp_path_factory.mktemp(name), name, model.state_dict(), SMALL[name]), model

    return make


@wanted
@pytest.mark.parametrize("check", BATTERY, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", SMALL)
def test_model_passes(small, name, check):
    if "block" in check.__name__ and name == "regnety_002":
        pytest.skip("it has no list of blocks, and says so")
    check(lambda folder: HuggingFace(locate(str(folder))), locate(str(small(name)[0])).folder)


@wanted
@pytest.mark.parametrize("name", SMALL)
def test_it_embeds_as_timm_does(small, name):
    folder, model = small(name)
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        mine = HuggingFace(locate(str(folder))).model(pixel_values=x).pooler_output.flatten(1)
        theirs = model.forward_head(model.forward_features(x), pre_logits=True)
    assert torch.allclose(mine, theirs, atol=1e-5)


@wanted
@pytest.mark.parametrize(("name", "rung_name"), [("convnext_atto", "partial"), ("regnety_002", "full")])
def test_it_is_trained_and_delivered(small, tmp_path, name, rung_name):
    data = write_pictures(tmp_path / "data", 60)
    setting = {f"{rung_name}.epochs": 1, f"{rung_name}.augment": "none"}
    run = rung.fit(data, backbone=str(small(name)[0]), rungs=rung_name, out=tmp_path / "run", set=setting)
    assert {step.name: step.status for step in run.evidence.rungs}[rung_name] in ("tried", "collapsed")
    assert len(rung.predict(run, data)) == 60


@pytest.mark.skipif(HERE, reason="timm and torchvision are installed")
@pytest.mark.parametrize("name", ["timm:convnext_atto", None])
def test_without_torchvision_the_extra_is_named(tmp_path, name):
    folder = written(tmp_path / "convnext", "convnext_atto", {"stem.0.weight": torch.zeros(2)})
    with pytest.raises(MissingExtra, match=r"rung\[timm\]"):
        locate(name or str(folder))


def test_a_plain_residual_net_of_timm_needs_neither(tmp_path, monkeypatch):
    """Its tensors are torchvision's; the hub is stood in for."""
    state = {"conv1.weight": torch.randn(4, 3, 7, 7) * 0.1}

    def norm(name, width):
        parts = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
        state.update({f"{name}.{part}": torch.full((width,), value) for part, value in parts.items()})

    norm("bn1", 4)
    for k in range(1, 5):
        for j in (1, 2):
            state[f"layer{k}.0.conv{j}.weight"] = torch.randn(4, 4, 3, 3) * 0.2
            norm(f"layer{k}.0.bn{j}", 4)
        if k > 1:
            state[f"layer{k}.0.downsample.0.weight"] = torch.randn(4, 4, 1, 1)
            norm(f"layer{k}.0.downsample.1", 4)
    folder = written(tmp_path / "abc123", "resnet18", state)
    asked = []
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda repo, **_: asked.append(repo) or str(folder))
    backbone = HuggingFace(locate("timm:resnet18.a1_in1k"))
    assert asked == ["timm/resnet18.a1_in1k"]
    assert (backbone.card.id, backbone.card.family) == ("timm:resnet18.a1_in1k@abc123", "resnet")
    with torch.no_grad():
        assert backbone.model(pixel_values=torch.zeros(1, 3, 64, 64)).pooler_output.shape == (1, 4, 1, 1)
